"""The files that nginx serves from the disk have the same headers as the answers of the application."""

import gzip
import re
import shutil

import pytest
import requests

from imagehost.domain import kinds
from tests import pictures
from tests.system.nginx import Host, Nginx, ask
from tests.system.server import wait_until

PHOTO = pictures.jpg(1600, 1067)
OLD_RELEASE = "a" * 16
DIFFERENT = {"Server", "Date", "Connection", "ETag", "Last-Modified", "X-Request-ID", "Content-Disposition"}
"""Headers that may, or must, be different with nginx."""


@pytest.fixture(scope="module")
def image(host: Host) -> dict[str, object]:
    """Upload an image, and request all its renditions."""
    uploaded = host.upload(PHOTO, "Urlaub am Meer.jpg")
    for path in paths(uploaded["filename"]).values():
        assert requests.get(host.url + path, timeout=60).status_code == 200
    return uploaded


def paths(filename: str) -> dict[str, str]:
    return {
        "image": f"/images/{filename}",
        "thumbnail": f"/thumbnails/{filename}.webp",
        "preview": f"/previews/720/{filename}.webp",
    }


KINDS = pytest.mark.parametrize("kind", ["image", "thumbnail", "preview"])


def get(url: str, **headers: str) -> requests.Response:
    return requests.get(url, headers={"Accept-Encoding": "gzip", **headers}, timeout=30)


def comparable(answer: requests.Response) -> dict[str, str]:
    """Return the headers that must be equal.

    The application sends Vary with pictures, although it never compresses them.
    """
    headers = {name: value for name, value in answer.headers.items() if name not in DIFFERENT}
    if answer.headers["Content-Type"].startswith("image/"):
        headers.pop("Vary", None)
    headers["Content-Type"] = headers["Content-Type"].replace('"', "")
    return headers


@pytest.mark.parametrize("kind", kinds.KINDS.values(), ids=lambda kind: kind.extension)
@pytest.mark.usefixtures("image")
def test_every_format_has_its_type(host, kind):
    name = f"zz00.{kind.extension}"
    path = host.images / "zz" / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"picture")
    answer = get(f"{host.url}/images/{name}")
    path.unlink()
    assert answer.headers["Content-Type"] == kind.mime_type
    assert host.served_from_disk(answer)


def test_without_the_types_of_images_the_application_sends_them(host, image, tmp_path):
    settings = {"IMAGES_DIR": host.images, "WEB_SERVER_START_PORT": host.backends[0].port}
    with Nginx(tmp_path, ASSETS_DIR=tmp_path / "assets", **settings) as nginx:
        for path in paths(image["filename"]).values():
            ours, theirs = get(nginx.url + path), get(host.backends[0].url + path)
            assert comparable(ours) == comparable(theirs)
            assert ours.content == theirs.content


@KINDS
def test_bytes_have_the_headers_that_the_application_gives_them(host, image, kind):
    path = paths(image["filename"])[kind]
    ours, theirs = get(host.url + path), get(host.backends[0].url + path)
    assert host.served_from_disk(ours)
    assert comparable(ours) == comparable(theirs)
    assert ours.content == theirs.content
    assert ours.headers["ETag"].startswith('"')
    assert "Last-Modified" in ours.headers


@pytest.mark.parametrize(("allowed", "said"), [("false", "noindex"), ("Yes", None)])
def test_search_engines_are_told_whether_to_keep_an_image(host, image, tmp_path, allowed, said):
    settings = {"IMAGES_DIR": host.images, "ASSETS_DIR": host.folder / "assets", "ALLOW_INDEXING": allowed}
    with Nginx(tmp_path, WEB_SERVER_START_PORT=1, **settings) as nginx:
        for path in paths(image["filename"]).values():
            answer = get(nginx.url + path)
            assert (answer.status_code, answer.headers.get("X-Robots-Tag")) == (200, said)


def test_static_files_have_the_headers_that_the_application_gives_them(host):
    names = re.findall(r'(?:src|href)="(/static/[^"]+)"', get(host.url, Accept="text/html").text)
    assert len(names) > 10
    for path in [*names, "/favicon.ico"]:
        ours, theirs = get(host.url + path), get(host.backends[0].url + path)
        assert host.served_from_disk(ours)
        # nginx also sends parts of files, and compresses by itself.
        for answer in (ours, theirs):
            for name in ("Accept-Ranges", "Content-Length"):
                answer.headers.pop(name, None)
        assert comparable(ours) == comparable(theirs)
        assert ours.content == theirs.content


