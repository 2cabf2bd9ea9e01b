"""The bytes that a page needs the first time and the next time, and the hosts that it sends requests to."""

import pytest

from tests import pictures
from tests.browser.acts import devtools
from tests.browser.files import PHOTO
from tests.browser.host import upload

MOST = 60_000
"""The maximum number of bytes, without pictures."""


@pytest.mark.parametrize("path", ["/", "/upload", "/images-list", "{view_url}", "/nothing"])
def test_a_page_is_light(server, open_page, page_problems, path):
    if path == "/nothing":
        page_problems.expect("status of 404")
    for number in range(11):
        upload(server, f"photo{number}.jpg", pictures.jpg(300, 200))
    image = upload(server, "photo.jpg", PHOTO)
    page = open_page("/healthz")
    network = devtools(page)
    network.send("Network.enable")
    kinds: dict[str, str] = {}
    received: dict[str, int] = {}
    network.on("Network.responseReceived", lambda event: kinds.update({event["requestId"]: event["type"]}))
    network.on(
        "Network.loadingFinished",
        lambda event: received.update({event["requestId"]: event["encodedDataLength"]}),
    )

    def weight() -> int:
        received.clear()
        page.goto(path.format(**image), wait_until="networkidle")
        return int(sum(size for request, size in received.items() if kinds.get(request) != "Image"))

    first = weight()
    assert 5_000 < first <= MOST
    # Everything that was loaded is cached: only the page itself is requested again.
    assert weight() < 15_000
