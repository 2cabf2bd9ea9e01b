"""nginx's own errors have the same three shapes and two languages as those of the application."""

import json
import re
import socket
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from imagehost.web import guard
from tests.conftest import FRAGMENT, PAGE
from tests.html import lint
from tests.system.nginx import Host, Nginx, ask
from tests.system.server import wait_until

MEGABYTE = 1024 * 1024
GERMAN = {"Accept-Language": "de-DE,de;q=0.9,en;q=0.5"}
SHAPES = pytest.mark.parametrize("shape", [PAGE, FRAGMENT, {}], ids=["page", "fragment", "json"])
LANGUAGES = pytest.mark.parametrize("language", [{}, GERMAN], ids=["en", "de"])
TWO_LENGTHS = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked"
UNAVAILABLE = {
    "en": "This server is not available at the moment. Try again in a few seconds.",
    "de": "Dieser Server ist zurzeit nicht verfügbar. Bitte in ein paar Sekunden erneut versuchen.",
}
TOO_LARGE = {
    "en": "The picture is too large. The limit is 10.0 MiB; make it smaller and try again.",
    "de": "Das Bild ist zu groß. Erlaubt sind höchstens 10,0 MiB; bitte verkleinern und erneut versuchen.",
}


def assert_error(
    answer: requests.Response, status: int, code: str, message: str, retry: str | None = None
) -> None:
    """Assert that an answer is an error with everything that the application's own errors have."""
    assert answer.status_code == status
    answer.encoding = "utf-8"
    if answer.headers["Content-Type"] == "application/json":
        assert answer.json()["status"] == "error"
        assert answer.json()["code"] == code
        assert answer.json()["message"] == answer.json()["detail"] == message
    else:
        assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
        assert f'<p class="alert" id="alert">{message}</p>' in answer.text
        lint(answer.text, fragment=not answer.text.startswith("<!doctype"))
    vary = set(answer.headers["Vary"].split(", "))
    assert vary == {"HX-Request", "HX-History-Restore-Request", "Accept", "Accept-Language"}
    assert answer.headers["Content-Language"] == ("de" if "Bitte" in message or "bitte" in message else "en")
    assert re.fullmatch("[0-9a-f]{32}", answer.headers["X-Request-ID"])
    assert answer.headers.get("Retry-After") == retry
    for name, value in guard.PAGE_HEADERS.items():
        if name != "Content-Security-Policy":
            assert answer.headers[name] == value
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "script-src" not in answer.headers["Content-Security-Policy"]


def shape_of(answer: requests.Response) -> str:
    if answer.headers["Content-Type"] == "application/json":
        return "json"
    return "page" if answer.text.startswith("<!doctype") else "fragment"


@pytest.fixture(scope="module")
def lonely(host: Host, tmp_path_factory) -> Nginx:
    """Run nginx in front of an application that does not run."""
    folder = tmp_path_factory.mktemp("lonely")
    settings = {"ASSETS_DIR": host.folder / "assets", "MAX_FILE_SIZE": 1536, "CLIENT_CONNECTIONS": 2}
    with Nginx(folder, LOG_FORMAT="json", WEB_SERVER_START_PORT=1, PROXY_TIMEOUT=1, **settings) as running:
        yield running


@SHAPES
@LANGUAGES
@pytest.mark.parametrize("declared", [True, False], ids=["declared", "chunked"])
def test_a_body_that_is_far_too_large_is_refused(host, shape, language, declared):
    data = bytes(30 * MEGABYTE) if declared else iter([bytes(MEGABYTE)] * 30)
    answer = requests.post(f"{host.url}/upload", data=data, headers={**shape, **language}, timeout=60)
    assert_error(answer, 413, "too_large", TOO_LARGE["de" if language else "en"])
    assert shape_of(answer) == {"": "json", "t": "page", "*": "fragment"}[shape.get("Accept", "")[:1]]
    assert host.nginx.line(answer.headers["X-Request-ID"])["method"] == "POST"


