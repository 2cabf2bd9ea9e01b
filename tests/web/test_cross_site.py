"""Every pair of Sec-Fetch-Site and Origin, for every request that changes something."""

from itertools import product

import pytest
from flask import Flask

from imagehost.web.guard import SAFE_METHODS
from tests.conftest import SMALL, as_upload, uploaded

OWN = "http://localhost"
SITES = {
    None: None,
    "same-origin": True,
    "none": True,
    "same-site": False,
    "cross-site": False,
    "": False,
    "Same-Origin": False,
    "same-origin, cross-site": False,
    "nonsense": False,
}
"""Values of Sec-Fetch-Site, and whether each is allowed; None if Origin decides."""
ORIGINS = {
    None: True,
    "{own}": True,
    "{OWN}": True,
    "null": False,
    "": False,
    "{own}:1": False,
    "{other scheme}": False,
    "{own}.": False,
    "{own}/": False,
    "{own}@evil.example": False,
    "{own}.evil.example": False,
    "{own} http://evil.example": False,
    "{own}, http://evil.example": False,
    "http://evil.example {own}": False,
    "http://evil.example#{own}": False,
    "http://evil.example/{own}": False,
    "http://evil.example": False,
    "{subdomain}": False,
    "{name}": False,
    "file://": False,
    "chrome-extension://aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa": False,
    "*": False,
}
"""Values of Origin, and whether each is allowed."""
PAIRS = list(product(SITES, ORIGINS))


def headers(site: str | None, origin: str | None, own: str = OWN) -> dict[str, str]:
    """Return a pair as headers of a request to ``own``."""
    name = own.removeprefix("http://")
    facts = {"own": own, "OWN": own.upper(), "name": name, "other scheme": f"https://{name}"}
    given = {"Sec-Fetch-Site": site}
    given["Origin"] = origin and origin.format(**facts, subdomain=f"http://sub.{name}")
    return {header: value for header, value in given.items() if value is not None}


def allowed(site: str | None, origin: str | None) -> bool:
    """Return whether a request comes from one of our pages, or from no page."""
    verdict = SITES[site]
    return ORIGINS[origin] if verdict is None else verdict


def changes(app: Flask) -> list[tuple[str, str]]:
    """Return the method and rule of every request that is not safe."""
    rules = app.url_map.iter_rules()
    return sorted((method, rule.rule) for rule in rules for method in (rule.methods or set()) - SAFE_METHODS)


def test_these_requests_change_something(app):
    """A new request that changes something must use an unsafe method.

    The tests below find it by themselves.
    """
    assert ("POST", "/upload") in changes(app)
    assert ("DELETE", "/api/upload/<filename:filename>") in changes(app)
    assert len(changes(app)) >= 6


@pytest.mark.parametrize("site", SITES)
def test_only_requests_of_our_own_pages_and_of_programs_change_anything(app, client, site):
    image = uploaded(client)
    before = client.get("/api/upload").json
    for method, rule in changes(app):
        path = rule.replace("<int:image_id>", str(image["id"]))
        path = path.replace("<filename:filename>", str(image["filename"]))
        wrong = []
        # The refused origins first: a request from an allowed one may delete the image.
        for origin in sorted(ORIGINS, key=lambda origin: allowed(site, origin)):
            may = allowed(site, origin)
            answer = client.open(path, method=method, data=as_upload(SMALL), headers=headers(site, origin))
            refused = (answer.status_code, (answer.json or {}).get("code")) == (403, "cross_site")
            if refused is may or (not may and client.get("/api/upload").json != before):
                wrong.append((method, rule, origin, answer.status_code))
        assert wrong == []
        for entry in client.get("/api/upload").json:
            client.delete(f"/api/upload/{entry['filename']}")
        image = uploaded(client)
        before = client.get("/api/upload").json
