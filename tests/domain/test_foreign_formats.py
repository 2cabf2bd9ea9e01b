"""Files of other formats are named by their first bytes; images of allowed formats are not."""

import time

import pytest

from imagehost.domain import foreign_formats, kinds
from imagehost.domain.foreign_formats import DISALLOWED_FORMATS, FOREIGN_FORMATS, recognise
from tests import pictures
from tests.foreign import HOSTILE, SAMPLES, UNKNOWN

EACH = [(what, number) for what, samples in SAMPLES.items() for number in range(len(samples))]
MOST_SECONDS = 0.2


def named(head: bytes) -> str | None:
    found = recognise(head[: kinds.HEAD_SIZE])
    return found and str(found.what)


@pytest.mark.parametrize(("what", "number"), EACH)
def test_a_file_is_named_by_its_first_bytes(what, number):
    assert named(SAMPLES[what][number]) == what


def test_each_format_has_a_sample():
    assert {str(found.what) for found in FOREIGN_FORMATS} <= SAMPLES.keys()


@pytest.mark.parametrize("kind", pictures.MAKE)
def test_a_format_that_is_not_allowed_is_named_too(kind):
    assert named(pictures.MAKE[kind]()) == DISALLOWED_FORMATS[kind].what


@pytest.mark.parametrize("name", UNKNOWN)
def test_other_files_have_no_name(name):
    assert named(UNKNOWN[name]) is None


@pytest.mark.parametrize(("what", "number"), EACH)
def test_allowed_pictures_are_never_recognised_as_another_format(what, number):
    kind = kinds.kind_of_bytes(SAMPLES[what][number])
    assert kind is None or DISALLOWED_FORMATS[kind].what == what


@pytest.mark.parametrize(("what", "number"), EACH)
def test_a_shorter_beginning_gets_the_same_name_a_more_general_one_or_no_name(what, number):
    head = SAMPLES[what][number][:600]
    wider = {
        "an MP4 video",
        "a MOV video",
        "a HEIF picture",
        "a TIFF picture",
        "a ZIP archive",
        "a Matroska video",
    }
    assert {named(head[:length]) for length in range(len(head))} - {what, None} <= wider


@pytest.mark.parametrize("name", HOSTILE)
def test_no_file_makes_it_slow(name):
    head = HOSTILE[name][: kinds.HEAD_SIZE]
    before = time.process_time()
    recognise(head)
    assert time.process_time() - before < MOST_SECONDS


@pytest.mark.parametrize(
    "found", [*DISALLOWED_FORMATS.values(), *FOREIGN_FORMATS], ids=lambda found: str(found.what)
)
def test_signatures_use_only_syntax_that_python_and_javascript_share(found):
    source = found.signature
    assert source.startswith("^")
    assert source.isascii()
    for different in ("(?<", "(?P", "(?i", "(?s", r"\s]", r"\A", r"\Z", r"\b", "$", r"\d"):
        assert different not in source.replace(r"[\s\S]", "")


def test_every_advice_is_a_sentence():
    for found in [*DISALLOWED_FORMATS.values(), *foreign_formats.FOREIGN_FORMATS]:
        assert str(found.advice).endswith(".")
