"""Names: those that we give, and those that we are given."""

import re
import unicodedata
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imagehost.errors import NotFound
from imagehost.services import images
from tests.conftest import SMALL, as_upload, uploaded
from tests.rows import add_rows, assert_counts_are_right
from tests.services.test_listing import START

ANY_TEXT = st.text(st.characters(exclude_categories=[]), max_size=400)


def test_a_name_cannot_be_guessed():
    names = {images.new_name() for _ in range(1000)}
    assert len(names) == 1000
    assert all(re.fullmatch(r"[a-z0-9]{16}", name) for name in names)
    assert set("".join(names)) == set(images.NAME_LETTERS)
    assert len(images.NAME_LETTERS) ** images.NAME_LENGTH >= 2**80


@settings(derandomize=True, database=None, max_examples=300, deadline=None)
@given(ANY_TEXT)
def test_an_original_name_is_text_that_all_can_hold(name):
    kept = images.clean_name(name)
    assert len(kept) <= images.LONGEST_ORIGINAL_NAME
    assert not {unicodedata.category(letter) for letter in kept} & {"Cc", "Cs"}
    assert kept.encode().decode() == kept
    assert images.clean_name(kept) == kept


@settings(derandomize=True, database=None, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=images.LONGEST_ORIGINAL_NAME))
def test_nothing_else_is_taken_from_a_name(name):
    assert images.clean_name(name) == name


def test_any_name_comes_back_from_the_database(app, client):
    images_sent = {}
    for name in ("Grüße 写真 🐈", "\U0010ffff\ufdd0", "'; DROP TABLE images; --", "%s {} $1", "\u202e"):
        images_sent[uploaded(client, name=f"{name}.jpg")["filename"]] = f"{name}.jpg"
    with app.app_context():
        assert {name: images.find(name).original_name for name in images_sent} == images_sent


@pytest.mark.parametrize("image_id", [-1, 0, 2, 2**31 - 1, 2**31, 2**64, 10**30])
def test_an_id_that_is_none_is_not_found(app, image_id):
    add_rows(app, [START])
    with app.app_context():
        with pytest.raises(NotFound):
            images.delete(image_id)
        assert_counts_are_right()


def test_two_images_never_share_a_name(app, client):
    """A name that is taken, which no one will ever see, is a fault, and the first image stays whole."""
    with mock.patch.object(images, "new_name", return_value="a" * 16):
        first = uploaded(client)
        assert client.post("/upload", data=as_upload(SMALL)).status_code == 500
    assert client.get(first["url"]).status_code == 200
    assert client.get("/images-list").json["pagination"]["total_items"] == 1
