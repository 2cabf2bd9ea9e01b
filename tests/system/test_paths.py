"""No address leads to a file that is not public, or to another host, with and without nginx."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import product
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from imagehost.web import assets
from tests import pictures
from tests.system.nginx import Answer, Host, ask
from tests.system.test_smuggling import PORTS

PHOTO = pictures.jpg(64, 48)
SECRET = b"known to nobody but this test"
HIDDEN = ("secret.txt", "images/secret.txt", "logs/secret.txt", "nginx/secret.txt", "assets/secret.txt")
IN_THE_STORAGE = (
    ".incoming",
    ".renditions",
    ".renditions/version-2",
    ".renditions/version-2/se",
    ".locks",
)
PREFIXES = {
    "root": "/",
    "images": "/images/",
    "images without a slash": "/images",
    "a folder of images": "/images/{shard}/",
    "an image": "/images/{name}/",
    "thumbnails": "/thumbnails/",
    "previews": "/previews/720/",
    "static": f"/static/{assets.release()}/",
    "static without a release": "/static/",
    "static without a slash": "/static",
    "the icon": "/favicon.ico/",
    "pages": "/view/",
    "the interface": "/api/upload/",
    "an address of a host": "http://127.0.0.1/images/",
    "a host of no name": "//127.0.0.1/images/",
}
UP = [
    *("../", "%2e%2e/", ".%2e/", "%2E./", "..%2f", "%2e%2e%2f", "..%2F/", "%252e%252e/", "%252e%252e%252f"),
    *(
        "..\\",
        "..%5c",
        "%2e%2e%5c",
        "..;/",
        "..;x=y/",
        "..%3b/",
        "..%00/",
        "%00../",
        "..%0a/",
        "..%09/",
        ".. /",
    ),
    *("%c0%ae%c0%ae/", "%c0%ae%c0%ae%c0%af", "..%c0%af", "%e0%80%ae%e0%80%ae/", "%uff0e%uff0e%u2215"),
    *(
        "%ef%bc%8e%ef%bc%8e/",
        "..%ef%bc%8f",
        "..%e2%88%95",
        "....//",
        "...//",
        "./../",
        "%2e/%2e%2e/",
        "//../",
    ),
    *(".\\./", "x/../../", "x%2f..%2f..%2f", "\xc0\xae\xc0\xae/"),
]
"""Parts of a path that some programs read as the parent folder."""
ENDS = ["secret.txt", "secret.txt%00.jpg", "secret.txt%00", "images/secret.txt", "etc/passwd"]
ODD = [
    *(
        "/images/.imagehost",
        "/images/.incoming/",
        "/images/.locks/",
        "/images/.renditions/",
        "/images/.deleted/",
    ),
    *("/images/.renditions/version-2/se/secret.txt", "/images/.renditions/version-2/{shard}/{name}.webp"),
    *("/images/%2eimagehost", "/images/.%69magehost", "/images//.imagehost", "/images/./.imagehost"),
    *(
        "/images/se/secret.txt",
        "/images/secret.txt",
        "/images/{shard}",
        "/images/{shard}/",
        "/images/",
        "/images",
    ),
    *("/images/{shard}/{name}", "/thumbnails/", "/thumbnails/{name}", "/thumbnails/.webp", "/previews/"),
    *(
        "/thumbnails/../images/.imagehost",
        "/thumbnails/{name}.webp/../../secret.txt",
        "/previews/..%2f720/{name}.webp",
    ),
    *(
        "/previews/0/{name}.webp",
        "/previews/-1/{name}.webp",
        "/previews/٧٢٠/{name}.webp",
        "/previews/720%2f{name}.webp",
    ),
    *(
        "/IMAGES/{name}",
        "/Images/{name}",
        "/images/{upper}",
        "/images/{name}/",
        "/images/{name}/.",
        "/images/{name}.",
    ),
    *(
        "/images/{name}%00",
        "/images/{name}%00.jpg",
        "/images/{name};x",
        "/images/{name};.css",
        "/images/{name}%3b",
    ),
    *("/images/{name}%20", "/images/{name}%0a", "/images/{name}%0d%0aX-Evil:%20x", "/images/{name}::$DATA"),
    *(
        "/images/{name}~",
        "/images/{name}.bak",
        "/images/{name}%3fx",
        "/images/*",
        "/images/{shard}*",
        "/images/{shard}?",
    ),
    *(
        "/images\\{name}",
        "/images%5c{name}",
        "\\images\\{name}",
    ),
    *(
        "/nginx/nginx.conf",
        "/nginx.conf",
        "/logs/app.log",
        "/app.log",
        "/secret.txt",
        "/key.pem",
        "/.env",
        "/.git/HEAD",
    ),
    *(
        "/wsgi.py",
        "/imagehost.db",
        "/instance/imagehost.db",
        "/backups/",
        "/errors/en/404.page",
        "/.error",
        "/@application",
    ),
    *(
        "/static/",
        "/static",
        "/static/errors/en/404.page",
        "/static/app.css/../../secret.txt",
        "/image_types.conf",
    ),
    *(
        "/.well-known/../secret.txt",
        "/server-status",
        "/nginx_status",
        "file:///etc/passwd",
        "/file:///etc/passwd",
    ),
    *(
        "http://127.0.0.1/secret.txt",
        "http://127.0.0.1/images/../secret.txt",
        "/" + "a/" * 2000,
        "/" + "../" * 2000,
    ),
]
PUBLIC = [
    *(
        "/images/{name}",
        "/images/{name}?x=/../secret.txt",
        "/images/{name}#x",
        "/./images/{name}",
        "/x/../images/{name}",
    ),
    *("/%69mages/{name}", "/images/%{first:x}{rest}", "/images/./{name}", "http://127.0.0.1/images/{name}"),
    *(
        "//images/{name}",
        "/images//{name}",
        "/images%2f{name}",
        "/images/x/../{name}",
        "/images/{name}/../{name}",
        "/images/%2f{name}",
        "/images/%2e%2f{name}",
    ),
]
"""Ways to write the address of the image. The answer is the image, or an error."""
ELSEWHERE = [
    *(
        "//evil.example",
        "//evil.example/",
        "//evil.example/images/{name}",
        "///evil.example",
        "////evil.example/upload",
    ),
    *(
        "/\\evil.example",
        "/%5cevil.example/upload",
        "/%2fevil.example/upload",
        "//evil.example/%2e%2e",
        "/.//evil.example",
    ),
    *(
        "//evil.example/..//images//{name}",
        "//evil.example//view/{name}",
        "/view//evil.example",
        "/upload//evil.example",
    ),
    *(
        "/%0d%0aLocation:%20http://evil.example",
        "/upload/%0d%0aLocation:%20http://evil.example",
        "//evil.example%2f..%2fupload",
    ),
    *(
        "/api//upload//evil.example",
        "//api//upload",
        "//images-list",
        "//upload",
        "/upload/",
        "/images-list/",
        "/api/upload//",
    ),
]
"""Addresses that an unsafe redirect would turn into the address of another host."""


@pytest.fixture(scope="module")
def image(host: Host) -> Iterator[str]:
    """Upload a picture beside files that must not be readable, and return its filename."""
    name = str(host.upload(PHOTO, "x.jpg")["filename"])
    hidden = [*HIDDEN, *(f"images/{folder}/secret.txt" for folder in IN_THE_STORAGE)]
    with existing([host.folder / path for path in hidden]):
        yield name


@contextmanager
def existing(paths: list[Path]) -> Iterator[None]:
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(SECRET)
    yield
    for path in paths:
        path.unlink()


@pytest.fixture(scope="module", params=PORTS)
def port(request: pytest.FixtureRequest, host: Host) -> int:
    return PORTS[request.param](host)


def got(port: int, targets: list[str], name: str) -> dict[str, Answer]:
    """Send requests with these targets, unchanged; return the answers."""
    facts = {"name": name, "shard": name[:2], "upper": name.upper(), "first": ord(name[0]), "rest": name[1:]}

    def get(target: str) -> Answer:
        line = f"GET {target.format(**facts)} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close"
        return ask(port, line.encode())

    with ThreadPoolExecutor(4) as pool:
        return dict(zip(targets, pool.map(get, targets), strict=True))


def assert_harmless(answers: dict[str, Answer], port: int) -> None:
    """Check that no answer has private data, adds a header, or redirects to another host."""
    broken = [target for target, answer in answers.items() if answer.status >= 500]
    told = [target for target, answer in answers.items() if SECRET in answer.body or b"root:" in answer.body]
    added = [target for target, answer in answers.items() if "X-Evil" in answer.headers]
    led = [
        target for target, answer in answers.items() if leads_away(answer.headers.get("Location", "/"), port)
    ]
    assert (broken, told, added, led) == ([], [], [], [])


def leads_away(location: str, port: int) -> bool:
    """Return whether a browser, which reads a backslash as a slash, would leave the host."""
    parts = urlsplit(location.replace("\\", "/"))
    return parts.scheme not in {"", "http"} or parts.netloc not in {"", "127.0.0.1", f"127.0.0.1:{port}"}


@pytest.mark.parametrize("prefix", PREFIXES)
def test_no_path_leads_to_a_parent_folder(port, image, prefix):
    targets = [PREFIXES[prefix] + up * times + end for up, times, end in product(UP, (1, 3), ENDS)]
    answers = got(port, targets, image)
    assert_harmless(answers, port)
    assert [target for target, answer in answers.items() if answer.status < 300] == []


def test_nothing_that_is_not_public_is_answered(port, image):
    answers = got(port, ODD, image)
    assert_harmless(answers, port)
    assert [target for target, answer in answers.items() if answer.status < 300] == []


def test_the_image_or_nothing_is_answered(port, image):
    answers = got(port, PUBLIC, image)
    assert_harmless(answers, port)
    found = [target for target, answer in answers.items() if answer.status == 200]
    assert "/images/{name}" in found
    assert [target for target in found if answers[target].body != PHOTO] == []


def test_no_redirect_leads_to_another_host(port, image):
    answers = got(port, ELSEWHERE, image)
    assert_harmless(answers, port)
    assert [answer for answer in answers.values() if answer.status in {301, 302, 303, 307, 308}]


def test_the_private_files_exist(host, image):
    """Otherwise the tests above would prove nothing."""
    assert (host.folder / "secret.txt").read_bytes() == SECRET
    assert (host.images / ".renditions" / "version-2" / "se" / "secret.txt").read_bytes() == SECRET
    assert (host.images / image[:2] / image).read_bytes() == PHOTO
