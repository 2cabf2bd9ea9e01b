"""Every pair of Sec-Fetch-Site and Origin, bare and through nginx."""

from collections.abc import Callable

import pytest
import requests

from tests.system.nginx import Host
from tests.web.test_cross_site import ORIGINS, SITES, allowed, headers

URLS: dict[str, Callable[[Host], str]] = {
    "bare": lambda host: host.backends[0].url,
    "nginx": lambda host: host.url,
    "nginx for scripts": lambda host: host.nginx.api_url,
}


@pytest.mark.parametrize("by", URLS)
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/upload"),
        ("POST", "/api/upload"),
        ("POST", "/delete/999999999"),
        ("DELETE", "/delete/999999999"),
        ("DELETE", "/api/upload/aaaaaaaaaaaaaaaa.jpg"),
    ],
)
def test_only_our_own_pages_and_programs_come_through(host, by, method, path):
    """An allowed request is refused later, because it has no form, or the image does not exist."""
    url, wrong = URLS[by](host), []
    with requests.Session() as session:
        for site in SITES:
            for origin in ORIGINS:
                sent = headers(site, origin, url)
                answer = session.request(method, url + path, headers=sent, timeout=30)
                code = "cross_site" if answer.status_code == 403 else None
                assert answer.status_code in {400, 403, 404, 415}
                assert answer.json()["code"] == (code or answer.json()["code"])
                if (code == "cross_site") is allowed(site, origin):
                    wrong.append((site, origin, answer.status_code))
    assert wrong == []
