"""Pages and messages of scripts are completely in the second language."""

import re

import pytest
from playwright.sync_api import expect

from tests import pictures
from tests.browser.files import PHOTO, write
from tests.browser.host import upload
from tests.browser.looking import assert_accessible, assert_sound

GERMAN = {"locale": "de-DE", "extra_http_headers": {"Accept-Language": "de-DE,de;q=0.9"}}
ENGLISH = re.compile(
    r"\b(the|upload pictures|images|copy|delete|choose|yes|page|size|name of|pictures)\b", re.IGNORECASE
)


@pytest.mark.parametrize("path", ["/", "/upload", "/images-list", "/images-list?page=9", "{view_url}", "/x"])
def test_nothing_is_left_in_english(server, open_page, page_problems, path):
    if path == "/x":
        page_problems.expect("status of 404")
    for number in range(11):
        upload(server, f"foto{number}.jpg", pictures.jpg(8, 6))
    image = upload(server, "foto.jpg", PHOTO)
    page = open_page(path.format(**image), **GERMAN)
    assert page.locator("html").get_attribute("lang") == "de"
    texts = page.locator("body").inner_text()
    labels = page.evaluate(
        "[...document.querySelectorAll('[aria-label]')].map((it) => it.ariaLabel).join('; ')"
    )
    assert not ENGLISH.findall(texts + labels)
    assert_sound(page)
    assert_accessible(page)


def test_scripts_speak_it_too(open_page, tmp_path):
    page = open_page("/upload", **GERMAN)
    expect(page.locator("#drop-state")).to_have_text("Bilder hier ablegen oder einfügen")
    files = write(tmp_path, notizen_png=b"kein Bild", strand_jpg=PHOTO)
    with page.expect_file_chooser() as chooser:
        page.get_by_text("Bilder auswählen").click()
    chooser.value.set_files(files)
    expect(page.locator("#queue .refused .state")).to_have_text(
        "notizen.png ist kein Bild im Format JPG, PNG oder GIF."
    )
    expect(page.locator("#queue .done .name")).to_have_text("strand.jpg")
    page.get_by_role("link", name="Bilder", exact=True).click()
    page.get_by_label("strand.jpg löschen").click()
    page.get_by_role("button", name="Bild löschen").click()
    expect(page.get_by_text("Noch keine Bilder.")).to_be_visible()
    expect(page.locator("#status")).to_have_text("Das Bild wurde gelöscht.")
