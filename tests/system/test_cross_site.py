"""Every pair of Sec-Fetch-Site and Origin, bare and through nginx."""

from collections.abc import Callable

import pytest
import requests

from tests.system.nginx import Host
from tests.test_cross_site import ORIGINS, SITES, allowed, headers

URLS: dict[str, Callable[[Host], str]] = {
    "bare": lambda host: host.backends[0].url,
    "nginx": lambda host: host.url,
    "nginx for scripts": lambda host: host.nginx.api_url,
}


@pytest.mark.parametrize("by", URLS)
@pytest.mark.parametrize(
    ("method", "path", "answer"),
    [
        ("POST", "/upload", 400),
        ("POST", "/api/upload", 400),
        ("POST", "/delete/999999999", 404),
        ("DELETE", "/delete/999999999", 404),
        ("DELETE", "/api/upload/aaaaaaaaaaaaaaaa.jpg", 404),
    ],
)
def test_only_our_own_pages_and_programs_come_through(host, by, method, path, answer):
    """Where they do, the application finds that there is no file, or no such image."""
    url, got, expected = URLS[by](host), {}, {}
    with requests.Session() as session:
        for site in SITES:
            for origin in ORIGINS:
                sent = headers(site, origin, url)
                got[site, origin] = session.request(method, url + path, headers=sent, timeout=30).status_code
                expected[site, origin] = answer if allowed(site, origin) else 403
    assert got == expected
