"""Limits on how much of a header with a list is read."""

import pytest

from imagehost.web.header_limits import LIST_HEADERS, LONGEST_LIST_HEADER, beginning
from tests.conftest import PAGE, SHAPES, assert_error, uploaded
from tests.test_costs import calls

MANY = ",".join(f"x{number};q=0.5" for number in range(4000))
GERMAN_LAST = "xx, " * 400 + "de"


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ("a" * 2000, ""),
        ("a," + "b" * 2000, "a"),
        ("a" * (LONGEST_LIST_HEADER - 3) + ",bb,cccc", "a" * (LONGEST_LIST_HEADER - 3) + ",bb"),
        ("a" * (LONGEST_LIST_HEADER - 2) + ",bb,cccc", "a" * (LONGEST_LIST_HEADER - 2)),
        ('"a,b", "c,' + "d" * 2000, '"a,b"'),
        ('"a", "' + "b," * 2000, '"a"'),
        ('"a","b,c"' + " " * 2000, '"a"'),
        ('"' + "," * 2000, ""),
        ("," * 2000, "," * (LONGEST_LIST_HEADER)),
    ],
)
def test_no_half_element_is_kept(value, kept):
    assert beginning(value) == kept


def test_a_header_of_a_kibibyte_is_read_completely(client):
    rest = "text/html"
    accept = "x/y;a=" + "b" * (LONGEST_LIST_HEADER - len(rest) - 7) + "," + rest
    assert len(accept) == LONGEST_LIST_HEADER
    assert client.get("/nothing", headers={"Accept": accept}).mimetype == "text/html"
    assert client.get("/nothing", headers={"Accept": f"{accept[:7]}b{accept[7:]}"}).is_json


def test_values_after_the_limit_are_not_read(client):
    answer = client.get("/nothing", headers={"Accept-Language": GERMAN_LAST})
    assert answer.headers["Content-Language"] == "en"
    assert (
        client.get("/nothing", headers={"Accept-Language": "de, " + MANY}).headers["Content-Language"] == "de"
    )


def test_only_the_beginning_of_a_long_list_is_read(client):
    image = uploaded(client)
    tag = client.get(image["url"]).headers["ETag"]
    tags = ", ".join(f'"{number}"' for number in range(3000))
    for field, values in {
        "If-None-Match": [(f"{tag}, {tags}", 304), (f"{tags}, {tag}", 200)],
        "If-Match": [(f"{tag}, {tags}", 200), (f"{tags}, {tag}", 412)],
        "Range": [("bytes=" + ",".join(["0-1"] * 5000), 200), ("bytes=0-1" + " " * 5000, 200)],
        "If-Modified-Since": [("x" * 5000, 200)],
    }.items():
        for value, status in values:
            assert client.get(image["url"], headers={field: value}).status_code == status


@pytest.mark.parametrize("name", ["Cookie", "X-Forwarded-For", "X-Forwarded-Host", "Host"])
def test_other_headers_are_never_cut(name):
    assert f"HTTP_{name.upper().replace('-', '_')}" not in LIST_HEADERS


LISTS = {
    "Accept": "a/b;q=0.1,",
    "Accept-Charset": "a;q=0.1,",
    "Accept-Encoding": "gzip;q=0.1,",
    "Accept-Language": "de-DE;q=0.1,",
    "If-Match": '"a",',
    "If-None-Match": 'W/"a",',
    "If-Modified-Since": "a,",
    "If-Range": '"a",',
    "If-Unmodified-Since": "a,",
    "Range": "bytes=0-1,2-3,",
}
PARSED = {
    "Content-Type": "multipart/form-data; boundary=" + "a;" * 3000,
    "Content-Type ": "a/b" + ";a*0=b" * 3000,
    "X-Forwarded-For": "1.2.3.4," * 3000,
    "X-Forwarded-Host": "a," * 3000,
    "Forwarded": "for=a;" * 3000,
    "Cookie": "a=b;" * 3000,
    "Origin": "http://" + "a." * 3000,
    "Host": "a." * 3000 + "b",
    "Authorization": "Digest " + 'a="b",' * 3000,
    "Cache-Control": "a=b," * 3000,
    "TE": "trailers," * 3000,
    "HX-Request": "true," * 3000,
    "X-Request-ID": "a" * 20_000,
}


@pytest.mark.parametrize("path", ["/images/{filename}", "/nothing"])
def test_no_header_costs_much(make_app, path):
    """The cost is counted in calls of functions; tests/system/test_header_floods.py measures time."""
    app = make_app(TRUSTED_PROXIES=1)
    path = path.format(**uploaded(app.test_client()))
    flood = {name: value * 3000 for name, value in LISTS.items()} | {
        name.strip(): value for name, value in PARSED.items()
    }
    for name, value in flood.items():
        plain = cost(app, path, {**PAGE, name: value[:12]})
        # Werkzeug reads forwarded headers letter by letter.
        most = 15 if name.startswith("X-Forwarded") else 5
        assert cost(app, path, {**PAGE, name: value}) < most * plain, name


def cost(app, path, headers):
    app.test_client().get(path, headers=headers)
    return calls(app, path, headers=headers, status="")


@SHAPES
@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, "bad_request"),
        (414, "request_uri_too_long"),
        (417, "expectation_failed"),
        (431, "request_header_fields_too_large"),
        (501, "not_implemented"),
    ],
)
def test_the_application_answers_for_the_worker(client, shape, status, code):
    answer = client.get("/images-list", headers=shape, environ_overrides={"imagehost.refused": status})
    assert_error(answer, status, code)


def test_a_client_cannot_ask_for_that_itself(client):
    assert client.get("/images-list", headers={"imagehost.refused": "431"}).status_code == 200