def test_a_static_file_is_compressed_only_for_clients_that_accept_it(host):
    path = re.search(r'href="(/static/[^"]+\.css)"', get(host.url, Accept="text/html").text)[1]
    plain = requests.get(host.url + path, headers={"Accept-Encoding": "identity"}, timeout=30)
    with requests.get(
        host.url + path, headers={"Accept-Encoding": "gzip"}, stream=True, timeout=30
    ) as packed:
        assert packed.headers["Content-Encoding"] == "gzip"
        assert gzip.decompress(packed.raw.read()) == plain.content
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Vary"] == plain.headers["Vary"] == "Accept-Encoding"


def test_a_static_file_of_another_release_is_the_applications_to_refuse(host):
    answer = get(f"{host.url}/static/{'0' * 16}/app.css")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_a_file_of_an_older_release_is_still_served(host):
    old = host.folder / "assets" / "static" / OLD_RELEASE
    old.mkdir()
    (old / "app.css").write_text("body {}")
    answer = get(f"{host.url}/static/{old.name}/app.css")
    assert (answer.status_code, answer.text) == (200, "body {}")
    assert "immutable" in answer.headers["Cache-Control"]


def test_an_image_is_called_by_its_filename(host, image):
    disposition = get(host.url + paths(image["filename"])["image"]).headers["Content-Disposition"]
    assert disposition == f'inline; filename="{image["filename"]}"'


@KINDS
def test_a_part_is_given(host, image, kind):
    url = host.url + paths(image["filename"])[kind]
    whole = get(url).content
    for asked, part in [("bytes=0-9", whole[:10]), ("bytes=-7", whole[-7:]), ("bytes=0-", whole)]:
        answer = get(url, Range=asked)
        assert host.served_from_disk(answer)
        assert (answer.status_code, answer.content) == (206, part)
    answer = get(url, Range="bytes=10-19")
    assert (answer.status_code, answer.content) == (206, whole[10:20])
    assert answer.headers["Content-Range"] == f"bytes 10-19/{len(whole)}"


@KINDS
@pytest.mark.parametrize(
    ("header", "value", "status", "code"),
    [
        ("Range", "bytes=999999999-", 416, "requested_range_not_satisfiable"),
        ("Range", f"bytes=0-{'9' * 40}", 206, None),
        ("Range", "bytes=0-1,5-9", 200, None),
        ("Range", "lines=1-2", 200, None),
        ("If-Match", '"other"', 412, "precondition_failed"),
        ("If-Match", "bytes=0-", 412, "precondition_failed"),
        ("If-Unmodified-Since", "Thu, 01 Jan 1970 00:00:00 GMT", 200, None),
        ("If-Modified-Since", "Fri, 01 Jan 2100 00:00:00 GMT", 304, None),
        ("If-None-Match", "*", 304, None),
        ("If-None-Match", '"other"', 200, None),
    ],
)
def test_requests_that_nginx_cannot_answer_go_to_the_application(
    host, image, kind, header, value, status, code
):
    answer = get(host.url + paths(image["filename"])[kind], **{header: value})
    assert answer.status_code == status
    assert code is None or answer.json()["code"] == code
    assert_no_header_twice(host, paths(image["filename"])[kind], f"{header}: {value}")


def assert_no_header_twice(host: Host, path: str, line: str) -> None:
    """Assert that no header occurs twice, as it could if the application completed an answer of nginx."""
    answer = ask(host.nginx.port, f"GET {path} HTTP/1.1\r\nHost: x\r\n{line}".encode())
    names = [name.lower() for name, _ in answer.getheaders()]
    assert len(names) == len(set(names)), names


