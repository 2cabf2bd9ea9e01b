"""Finding and deleting images by their names and ids."""

from unittest import mock

import pytest

from imagehost.errors import NotFound
from imagehost.services import images, naming
from tests.conftest import SMALL, as_upload, uploaded
from tests.formats import samples
from tests.rows import add_rows, assert_counts_are_right
from tests.services.test_listing import START


def test_any_name_comes_back_from_the_database(app, client):
    images_sent = {}
    for name in ("Grüße 写真 🐈", "\U0010ffff\ufdd0", "'; DROP TABLE images; --", "%s {} $1", "\u202e"):
        images_sent[uploaded(client, name=f"{name}.jpg")["filename"]] = f"{name}.jpg"
    with app.app_context():
        assert {name: images.find(name).original_name for name in images_sent} == images_sent


@pytest.mark.parametrize("keep", [False, True])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_an_image_knows_how_it_is_turned(make_app, orientation, keep):
    app = make_app(KEEP_METADATA=keep)
    content = samples.saved(samples.photo(), "JPEG", exif=samples.exif(orientation))
    filename = uploaded(app.test_client(), content)["filename"]
    with app.app_context():
        image = images.find(filename)
        assert (image.orientation, image.width, image.height) == (orientation, *samples.SMALL)
        with images.open_bytes(image) as stored:
            assert (stored.read() == content) is keep


@pytest.mark.parametrize("image_id", [-1, 0, 2, 2**31 - 1, 2**31, 2**64, 10**30])
def test_an_id_that_is_none_is_not_found(app, image_id):
    add_rows(app, [START])
    with app.app_context():
        with pytest.raises(NotFound):
            images.delete(image_id)
        assert_counts_are_right()


def test_two_images_never_share_a_name(app, client):
    """A name that is taken, which no one will ever see, is a fault, and the first image stays whole."""
    with mock.patch.object(naming, "new_name", return_value="a" * 16):
        first = uploaded(client)
        assert client.post("/upload", data=as_upload(SMALL)).status_code == 500
    assert client.get(first["url"]).status_code == 200
    assert client.get("/images-list").json["pagination"]["total_items"] == 1
