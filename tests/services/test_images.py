"""Images are found and deleted by their names and ids."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from imagehost.domain.errors import NotFound
from imagehost.domain.policy import ANYBODY
from imagehost.services import image_rows, images
from tests import pictures
from tests.applications import change_host, host_of
from tests.conftest import ON_BOTH_DATABASES, SMALL, as_upload, stored_files, uploaded
from tests.formats import samples
from tests.rows import add_rows, assert_counts_are_right
from tests.services.test_lists import START

pytestmark = ON_BOTH_DATABASES


def test_any_name_comes_back_from_the_database(host, app, client):
    images_sent = {}
    for name in ("Grüße 写真 🐈", "\U0010ffff\ufdd0", "'; DROP TABLE images; --", "%s {} $1", "\u202e"):
        images_sent[uploaded(client, name=f"{name}.jpg")["filename"]] = f"{name}.jpg"
    with app.app_context():
        assert {
            name: images.find_image(host, ANYBODY, name).original_name for name in images_sent
        } == images_sent


@pytest.mark.parametrize("keep", [False, True])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_an_image_knows_how_it_is_turned(make_app, orientation, keep):
    app = make_app(KEEP_METADATA=keep)
    host = host_of(app)
    content = samples.saved(samples.photo(), "JPEG", exif=samples.exif(orientation))
    filename = uploaded(app.test_client(), content)["filename"]
    with app.app_context():
        image = images.find_image(host, ANYBODY, filename)
        assert (image.orientation, image.width, image.height) == (orientation, *samples.SMALL)
        with images.open_bytes(host, image) as stored:
            assert (stored.read() == content) is keep


@pytest.mark.parametrize("image_id", [-1, 0, 2, 2**31 - 1, 2**31, 2**64, 10**30])
def test_an_invalid_id_is_not_found(host, app, image_id):
    add_rows(app, [START])
    with app.app_context():
        with pytest.raises(NotFound):
            images.delete_image(host, ANYBODY, image_id)
        assert_counts_are_right(host)


@pytest.mark.parametrize("kind", ["jpg", "png", "gif"])
def test_two_images_of_any_types_never_share_a_name(app, client, kind):
    change_host(app, new_name=lambda: "a" * 16)
    first = uploaded(client)
    answer = client.post("/upload", data=as_upload(pictures.MAKE[kind]()))
    assert answer.status_code == 500
    assert client.get(first["url"]).data == SMALL
    assert [file.name for file in stored_files(app)] == [first["filename"]]
    assert client.get("/images-list").json["pagination"]["total_items"] == 1


def test_one_of_several_simultaneous_images_with_one_name_gets_it(host, app):
    """Several imports may choose the same name, on both databases. Each of these images has another type."""

    def add(kind: str) -> str:
        try:
            with app.app_context(), images.receive_upload(host) as incoming:
                incoming.write(pictures.MAKE[kind]())
                return images.add_image(host, ANYBODY, incoming, f"x.{kind}", public_name="b" * 16).filename
        except image_rows.NameTaken:
            return ""

    host_of(app).storage.initialise()
    with ThreadPoolExecutor(6) as pool:
        added = [name for name in pool.map(add, ["jpg", "png", "gif"] * 2) if name]
    assert len(added) == 1
    assert [file.name for file in stored_files(app)] == added
    with app.app_context():
        assert images.find_image(host, ANYBODY, "b" * 16).filename == added[0]
        assert_counts_are_right(host)


def test_two_images_never_share_a_name(app, client):
    """An existing name, which should never occur, is an error, and the first image is not changed."""
    change_host(app, new_name=lambda: "a" * 16)
    first = uploaded(client)
    assert client.post("/upload", data=as_upload(SMALL)).status_code == 500
    assert client.get(first["url"]).status_code == 200
    assert client.get("/images-list").json["pagination"]["total_items"] == 1
