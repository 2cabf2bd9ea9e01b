"""The table of an export can be read back, and contains no formulas."""

import csv

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imagehost.operations.exporting import sheet
from imagehost.operations.exporting.sheet import guarded, unguarded


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("photo.jpg", "photo.jpg"),
        ("=1+1.jpg", "'=1+1.jpg"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\uff1d1", "'\uff1d1"),
        (' "=1', "' \"=1"),
        ("'quoted'", "''quoted'"),
        ("a;=cmd|' /C calc'!A0", "a;'=cmd|' /C calc'!A0"),
        ('a;"=1";b', 'a;\'"=1";b'),
        ("a=b;c-d", "a=b;c-d"),
        ("", ""),
    ],
)
def test_nothing_is_taken_for_a_formula(text, written):
    assert guarded(text) == written
    assert unguarded(written) == text


@settings(derandomize=True, database=None, deadline=None)
@given(st.text(st.sampled_from("'=+-@; \"a,\uff1d"), max_size=12) | st.text())
def test_guarded_texts_can_be_restored(text):
    assert unguarded(guarded(text)) == text


@settings(derandomize=True, database=None, deadline=None)
@given(st.text(st.sampled_from("'=+-@; \"a,\n"), max_size=12))
def test_no_cell_of_any_language_begins_as_a_formula_does(tmp_path_factory, text):
    folder = tmp_path_factory.mktemp("sheet")
    with sheet.writing(folder, ["name"]) as write:
        write([text])
    content = (folder / sheet.TABLE_FILE).read_bytes().decode()
    for delimiter in ",;":
        for row in csv.reader(content.splitlines(), delimiter=delimiter):
            assert not [cell for cell in row if cell.strip(' "').startswith(("=", "+", "-", "@"))]


def test_it_is_written_after_rfc_4180(tmp_path):
    with sheet.writing(tmp_path, ["a", "b"]) as write:
        write(['say "hi", please', 1])
        assert not (tmp_path / sheet.TABLE_FILE).exists()
    assert (tmp_path / sheet.TABLE_FILE).read_bytes() == b'a,b\r\n"say ""hi"", please",1\r\n'
    assert [path.name for path in tmp_path.iterdir()] == ["images.csv"]


def test_an_incomplete_table_does_not_replace_the_earlier_one(tmp_path):
    (tmp_path / sheet.TABLE_FILE).write_text("before")

    def write_half() -> None:
        with sheet.writing(tmp_path, ["a"]) as write:
            write([1])
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_half()
    assert (tmp_path / sheet.TABLE_FILE).read_text() == "before"
