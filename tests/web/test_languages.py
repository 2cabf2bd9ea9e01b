"""Every sentence is in the language of the client, and the log is in English."""

import html

import pytest
import werkzeug.exceptions
from flask import render_template_string

from imagehost.domain import errors
from imagehost.web import messages
from imagehost.web.messages import sentence_in_english
from imagehost.web.readable import alternatives, readable_number, readable_size
from tests.applications import Failing, change_host, host_of
from tests.conftest import PAGE, SHAPES, SMALL, assert_error, uploaded
from tests.forms import form, part
from tests.sentences import ERRORS, GERMAN

EACH_ERROR = pytest.mark.parametrize(
    ("error", "english", "german"), ERRORS, ids=[type(error).__name__ for error, _, _ in ERRORS]
)


def told(answer) -> str:
    """Return the text of an error that a person reads."""
    return answer.json["message"] if answer.is_json else html.unescape(answer.text)


def log(app) -> str:
    return (host_of(app).settings.log_dir / "app.log").read_text()


@EACH_ERROR
def test_outside_of_a_request_it_is_english(app, error, english, german):
    with app.app_context():
        assert sentence_in_english(error) == english


@SHAPES
@EACH_ERROR
def test_a_client_that_prefers_german_gets_german(app, client, shape, error, english, german):
    change_host(app, database=Failing(error))
    answer = client.get("/images-list", headers={**shape, **GERMAN})
    assert_error(answer, messages.status(error), error.code)
    assert german in told(answer)
    assert answer.headers["Content-Language"] == "de"
    assert "Accept-Language" in answer.vary
    (line,) = [line for line in log(app).splitlines() if "refused" in line]
    assert english in line


@SHAPES
@pytest.mark.parametrize(
    ("request_", "status", "german"),
    [
        (
            {"path": "/images-list?page=x"},
            400,
            "Es gibt keine Seite 'x': Eine Seitenzahl muss eine ganze Zahl ab 1 sein.",
        ),
        ({"path": "/images-list", "headers": {"Host": "a b"}}, 400, "Der Host-Header ist ungültig."),
        ({"path": "/upload", "method": "POST", **form(part(SMALL), end=b"")}, 400, "Das Formular ist nicht"),
        ({"path": "/nothing"}, 404, "Unter dieser Adresse wurde nichts gefunden."),
        ({"path": "/upload", "method": "PUT"}, 405, "Diese Adresse unterstützt diese HTTP-Methode nicht."),
        (
            {"path": "IMAGE", "headers": {"If-Match": '"x"'}},
            412,
            "Der Header If-Match der Anfrage passt nicht",
        ),
        (
            {"path": "IMAGE", "headers": {"Range": "bytes=999999-"}},
            416,
            "Das Bild enthält den angeforderten Byte-Bereich",
        ),
    ],
)
def test_other_refusals_are_german_too(client, shape, request_, status, german):
    path = uploaded(client)["url"] if request_["path"] == "IMAGE" else request_["path"]
    headers = {**shape, **GERMAN, **request_.get("headers", {})}
    answer = client.open(**{**request_, "path": path, "headers": headers})
    assert answer.status_code == status
    assert german in told(answer)


@SHAPES
def test_faults_and_errors_of_flask_are_german_too(app, client, shape):
    change_host(app, database=Failing(RuntimeError()))
    answer = client.get("/images-list", headers={**shape, **GERMAN})
    number = answer.headers["X-Request-ID"]
    assert_error(answer, 500, "internal_error", f"die Anfrage-ID {number} nennen.")
    change_host(app, database=Failing(werkzeug.exceptions.BadRequest()))
    answer = client.get("/images-list", headers={**shape, **GERMAN})
    assert_error(answer, 400, "bad_request", "Die Anfrage ist nicht lesbar.")
    assert f"the request ID {number}." in log(app)
    assert "Anfrage" not in log(app)


