"""The requests that nginx sends to the application, the headers that it adds to answers, and its log."""

import json
import re
import socket
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from tests import pictures
from tests.system.nginx import Host, Nginx, ask

PAGE = {"Accept": "text/html"}
PHOTO = pictures.jpg(64, 48)


def uploaded(host: Host, request_id: str) -> dict[str, object]:
    """Return the application's log line of an upload, by the id of the request."""
    lines = (host.folder / "logs" / "app.log").read_text().splitlines()
    events = [json.loads(line) for line in lines if request_id in line]
    (event,) = [event for event in events if event["event"] == "image uploaded"]
    return event


def test_a_request_is_followed_from_nginx_to_the_application(host):
    answer = requests.post(f"{host.url}/upload", files={"file": ("x.jpg", PHOTO)}, timeout=30)
    number = answer.headers["X-Request-ID"]
    assert re.fullmatch("[0-9a-f]{32}", number)
    line = host.nginx.line(number)
    assert (line["method"], line["path"], line["status"]) == ("POST", "/upload", 200)
    assert line["client"] == "127.0.0.1"
    assert line["upstream"] in {f"127.0.0.1:{backend.port}" for backend in host.backends}
    assert float(line["upstream_seconds"]) >= 0
    assert line["seconds"] > 0
    assert line["bytes"] == len(answer.content)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d", line["time"])
    assert uploaded(host, number)["image"] == answer.json()["filename"]


@pytest.mark.parametrize("path", ["/", "/images-list", "/favicon.ico", "/nowhere", "/api/upload"])
def test_every_answer_carries_its_number_once_and_not_the_clients(host, path):
    head = f"GET {path} HTTP/1.1\r\nHost: x\r\nX-Request-ID: chosen-by-the-client"
    (number,) = ask(host.nginx.port, head.encode()).headers.get_all("X-Request-ID")
    assert re.fullmatch("[0-9a-f]{32}", number)


def test_robots_txt_and_security_txt_come_from_the_application(host):
    for url in (host.url, host.nginx.api_url):
        answer = requests.get(f"{url}/robots.txt", timeout=30)
        assert (answer.status_code, answer.text) == (
            200,
            requests.get(f"{host.backends[0].url}/robots.txt").text,
        )
        answer = requests.get(f"{url}/.well-known/security.txt", timeout=30)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
        assert host.nginx.line(answer.headers["X-Request-ID"])["upstream"].startswith("127.0.0.1:")


def test_the_old_address_of_a_page_redirects_to_the_new_one_or_to_the_picture(host):
    image = host.upload(PHOTO, "x.jpg")
    old = f"{host.url}/view/{image['filename']}"
    page = requests.get(old, headers=PAGE, timeout=30)
    assert ([answer.status_code for answer in page.history], page.url) == ([301], image["view_url"])
    assert page.url == f"{host.url}/view/{image['filename'].removesuffix('.jpg')}"
    picture = requests.get(old, headers={"Accept": "image/webp,*/*;q=0.8"}, timeout=30)
    assert ([answer.status_code for answer in picture.history], picture.url) == ([302], image["url"])
    assert picture.content == PHOTO


FORGED = {
    "X-Forwarded-For": "203.0.113.9",
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Port": "1",
    "X-Forwarded-Prefix": "/evil",
    "X-Real-IP": "203.0.113.9",
    "Forwarded": "for=203.0.113.9;host=evil.example;proto=https",
    "X_Forwarded_For": "203.0.113.9",
}


def test_forwarding_headers_of_clients_are_ignored(host):
    answer = requests.post(f"{host.url}/upload", files={"file": ("x.jpg", PHOTO)}, headers=FORGED, timeout=30)
    assert answer.json()["url"].startswith(host.url + "/images/")
    number = answer.headers["X-Request-ID"]
    assert uploaded(host, number)["client"] == host.nginx.line(number)["client"] == "127.0.0.1"


def test_the_application_gets_only_forwarding_headers_of_nginx(host, tmp_path):
    lines = [f"{name}: {value}" for name, value in FORGED.items()]
    with socket.create_server(("127.0.0.1", 0)) as backend, ThreadPoolExecutor(1) as pool:
        heard = pool.submit(hear, backend, 2)
        with Nginx(tmp_path, WEB_SERVER_START_PORT=backend.getsockname()[1]) as nginx:
            head = "\r\n".join(["GET /x HTTP/1.1", "Host: img.example.org:81", "X-Kept: yes", *lines])
            assert ask(nginx.port, head.encode()).status == 204
    _, request = heard.result()
    told = dict(line.split(": ", 1) for line in request.splitlines()[1:] if line)
    assert re.fullmatch("[0-9a-f]{32}", told.pop("X-Request-ID"))
    assert told == {
        "Host": "img.example.org:81",
        "X-Forwarded-For": "127.0.0.1",
        "X-Forwarded-Host": "img.example.org:81",
        "X-Forwarded-Proto": "http",
        "X-Kept": "yes",
    }


