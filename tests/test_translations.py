"""All texts are translated, and can be formatted outside of a request."""

import ast
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from imagehost.domain.errors import ImageHostError, Refused
from imagehost.settings.reader import ROOT
from imagehost.web import languages, messages
from imagehost.web.errors import BadRequest
from tests.sentences import ERRORS

CATALOGUES = [path.relative_to(ROOT) for path in sorted(ROOT.glob("imagehost/translations/*/*/messages.po"))]
EACH_CATALOGUE = pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parts[-3])
PLACEHOLDER = re.compile(r"%\(\w+\)\w|%%|\{\w+\}")


def test_no_error_is_left_out():
    told = {type(error) for error, _, _ in ERRORS}
    assert set(messages.TABLE) - told == {BadRequest}


def test_each_error_has_a_status_and_a_sentence():
    waiting, known = [ImageHostError], set()
    while waiting:
        waiting += (found := waiting.pop()).__subclasses__()
        known.add(found)
    assert known - set(messages.TABLE) == {ImageHostError, Refused}


@pytest.mark.parametrize(("error", "english"), [(error, english) for error, english, _ in ERRORS])
def test_without_a_request_it_is_english(error, english):
    assert messages.sentence_in_english(error) == english


def test_each_compiled_language_is_offered():
    assert ("en", *(path.parts[-3] for path in CATALOGUES)) == languages.LANGUAGES
    stale = [path for path in CATALOGUES if mtime(path.with_suffix(".mo")) < mtime(path)]
    assert not stale, "run the tests with make test, or make these before"


def mtime(path: Path) -> float:
    return (ROOT / path).stat().st_mtime


@pytest.fixture(scope="module")
def updated(tmp_path_factory) -> Path:
    """Return a copy of the project after ``make messages``."""
    copy, venv = tmp_path_factory.mktemp("copy"), Path(sys.prefix)
    for folder in ("imagehost", "templates"):
        shutil.copytree(ROOT / folder, copy / folder)
    for name in ("Makefile", "babel.cfg"):
        shutil.copy(ROOT / name, copy)
    command = ["make", f"--old-file={venv}/dev.stamp", f"VENV={venv}", "messages"]
    subprocess.run(command, cwd=copy, check=True, capture_output=True)
    return copy


def entries(path: Path) -> list[tuple[list[str], list[str], bool]]:
    """Return English and translation of each text in a catalogue, with plurals, and whether it is fuzzy."""
    with path.open("rb") as file:
        messages = [message for message in read_po(file) if message.id]
    return [(as_list(message.id), as_list(message.string), message.fuzzy) for message in messages]


def as_list(text: str | tuple[str, ...]) -> list[str]:
    return [text] if isinstance(text, str) else list(text)


@EACH_CATALOGUE
def test_the_catalogue_has_all_texts_of_the_code(updated, path):
    sentences = {tuple(english) for english, _, _ in entries(ROOT / path)}
    assert sentences == {tuple(english) for english, _, _ in entries(updated / path)}, "run make messages"
    assert (ROOT / path).read_text() == (updated / path).read_text(), "run make messages"


@EACH_CATALOGUE
def test_every_sentence_is_translated(updated, path):
    found = entries(updated / path)
    assert len(found) > 100
    assert [english for english, told, fuzzy in found if fuzzy or not all(told)] == []


@EACH_CATALOGUE
def test_placeholders_are_those_of_the_sentence(updated, path):
    for english, told, _ in entries(updated / path):
        for text in filter(None, told):
            # A singular may contain "one" instead of the number that the plural needs.
            allowed = [set(PLACEHOLDER.findall(form_)) for form_ in english]
            assert set(PLACEHOLDER.findall(text)) in (allowed if text is not told[-1] else allowed[-1:]), text


def test_a_reason_is_written_out_where_it_is_given():
    """Only literals are collected. Text that is put together would stay English."""
    for path in sorted((ROOT / "imagehost").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            name = ast.unparse(node.func).split(".")[-1] if isinstance(node, ast.Call) else ""
            if name in {"Malformed", "DamagedImage", "TooManyParts"}:
                reason = node.args[-1]
                assert isinstance(reason, ast.Constant) or ast.unparse(reason) == "str(error)", path