@pytest.mark.parametrize("more", [1, 65536, 600_000])
def test_a_body_that_is_a_little_too_large_is_refused_by_the_application(host, more):
    content = bytes(10 * MEGABYTE + more)
    answer = requests.post(f"{host.url}/upload", files={"file": ("x.png", content)}, timeout=60)
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    assert answer.json()["message"] == TOO_LARGE["en"]
    assert host.nginx.line(answer.headers["X-Request-ID"])["upstream"].startswith("127.0.0.1:")


@SHAPES
@LANGUAGES
@pytest.mark.parametrize(
    "path", ["/", "/images-list", "/images/aaaaaaaaaaaaaaaa.jpg", "/static/0000000000000000/x.js"]
)
def test_without_an_application_the_host_is_unavailable(lonely, shape, language, path):
    answer = requests.get(lonely.url + path, headers={**shape, **language}, timeout=30)
    assert_error(answer, 502, "unavailable", UNAVAILABLE["de" if language else "en"], retry="5")


def test_static_files_are_there_without_an_application(lonely, host):
    page = requests.get(lonely.url, headers=PAGE, timeout=30).text
    (style,) = re.findall(r'<link rel="stylesheet" href="([^"]+)"', page)
    assert requests.get(lonely.url + style, timeout=30).status_code == 200
    assert requests.get(f"{lonely.url}/favicon.ico", timeout=30).status_code == 200


@pytest.mark.parametrize("port", ["url", "api_url"])
@pytest.mark.parametrize("shape", [PAGE, FRAGMENT, {"HX-History-Restore-Request": "true"}, {}])
def test_below_api_errors_are_always_json(lonely, shape, port):
    base = getattr(lonely, port)
    for path in ("/api/upload", "/api/upload/", "/api/nothing?x=/view/"):
        answer = requests.get(base + path, headers=shape, timeout=30)
        assert_error(answer, 502, "unavailable", UNAVAILABLE["en"], retry="5")
        assert shape_of(answer) == "json"
    answer = requests.post(f"{base}/api/upload", data=bytes(2 * MEGABYTE), headers=shape, timeout=30)
    assert (answer.status_code, shape_of(answer), answer.json()["code"]) == (413, "json", "too_large")
    lines = "".join(f"{name}: {value}\r\n" for name, value in shape.items())
    head = f"GET /api/upload HTTP/1.1\r\nHost: x\r\n{lines}Cookie: {'x' * 40_000}"
    answer = ask(int(base.rpartition(":")[2]), head.encode())
    assert (answer.status, json.loads(answer.body)["code"]) == (431, "request_header_fields_too_large")


@pytest.mark.parametrize("path", ["/apiary", "/api", "/images-list?/api/", "/x/api/upload"])
def test_elsewhere_errors_have_the_shape_that_is_asked_for(lonely, host, path):
    for url in (lonely.url, host.url):
        answer = requests.get(f"{url}{path}", headers=PAGE, timeout=30)
        assert shape_of(answer) == "page"


def test_below_api_the_application_answers_in_json_through_nginx_too(host):
    for url in (host.url, host.nginx.api_url, host.backends[0].url):
        for method, status in [("GET", 404), ("PUT", 404), ("DELETE", 404)]:
            answer = requests.request(method, f"{url}/api/nothing/at/all", headers=PAGE, timeout=30)
            assert (answer.status_code, shape_of(answer)) == (status, "json")
        answer = requests.put(f"{url}/api/upload", headers=FRAGMENT, timeout=30)
        assert (answer.status_code, shape_of(answer)) == (405, "json")
        raw = {
            "data": bytes(300_000),
            "headers": {**PAGE, "Content-Type": "application/x-www-form-urlencoded"},
        }
        answer = requests.post(f"{url}/api/upload", **raw, timeout=30)
        assert (answer.status_code, answer.json()["code"]) == (400, "no_file")
        assert "-F file=@photo.jpg" in answer.json()["message"]


