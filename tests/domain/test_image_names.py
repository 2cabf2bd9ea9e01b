"""Names of images: generated names, and names from requests."""

import re
import unicodedata

from hypothesis import given, settings
from hypothesis import strategies as st

from imagehost.domain import image_names

ANY_TEXT = st.text(st.characters(exclude_categories=[]), max_size=400)


def test_a_name_cannot_be_guessed():
    names = {image_names.new_name() for _ in range(1000)}
    assert len(names) == 1000
    assert all(re.fullmatch(r"[a-z0-9]{16}", name) for name in names)
    assert set("".join(names)) == set(image_names.NAME_LETTERS)
    assert len(image_names.NAME_LETTERS) ** image_names.NAME_LENGTH >= 2**80


@settings(derandomize=True, database=None, max_examples=300, deadline=None)
@given(ANY_TEXT)
def test_an_original_name_is_text_that_all_can_hold(name):
    kept = image_names.clean_name(name)
    assert len(kept) <= image_names.LONGEST_ORIGINAL_NAME
    assert not {unicodedata.category(letter) for letter in kept} & {"Cc", "Cs"}
    assert kept.encode().decode() == kept
    assert image_names.clean_name(kept) == kept


@settings(derandomize=True, database=None, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=image_names.LONGEST_ORIGINAL_NAME))
def test_nothing_else_is_taken_from_a_name(name):
    assert image_names.clean_name(name) == name
