"""A name that contains an attack is treated as text on all pages, in logs and in files."""

import csv
import json
import re
from html.parser import HTMLParser
from itertools import count

import pytest
from flask import Flask
from flask.testing import FlaskClient

from imagehost.domain.image_names import clean_name
from imagehost.operations import exporting
from imagehost.operations.exporting.sheet import unguarded
from tests.applications import host_of
from tests.conftest import FRAGMENT, JSON, PAGE, SHAPES, SMALL
from tests.forms import form, part, part_with
from tests.names import HOSTILE

PLAIN = "photo.jpg"
UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
"""Control codes, line ends, and characters that reverse the direction of text."""
CODE = re.compile(r"^\s*(javascript|data|vbscript):", re.IGNORECASE)


class Skeleton(HTMLParser):
    """The elements and attributes of a page, and every address in it."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, list[str]]] = []
        self.addresses: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, [name for name, _ in attributes]))
        self.addresses += [value or "" for name, value in attributes if name in {"href", "src", "action"}]

    def handle_comment(self, data: str) -> None:
        self.elements.append(("comment", [data]))


def sent(client, name: str, **options: object):
    """Return the answer to an upload with this name, encoded as in a browser."""
    return client.post("/upload", **form(part(SMALL, name.encode())), **options)


def pages(app: Flask, name: str) -> list[Skeleton]:
    """Return every page and fragment that shows the name, on a host with no other image."""
    # Use a client without the check of the markup.
    client = FlaskClient(app, app.response_class)
    for image in client.get("/api/upload").json:
        client.delete(f"/api/upload/{image['filename']}")
    view = sent(client, name).json["view_url"]
    answers = [sent(client, name, headers=FRAGMENT)]
    answers += [
        client.get(path, headers=shape) for path in ("/images-list", view) for shape in (PAGE, FRAGMENT)
    ]
    assert [answer.status_code for answer in answers] == [200] * 5
    return [Skeleton(answer.text) for answer in answers]


def test_it_adds_nothing_to_a_page(app):
    plain = pages(app, PLAIN)
    for name in HOSTILE.values():
        hostile = pages(app, name)
        assert [page.elements for page in hostile] == [page.elements for page in plain]
        assert [address for page in hostile for address in page.addresses if CODE.match(address)] == []


def test_in_json_a_hostile_name_is_only_one_value(client):
    plain = sent(client, PLAIN).json
    for name in HOSTILE.values():
        image = sent(client, name).json
        kept = image["original_name"]
        assert image.keys() == plain.keys()
        assert clean_name(kept) == kept
        (listed,) = [each for each in client.get("/api/upload").json if each["filename"] == image["filename"]]
        shown = client.get("/images-list").json["data"][0]
        oembed = client.get("/oembed", query_string={"url": image["view_url"]}).json
        assert (listed["original_name"], shown["original_name"], oembed["title"]) == (kept, kept, kept)
        for address in ("url", "thumbnail_url", "view_url"):
            assert re.fullmatch(r"http://localhost/[a-z0-9/.]+", image[address])


def test_it_is_no_header_of_an_answer(client):
    plain = client.get(sent(client, PLAIN).json["url"])
    for name in HOSTILE.values():
        answer = client.get(sent(client, name).json["url"])
        assert [header for header, _ in answer.headers] == [header for header, _ in plain.headers]
        disposition = answer.headers["Content-Disposition"]
        assert re.fullmatch(r"inline; filename\*=UTF-8''[A-Za-z0-9_.~%-]*", disposition)


RAW = {
    "a quote": b'form-data; name="file"; filename="a\\"; x=\\"y.jpg"',
    "a tab and a code": b'form-data; name="file"; filename="a\t\x1b[2J\x7f.jpg"',
    "a bare LF": b'form-data; name="file"; filename="a\nX-Evil: 1\n.jpg"',
    "a bare CR": b'form-data; name="file"; filename="a\rX-Evil: 1\r.jpg"',
    "escaped line ends": b"form-data; name=\"file\"; filename*=UTF-8''a%0D%0AX-Evil:%201%0D%0A%0D%0Ab.jpg",
    "an escaped NUL": b"form-data; name=\"file\"; filename*=UTF-8''a%00%1B%5B2J.jpg",
}


@SHAPES
@pytest.mark.parametrize("disposition", RAW.values(), ids=RAW)
def test_names_that_no_browser_writes_are_refused_or_text_without_line_ends(client, shape, disposition):
    answer = client.post("/upload", **form(part_with(disposition, SMALL)), headers=shape)
    assert answer.status_code in {200, 303, 400}
    assert "X-Evil" not in answer.headers
    names = [image["original_name"] for image in client.get("/api/upload").json]
    assert len(names) == (answer.status_code != 400)
    assert [name for name in names if re.search(r"[\x00-\x1f\x7f-\x9f]", name)] == []


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_it_stays_in_its_line_of_the_log(make_app, log_format):
    app = make_app(LOG_FORMAT=log_format)
    client = app.test_client()
    log = host_of(app).settings.log_dir / "app.log"
    client.post("/upload", **form(part(SMALL)))
    clients = (f"2001:db8:{number:x}::1" for number in count())
    for content in (SMALL, b"no picture", SMALL[:99]):
        for name in HOSTILE.values():
            before = len(log.read_text().splitlines())
            # Only a few refusals of one client are logged.
            address = {"REMOTE_ADDR": next(clients)}
            answer = client.post("/upload", **form(part(content, name.encode())), environ_overrides=address)
            (line,) = log.read_text().splitlines()[before:]
            assert answer.headers["X-Request-ID"] in line
            assert line.isprintable()
            if log_format == "json":
                assert json.loads(line)["request"] == answer.headers["X-Request-ID"]


@SHAPES
def test_a_refusal_that_names_it_says_it_as_text(client, shape):
    plain = client.post("/upload", **form(part(b"no picture", PLAIN.encode())), headers=shape)
    for name in HOSTILE.values():
        refused = client.post("/upload", **form(part(b"no picture", name.encode())), headers=shape)
        assert refused.status_code == plain.status_code == 415
        assert [header for header, _ in refused.headers] == [header for header, _ in plain.headers]
        if shape is JSON:
            assert refused.json.keys() == plain.json.keys()
        else:
            assert Skeleton(refused.text).elements == Skeleton(plain.text).elements


def test_all_hostile_names_are_exported_as_files_and_as_text_in_the_table(host, client, tmp_path):
    kept = [sent(client, name).json["original_name"] for name in HOSTILE.values()]
    target = tmp_path / "outer" / "export"
    target.parent.mkdir()
    outcome = exporting.export_to(host, target)
    assert (outcome.exported, outcome.problems) == (len(kept), {})
    assert list(target.parent.iterdir()) == [target]
    files = [path.name for path in target.iterdir()]
    assert len(files) == len(kept) + 1
    assert [name for name in files if UNSEEN.search(name) or name.startswith((".", "-"))] == []
    with (target / "images.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    cells = [cell for row in rows for cell in row]
    # No cell is a formula in a program that splits at semicolons either.
    parts = [part for cell in cells for part in [cell, *cell.split(";")]]
    assert [part for part in parts if part.lstrip(' "').startswith(("=", "+", "-", "@", "\t", "\r"))] == []
    column = rows[0].index("original_name")
    assert [unguarded(row[column]) for row in rows[1:]] == kept
