"""If the end marker is missing, and only then, the pixels of an upload are decoded, in a separate process."""

import pytest

from imagehost import imaging
from imagehost.imaging.renderer import PROCESS
from tests import hostile, pictures
from tests.applications import change_host
from tests.conftest import assert_error, stored_files, uploaded
from tests.forms import form, part

EOI = b"\xff\xd9"
PHOTO = pictures.jpg(1300, 867)
LARGE = pictures.encode(pictures.photo(2600, 1900), "jpg", quality=97)


@pytest.mark.parametrize("content", [PHOTO, LARGE], ids=["in memory", "on disk"])
def test_a_jpeg_without_end_marker_is_hosted_with_one(app, client, content):
    assert (len(LARGE) > 600_000) is (len(PHOTO) < 500_000)
    image = client.post("/upload", **form(part(content.removesuffix(EOI)))).json
    assert client.get(image["url"]).data == content
    assert client.get(image["thumbnail_url"]).status_code == 200


@pytest.mark.parametrize("content", [PHOTO, LARGE], ids=["in memory", "on disk"])
def test_a_jpeg_that_stops_half_way_is_refused(app, client, content):
    answer = client.post("/upload", **form(part(content[: len(content) * 3 // 5])))
    assert_error(answer, 422, "damaged_image", "it ends too early")
    assert stored_files(app) == []


def test_bytes_after_the_pixels_of_a_jpeg_without_end_marker_are_cut(client):
    image = uploaded(client, PHOTO.removesuffix(EOI) + b"at home, 52.5 N, 13.4 E" * 50)
    assert client.get(image["url"]).data == PHOTO


def test_a_complete_picture_is_not_decoded(client):
    before = PROCESS.jobs
    for kind, make in pictures.MAKE.items():
        uploaded(client, make(), f"a.{kind}")
    assert PROCESS.jobs == before


@pytest.mark.parametrize("make", [hostile.grey_jpeg, hostile.cmyk_jpeg])
def test_a_picture_of_too_many_scans_is_refused_without_decoding(app, client, make):
    before = PROCESS.jobs
    answer = client.post("/upload", **form(part(make())))
    assert_error(answer, 422, "too_much_work", "samples in all its scans")
    assert PROCESS.jobs == before
    assert stored_files(app) == []


class Busy(imaging.Renderer):
    def prove(self, *_: object) -> int:
        raise imaging.NotNow


def test_an_upload_that_cannot_be_decoded_now_gets_503(app, client):
    change_host(app, renderer=Busy())
    answer = client.post("/upload", **form(part(PHOTO.removesuffix(EOI))))
    assert_error(answer, 503, "unavailable", "busy")
    assert stored_files(app) == []