def hear(backend: socket.socket, requests_wanted: int) -> list[str]:
    """Answer a number of requests with status 204, and return the requests."""
    heard = []
    for _ in range(requests_wanted):
        line, _ = backend.accept()
        with line:
            heard.append(line.recv(65536).decode())
            line.sendall(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
    return heard


def test_links_have_the_host_and_port_of_the_request(host):
    for named in ("img.example.org", "img.example.org:8443", "[::1]:81"):
        answer = requests.post(
            f"{host.url}/upload", files={"file": ("x.jpg", PHOTO)}, headers={"Host": named}, timeout=30
        )
        assert answer.json()["url"].startswith(f"http://{named}/images/")


def test_forms_of_our_own_pages_are_taken_and_those_of_others_are_not(host):
    def send(origin: str) -> int:
        headers = {**PAGE, "Origin": origin}
        files = {"file": ("x.jpg", PHOTO)}
        return requests.post(
            f"{host.url}/upload", files=files, headers=headers, allow_redirects=False, timeout=30
        ).status_code

    assert send(host.url) == 303
    assert send("http://evil.example") == 403


def test_texts_are_compressed_and_pictures_are_not(host):
    image = host.upload(PHOTO)
    for _ in range(8):
        host.upload(PHOTO)
    packed = {"Accept-Encoding": "gzip"}
    # The application compresses the first answer. The second one is streamed, so nginx compresses it.
    for path in ("/images-list", "/api/upload"):
        answer = requests.get(host.url + path, headers=packed, timeout=30)
        assert answer.headers["Content-Encoding"] == "gzip"
        assert answer.headers["Vary"].count("Accept-Encoding") == 1
        assert answer.json() == requests.get(host.backends[0].url + path, timeout=30).json()
    for path in (f"/images/{image['filename']}", f"/thumbnails/{image['filename']}.webp"):
        assert "Content-Encoding" not in requests.get(host.url + path, headers=packed, timeout=30).headers


def test_a_list_is_known_again(host):
    first = requests.get(f"{host.url}/images-list", headers={"Accept-Encoding": "gzip"}, timeout=30)
    again = {"If-None-Match": first.headers["ETag"]}
    assert requests.get(f"{host.url}/images-list", headers=again, timeout=30).status_code == 304


def test_an_upload_of_unknown_length_is_taken(host):
    body = requests.Request("POST", host.url, files={"file": ("x.jpg", PHOTO)}).prepare()
    answer = requests.post(
        f"{host.url}/upload",
        data=iter([body.body[:100], body.body[100:]]),
        headers={"Content-Type": body.headers["Content-Type"]},
        timeout=30,
    )
    assert answer.status_code == 200
    assert requests.get(answer.json()["url"], timeout=30).content == PHOTO


def test_both_ports_take_uploads_and_deletions(host):
    answer = requests.post(f"{host.nginx.api_url}/api/upload", files={"file": ("x.jpg", PHOTO)}, timeout=30)
    assert answer.json()["url"].startswith(host.nginx.api_url)
    name = answer.json()["filename"]
    assert requests.get(f"{host.url}/images/{name}", timeout=30).content == PHOTO
    assert requests.delete(f"{host.nginx.api_url}/api/upload/{name}", timeout=30).status_code == 200


def test_the_log_has_no_query_and_no_line_of_a_clients_making(host):
    target = b'/nowhere"\\\xff?token=secret'
    number = ask(host.nginx.port, b"GET " + target + b" HTTP/1.1\r\nHost: x").headers["X-Request-ID"]
    assert host.nginx.line(number)["path"] == '/nowhere"\\'
    log = (host.folder / "logs" / "access.log").read_text()
    assert "secret" not in log
    assert all(json.loads(each) for each in log.splitlines())


def test_health_checks_of_this_machine_are_not_logged(host):
    answers = [requests.get(f"{host.url}/{path}", timeout=30) for path in ("healthz", "readyz", "nowhere")]
    *checks, other = [answer.headers["X-Request-ID"] for answer in answers]
    assert host.nginx.line(other)["status"] == 404
    log = (host.folder / "logs" / "access.log").read_text()
    assert [number for number in checks if number in log] == []