ACCEPTED = [
    "text/html",
    "TEXT/HTML",
    "text/html;q=0.1",
    "text/html;level=1",
    "text/html ; charset=utf-8 ;q=0.5, */*",
    "application/json, text/html",
    "text/html;q=0",
    "text/html;q=0.0",
    "text/html;q=0.05",
    "application/json,text/html;q=0,*/*",
    "text/*",
    "*/*",
    "text/htmlx",
    "xtext/html",
    "application/xhtml+xml",
    "",
]
HTMX = [
    {},
    {"HX-Request": "true"},
    {"HX-Request": "True"},
    {"HX-Request": "false"},
    {"HX-History-Restore-Request": "true"},
    {"HX-Request": "true", "HX-History-Restore-Request": "true"},
    {"HX-Request": "true", "HX-History-Restore-Request": "false"},
]


@pytest.mark.parametrize("accepted", ACCEPTED)
def test_the_shape_is_the_one_that_the_application_would_choose(lonely, host, accepted):
    for htmx in HTMX:
        headers = {"Accept": accepted, **htmx}
        ours = requests.get(f"{lonely.url}/nowhere", headers=headers, timeout=30)
        theirs = requests.get(f"{host.url}/nowhere", headers=headers, timeout=30)
        assert (ours.status_code, theirs.status_code) == (502, 404)
        assert shape_of(ours) == shape_of(theirs), headers


@pytest.mark.parametrize(
    ("liked", "spoken"),
    [
        ("de", "de"),
        ("de-AT, en;q=0.9", "de"),
        ("en, de;q=0.9", "en"),
        ("fr, de;q=0.8, en;q=0.5", "de"),
        ("fr", "en"),
        ("", "en"),
    ],
)
def test_the_language_is_the_first_that_is_spoken_here(lonely, host, liked, spoken):
    for url in (lonely.url, host.url):
        answer = requests.get(f"{url}/nowhere", headers={"Accept-Language": liked}, timeout=30)
        assert answer.headers["Content-Language"] == spoken