@pytest.mark.parametrize(
    ("header", "language"),
    [
        (None, "en"),
        ("", "en"),
        ("*", "en"),
        ("fr", "en"),
        ("en", "en"),
        ("en-GB,de;q=0.9", "en"),
        ("de;q=0", "en"),
        ("de;q=0,*", "en"),
        ("fr,*;q=0.1", "en"),
        ("\u00ff;;=,q=,,;de", "en"),
        ("deutsch", "en"),
        ("de" * 4000, "en"),
        ("de", "de"),
        ("DE-at", "de"),
        ("fr,de;q=0.1", "de"),
        ("de-DE,en;q=0.9", "de"),
        ("de-DE, en-US;q=0.7", "de"),
        ("*;q=0.1,de;q=0.2", "de"),
    ],
)
def test_the_client_chooses(client, header, language):
    headers = {} if header is None else {"Accept-Language": header}
    answer = client.get("/nothing", headers=headers)
    expected = {
        "en": "Nothing was found at this address. Check the address.",
        "de": "Unter dieser Adresse wurde nichts gefunden. Bitte die Adresse prüfen.",
    }
    assert answer.json["message"] == expected[language]
    assert answer.headers["Content-Language"] == language


@SHAPES
@EACH_ERROR
def test_without_accept_language_errors_are_english(app, client, shape, error, english, german):
    change_host(app, database=Failing(error))
    answer = client.get("/images-list", headers=shape)
    assert_error(answer, messages.status(error), error.code)
    assert english in told(answer)
    assert answer.headers["Content-Language"] == "en"
    assert "Accept-Language" in answer.vary


@pytest.mark.parametrize("path", ["/", "/upload", "/images-list", "VIEW"])
def test_pages_say_their_language(client, path):
    path = uploaded(client)["view_url"] if path == "VIEW" else path
    for language, headers in (("de", GERMAN), ("en", {})):
        answer = client.get(path, headers={**PAGE, **headers})
        assert f'<html lang="{language}">' in answer.text
        assert answer.headers["Content-Language"] == language
        assert "Accept-Language" in answer.vary


def test_answers_without_a_language_are_the_same_for_all(client):
    image = uploaded(client)
    for path in (image["url"], image["thumbnail_url"], "/api/upload", "/healthz", "/readyz"):
        answer = client.get(path, headers=GERMAN)
        assert answer.status_code == 200
        assert "Accept-Language" not in answer.vary
        assert "Content-Language" not in answer.headers
    deleted = client.delete(f"/delete/{image['id']}", headers=GERMAN)
    assert deleted.json["message"] == "Image deleted successfully."


@SHAPES
@pytest.mark.parametrize("language", [GERMAN, {}], ids=["de", "en"])
@pytest.mark.parametrize(
    "name", ["100 %.png", "%s %d %%.png", "%(name)s %(file)s.png", "{0} {name} {}.png", "<b>&amp;.png"]
)
def test_a_name_is_only_a_name(app, client, monkeypatch, shape, language, name):
    for error in (errors.EmptyFile(name), errors.DamagedImage(name, "it ends too early")):
        change_host(app, database=Failing(error))
        answer = client.get("/images-list", headers={**shape, **language})
        assert name in told(answer)
        assert "<b>" not in answer.text or answer.is_json
        assert name in log(app)


def test_numbers_and_lists_follow_the_language(app):
    def written() -> list[str]:
        sizes = [readable_size(size) for size in (1, 10, 1023, 1024, 1536, 10 * 1024**2, 5 * 1024**4)]
        return [*sizes, readable_number(1), readable_number(10**8), alternatives(["A"]), alternatives("ABC")]

    english = ["1 Byte", "10 Bytes", "1023 Bytes", "1.0 KiB", "1.5 KiB", "10.0 MiB", "5.0 TiB"]
    english += ["1", "100,000,000", "A", "A, B or C"]
    german = ["1 Byte", "10 Bytes", "1023 Bytes", "1,0 KiB", "1,5 KiB", "10,0 MiB", "5,0 TiB"]
    german += ["1", "100.000.000", "A", "A, B oder C"]
    assert written() == english
    with app.test_request_context(headers=GERMAN):
        assert written() == german
    with app.app_context():
        assert written() == english


def test_templates_translate_and_trim(app):
    template = (
        "{{ language }} {{ get_locale() }} {{ _('The file') }}\n"
        "  {% if true %}\n"
        "{% trans name='<b>' %}{{ name }} is uploaded.{% endtrans %}\n"
        "  {% endif %}\n"
        "{{ ngettext('%(num)s byte', '%(num)s bytes', 2) }}"
    )
    with app.test_request_context(headers=GERMAN):
        assert render_template_string(template) == "de de Die Datei\n&lt;b&gt; is uploaded.2 bytes"
