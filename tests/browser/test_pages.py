"""Every page opens without a problem."""

import pytest

from tests import pictures
from tests.browser.host import upload
from tests.browser.looking import assert_accessible, assert_sound


@pytest.mark.parametrize("path", ["/", "/upload", "/images-list"])
def test_a_page_opens(server, open_page, path):
    upload(server, "photo.jpg", pictures.jpg())
    page = open_page(path)
    assert page.locator("h1").count() == 1
    assert_sound(page)
    assert_accessible(page)