@pytest.mark.parametrize(
    ("request_head", "status", "code"),
    [
        (b"GARBAGE", 400, "bad_request"),
        (b"GET / HTTP/1.1", 400, "bad_request"),
        (b"GET / HTTP/1.1\r\nHost: a b", 400, "bad_request"),
        (b"GET /%00 HTTP/1.1\r\nHost: x", 400, "bad_request"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: -1", 400, "bad_request"),
        (
            b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked",
            400,
            "bad_request",
        ),
        (b"GET / HTTP/3.0\r\nHost: x", 505, "http_version_not_supported"),
        (b"POST /upload HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip", 501, "not_implemented"),
        (b"TRACE / HTTP/1.1\r\nHost: x", 405, "method_not_allowed"),
        (b"GET /" + b"x" * 9000 + b" HTTP/1.1\r\nHost: x", 414, "request_uri_too_long"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nCookie: " + b"x" * 40_000, 431, "request_header_fields_too_large"),
        (b"GET /.error HTTP/1.1\r\nHost: x", 404, "not_found"),
    ],
)
def test_unreadable_requests_are_answered_in_json(host, request_head, status, code):
    answer = ask(host.nginx.port, request_head)
    assert answer.status == status
    error = json.loads(answer.body)
    assert (error["status"], error["code"], error["message"]) == ("error", code, error["detail"])
    assert len(answer.headers.get_all("X-Request-ID")) == 1
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@SHAPES
def test_a_client_with_too_many_connections_gets_429_with_retry_after(lonely, shape):
    # Open more than the limit: a request may come while an earlier one is still counted, and be refused
    # itself.
    begun = [slow_upload(lonely.port) for _ in range(4)]
    try:
        refused: list[requests.Response] = []

        def is_refused() -> bool:
            refused.append(requests.get(f"{lonely.url}/nowhere", headers=shape, timeout=30))
            return refused[-1].status_code == 429

        wait_until(is_refused, "nobody is refused")
        message = "Too many requests came from your address. Try again in 5 s."
        assert_error(refused[-1], 429, "rate_limited", message, retry="5")
    finally:
        for line in begun:
            line.close()
    wait_until(lambda: requests.get(lonely.url, timeout=30).status_code == 502, "it is still refused")


def test_an_application_that_takes_too_long_is_unavailable(host, tmp_path):
    """The backend accepts the connection, and sends nothing."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings = {"WEB_SERVER_START_PORT": silent.getsockname()[1], "PROXY_TIMEOUT": 1}
        with (
            Nginx(tmp_path, ASSETS_DIR=host.folder / "assets", **settings) as nginx,
            ThreadPoolExecutor() as pool,
        ):

            def wait(shape: dict[str, str]) -> requests.Response:
                return requests.get(f"{nginx.url}/nowhere", headers=shape, timeout=30)

            answers = list(pool.map(wait, [PAGE, FRAGMENT, {}]))
    assert list(map(shape_of, answers)) == ["page", "fragment", "json"]
    for answer in answers:
        assert_error(answer, 504, "unavailable", UNAVAILABLE["en"], retry="5")


def test_an_error_of_nginx_has_the_request_id(host, tmp_path):
    """nginx has no space, or no right, for the body that it receives."""
    settings = {"ASSETS_DIR": host.folder / "assets", "NGINX_TEMP_DIR": tmp_path / "temp"}
    with Nginx(tmp_path, WEB_SERVER_START_PORT=1, **settings) as nginx:
        body = tmp_path / "temp" / "body"
        body.rmdir()
        body.touch()
        answer = requests.post(f"{nginx.url}/upload", data=bytes(MEGABYTE), timeout=30)
    number = answer.headers["X-Request-ID"]
    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
    assert answer.json()["request_id"] == number
    assert f"tell the person who runs this server the request ID {number}." in answer.json()["message"]


def test_the_limit_is_the_one_that_is_set(lonely):
    for language, limit in [({}, "1.5 KiB"), (GERMAN, "1,5 KiB")]:
        answer = requests.post(f"{lonely.url}/upload", data=bytes(2 * MEGABYTE), headers=language, timeout=30)
        assert answer.status_code == 413
        assert limit in answer.json()["message"]


def test_without_error_pages_errors_are_json_nevertheless(tmp_path):
    with Nginx(tmp_path, WEB_SERVER_START_PORT=1) as nginx:
        answer = requests.get(nginx.url, headers=PAGE, timeout=30)
    assert answer.status_code == 502
    assert answer.json() == {
        "status": "error",
        "code": "error",
        "message": "The request failed (502).",
        "detail": "The request failed (502).",
    }
    assert answer.headers["Retry-After"] == "5"


def test_the_applications_own_errors_pass_as_they_are(host):
    for path, status in [
        ("/nowhere", 404),
        ("/images-list?page=x", 400),
        ("/view/aaaaaaaaaaaaaaaa.jpg", 404),
    ]:
        ours = requests.get(host.url + path, timeout=30)
        theirs = requests.get(host.backends[0].url + path, timeout=30)
        assert ours.status_code == theirs.status_code == status
        assert ours.json() == theirs.json()
    answer = requests.post(
        f"{host.url}/upload", files={"file": ("x.png", b"hello")}, headers=PAGE, timeout=30
    )
    assert answer.status_code == 415
    assert "x.png is not a JPG" in answer.text


def slow_upload(port: int) -> socket.socket:
    """Begin an upload that does not end."""
    line = socket.create_connection(("127.0.0.1", port), timeout=30)
    line.sendall(b"POST /upload HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nx")
    return line
