"""A problem of an upload is shown at once on its row, in plain words, and the upload can be repeated."""

import pytest
import requests
from playwright.sync_api import Page, expect

from tests import foreign, pictures
from tests.browser.files import (
    PHOTO,
    UNREACHABLE,
    begin_slowly,
    choose,
    expect_done,
    refused,
    try_again,
    write,
)

RAISE_LIMIT = """async (module) => { (await import(module)).settings.maxFileSize = 1e9; }"""
DROP = """([name, bytes]) => {
    const held = new DataTransfer();
    held.items.add(new File([new Uint8Array(bytes)], name));
    document.dispatchEvent(new DragEvent("drop", { dataTransfer: held, bubbles: true, cancelable: true }));
}"""
REASONS = """async ([module, contents]) => {
    const { reasonAgainst } = await import(module);
    return Promise.all(contents.map((bytes) => reasonAgainst(new File([new Uint8Array(bytes)], "x.jpg"))));
}"""


def sent(page: Page) -> list[str]:
    """Collect all requests to the server from now on."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.method) if request.method == "POST" else None)
    return asked


BEFORE_SENDING = {
    "text.png": (b"hello", "text.png is not a JPG, PNG or GIF image."),
    "nothing.jpg": (b"", "nothing.jpg is empty. Choose a picture."),
    "vector.svg": (
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        (
            "vector.svg is an SVG picture. This server accepts JPG, PNG or GIF images. "
            "Convert it in an image editor and try again."
        ),
    ),
    "holiday.jpg": (
        foreign.HEIC,
        (
            "holiday.jpg is a HEIC picture. This server accepts JPG, PNG or GIF images. "
            "Convert it in an image editor and try again. "
            "On an iPhone, choose Most Compatible in Settings, Camera, Formats."
        ),
    ),
    "modern.webp": (
        b"RIFF\x10\0\0\0WEBPVP8 ",
        (
            "modern.webp is a WebP image. This server accepts JPG, PNG or GIF images. "
            "Convert it in an image editor and try again."
        ),
    ),
    "huge.png": (
        b"\x89PNG\r\n\x1a\n" + bytes(11 * 1024 * 1024),
        "The picture is too large. The limit is 10.0 MiB; make it smaller and try again.",
    ),
}


@pytest.mark.parametrize("name", BEFORE_SENDING)
def test_wrong_type_and_size_are_reported_before_sending_in_the_words_of_the_server(
    server, open_page, tmp_path, name
):
    content, words = BEFORE_SENDING[name]
    page = open_page("/upload")
    asked = sent(page)
    path = tmp_path / name
    path.write_bytes(content)
    choose(page, [path])
    refused(page, name, words)
    assert asked == []
    answer = requests.post(f"{server.url}/upload", files={"file": (name, content)}, timeout=30)
    assert answer.json()["message"] == words


HOSTILE = [
    "\u202egnp.elbmahC",
    "صورة.png",
    "🦊" * 90 + ".png",
    "a{name}b.png",
    "{what} {advice} {kinds}.png",
    "%(what)s 100 %.png",
    "$& 'x' <b>.png",
]


def told_by_server(url: str, name: str, content: bytes, language: str = "en") -> str:
    answer = requests.post(
        f"{url}/upload", files={"file": (name, content)}, headers={"Accept-Language": language}, timeout=30
    )
    return answer.json()["message"]


@pytest.mark.parametrize("content", [b"text", foreign.HEIC], ids=["text", "HEIC"])
@pytest.mark.parametrize("name", HOSTILE)
def test_for_any_name_the_page_shows_the_sentence_of_the_server(server, open_page, name, content):
    page = open_page("/upload")
    page.evaluate(DROP, [name, list(content)])
    told = page.locator("#queue .state").last
    expect(told).to_have_role("alert")
    assert told.text_content() == told_by_server(server.url, name, content)


@pytest.mark.parametrize("language", ["en", "de"])
def test_for_any_file_the_page_shows_the_sentence_of_the_server(server, open_page, language):
    page = open_page("/upload", locale=language, extra_http_headers={"Accept-Language": language})
    module = page.locator('link[rel="modulepreload"][href$="checking.js"]').first.get_attribute("href")
    samples = [sample for samples in foreign.SAMPLES.values() for sample in samples]
    contents = [*samples, *foreign.UNKNOWN.values(), *foreign.HOSTILE.values()]
    told = page.evaluate(REASONS, [module, [list(content) for content in contents]])
    assert told == [told_by_server(server.url, "x.jpg", content, language) for content in contents]
    assert len(set(told)) == len(foreign.SAMPLES) + 1


def test_allowed_pictures_are_not_refused_by_the_page(open_page):
    page = open_page("/upload")
    module = page.locator('link[rel="modulepreload"][href$="checking.js"]').first.get_attribute("href")
    contents = [list(make()) for make in pictures.MAKE.values()]
    assert page.evaluate(REASONS, [module, contents]) == ["", "", ""]


def test_a_folder_cannot_be_read(open_page, page_problems):
    page = open_page("/upload")
    page.evaluate(
        """() => {
            const file = new File(["x"], "holiday");
            file.slice = () => ({ arrayBuffer: () => Promise.reject(new Error("a folder")) });
            const held = { types: ["Files"], files: [file] };
            const drop = new Event("drop", { bubbles: true, cancelable: true });
            document.dispatchEvent(Object.assign(drop, { dataTransfer: held }));
        }"""
    )
    refused(
        page,
        "holiday",
        "holiday cannot be read: it is a folder, or it was moved. Choose the pictures again.",
    )


def test_a_damaged_picture_is_refused_with_the_reason(open_page, page_problems, tmp_path):
    page_problems.expect("status of 422")
    page = open_page("/upload")
    choose(page, write(tmp_path, cut_jpg=PHOTO[:2000]))
    refused(
        page,
        "cut.jpg",
        "cut.jpg is damaged: it ends too early. Save it again in an image editor and try again.",
    )


def test_a_picture_that_only_the_server_finds_too_large_is_refused(open_page, page_problems, tmp_path):
    page_problems.expect("status of 413")
    page = open_page("/upload")
    module = page.locator('link[rel="modulepreload"][href$="page.js"]').first.get_attribute("href")
    page.evaluate(RAISE_LIMIT, module)
    choose(page, write(tmp_path, huge_png=pictures.png(8, 8) + bytes(12 * 1024 * 1024)))
    refused(
        page, "huge.png", "The picture is too large. The limit is 10.0 MiB; make it smaller and try again."
    )


PROXIES = {
    "JSON of a proxy": (
        "application/json",
        '{"status": "error", "message": "Come back later."}',
        "Come back later.",
    ),
    "JSON that says nothing": (
        "application/json",
        '{"error": 1}',
        "The server sent an unexpected response (status 502). Try again later.",
    ),
    "page of a proxy": (
        "text/html",
        "<html><body><h1>502 Bad Gateway</h1></body></html>",
        "The server sent an unexpected response (status 502). Try again later.",
    ),
}


@pytest.mark.parametrize(("kind", "body", "words"), PROXIES.values(), ids=PROXIES)
def test_the_message_of_a_proxy_is_shown_and_a_retry_works(
    open_page, page_problems, tmp_path, kind, body, words
):
    page_problems.expect("status of 502")
    page = open_page("/upload")
    page.route("**/upload", lambda route: route.fulfill(status=502, content_type=kind, body=body))
    choose(page, write(tmp_path, beach_jpg=PHOTO))
    refused(page, "beach.jpg", words)
    page.unroute("**/upload")
    try_again(page, "beach.jpg")
    expect_done(page, "beach.jpg")


def test_a_page_of_a_proxy_to_log_in_is_no_success(open_page, tmp_path):
    page = open_page("/upload")
    page.route("**/upload", lambda route: route.fulfill(content_type="text/html", body="<h1>Log in</h1>"))
    choose(page, write(tmp_path, beach_jpg=PHOTO))
    refused(page, "beach.jpg", "The server sent an unexpected response (status 200). Try again later.")


def test_the_network_is_lost_while_sending(open_page, page_problems, tmp_path):
    page_problems.expect("ERR_INTERNET_DISCONNECTED")
    page = open_page("/upload")
    network = begin_slowly(page, tmp_path)
    network.cut()
    refused(page, "big.png", UNREACHABLE)
    try_again(page, "big.png")
    refused(page, "big.png", UNREACHABLE)
    network.free()
    try_again(page, "big.png")
    expect_done(page, "big.png")