@KINDS
def test_a_client_that_has_the_file_gets_304(host, image, kind):
    url = host.url + paths(image["filename"])[kind]
    first = get(url)
    again = get(url, **{"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["Cache-Control"] == first.headers["Cache-Control"]
    assert get(url, **{"If-Modified-Since": first.headers["Last-Modified"]}).status_code == 304


@KINDS
def test_head_has_the_same_headers_without_the_bytes(host, image, kind):
    url = host.url + paths(image["filename"])[kind]
    head = requests.head(url, headers={"Accept-Encoding": "gzip"}, timeout=30)
    assert head.content == b""
    assert comparable(head) == comparable(get(url))


@KINDS
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_other_methods_are_the_applications_to_refuse(host, image, kind, method):
    answer = requests.request(method, host.url + paths(image["filename"])[kind], data=b"x" * 100, timeout=30)
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
    assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}


def test_the_backend_port_asks_the_application_for_everything(host, image):
    for path in paths(image["filename"]).values():
        answer = get(host.nginx.api_url + path)
        assert answer.status_code == 200
        assert not host.served_from_disk(answer)


def test_a_rendition_that_is_missing_is_made(host):
    image = host.upload(PHOTO)
    thumbnail = paths(image["filename"])["thumbnail"]
    first, second = get(host.url + thumbnail), get(host.url + thumbnail)
    assert not host.served_from_disk(first)
    assert host.served_from_disk(second)
    assert first.content == second.content


def test_a_deleted_image_is_gone_at_once(host):
    image = host.upload(PHOTO)
    for path in paths(image["filename"]).values():
        assert get(host.url + path).status_code == 200
        assert get(host.url + path).status_code == 200
    assert requests.delete(f"{host.url}/delete/{image['id']}", timeout=30).status_code == 200
    for path in paths(image["filename"]).values():
        answer = get(host.url + path)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_without_the_volume_images_come_from_the_application(host, image):
    """If nginx has no folder of images, it asks the application."""
    hidden = host.images.with_name("elsewhere")
    path = paths(image["filename"])["image"]
    shutil.move(host.images, hidden)
    try:
        answer = get(host.url + path)
        assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    finally:
        shutil.move(hidden, host.images)
    assert get(host.url + path).content == PHOTO


@pytest.mark.parametrize(
    "path",
    [
        "/images/.imagehost",
        "/images/../.imagehost",
        "/images/%2e%2e/.imagehost",
        "/images/..%2f.imagehost",
        "/images/%2e%2e%2f%2e%2e%2fetc/passwd",
        "/images//.imagehost",
        "/images/.renditions/{shard}/{name}.webp",
        "/images/{shard}/{name}",
        "/images/{shard}%2f{name}",
        "/images/.incoming/x",
        "/images/.locks/0",
        "/images/{name}/",
        "/images/{name}/..",
        "/images/{name}%0a",
        "/images/{name}%00",
        "/images/{name}.webp",
        "/images/",
        "/images",
        "/thumbnails/{name}",
        "/thumbnails/../{name}.webp",
        "/thumbnails/.{name}.webp",
        "/previews/../{name}.webp",
        "/previews/72/{name}.webp",
        "/static/",
        "/static/../errors/en/404.json",
        "/static/{release}/../../errors/en/404.json",
        "/static/{release}/%2e%2e/%2e%2e/errors/en/404.json",
        "/static/{release}/",
        "/static/{release}/js",
        "/static/{release}/.draft-x",
        "/errors/en/404.json",
        "/.error",
        "/.nowhere",
        "/assets/favicon.ico",
    ],
)
def test_no_other_file_is_served(host, image, path):
    releases = [folder.name for folder in (host.folder / "assets" / "static").iterdir()]
    release = next(name for name in releases if name != OLD_RELEASE)
    name = image["filename"]
    target = path.format(name=name, shard=name[:2], release=release)
    answer = ask(host.nginx.port, f"GET {target} HTTP/1.1\r\nHost: x".encode())
    assert answer.status in {400, 404}
    assert b'"status":"error"' in answer.body


@pytest.mark.parametrize("path", ["/images/%2e/{name}", "/images//{name}", "//images/{name}"])
def test_another_way_to_write_an_address_gives_the_image_or_nothing(host, image, path):
    answer = ask(host.nginx.port, f"GET {path.format(name=image['filename'])} HTTP/1.1\r\nHost: x".encode())
    assert (answer.status, answer.body == PHOTO) in {(200, True), (404, False)}


def test_a_log_of_errors_stays_empty(host, image):
    get(host.url + paths(image["filename"])["image"] + "x")
    wait_until(lambda: (host.folder / "logs" / "error.log").exists(), "there is no error.log")
    said = (host.folder / "logs" / "error.log").read_text().splitlines()
    # Some machines limit the number of nginx's connections.
    assert [line for line in said if "setrlimit" not in line] == []
