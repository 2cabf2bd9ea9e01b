"""A server that other machines can reach starts only if somebody has decided who may use it."""

import logging
import logging.handlers

import pytest

from imagehost.settings import access, definitions

ANYWHERE = "0.0.0.0"  # no server is started in these tests


@pytest.fixture
def load(tmp_path):
    return lambda **settings: definitions.load_settings(INSTANCE_DIR=tmp_path, SECRET_KEY="k", **settings)


REACHABLE = {
    "every network": ({"WEB_SERVER_HOST": ANYWHERE}, f"WEB_SERVER_HOST is {ANYWHERE}"),
    "every network of IPv6": ({"WEB_SERVER_HOST": "::"}, "WEB_SERVER_HOST is ::"),
    "one network": ({"WEB_SERVER_HOST": "192.168.1.5"}, "WEB_SERVER_HOST is 192.168.1.5"),
    "a name": ({"WEB_SERVER_HOST": "nas"}, "WEB_SERVER_HOST is nas"),
    "published": ({"BIND_ADDRESS": ANYWHERE}, f"BIND_ADDRESS is {ANYWHERE}"),
    "a container": ({"WEB_SERVER_HOST": ANYWHERE, "BIND_ADDRESS": "10.0.0.1"}, "BIND_ADDRESS is 10.0.0.1"),
    "a domain": ({"PUBLIC_URL": "https://img.example.org"}, "PUBLIC_URL is https://img.example.org"),
    "a domain in front of a container": (
        {"PUBLIC_URL": "https://img.example.org", "BIND_ADDRESS": "127.0.0.1"},
        "PUBLIC_URL is https://img.example.org",
    ),
    "a home network": ({"PUBLIC_URL": "http://nas.local"}, "PUBLIC_URL is http://nas.local"),
    "a proxy": ({"TRUSTED_PROXIES": 1}, "TRUSTED_PROXIES is 1 and BIND_ADDRESS is not set"),
}
ALONE = {
    "nothing": {},
    "another loopback address": {"WEB_SERVER_HOST": "127.0.0.2"},
    "IPv6": {"WEB_SERVER_HOST": "::1"},
    "IPv4 in IPv6": {"WEB_SERVER_HOST": "::ffff:127.0.0.1"},
    "localhost": {"WEB_SERVER_HOST": "localhost"},
    "a container": {"WEB_SERVER_HOST": ANYWHERE, "BIND_ADDRESS": "127.0.0.1", "TRUSTED_PROXIES": 1},
    "a local address of the links": {"PUBLIC_URL": "http://localhost:8080"},
    "a local address of IPv6": {"PUBLIC_URL": "http://[::1]:8080"},
    "a proxy of this machine": {"TRUSTED_PROXIES": 1, "BIND_ADDRESS": "127.0.0.1"},
    "names": {"ALLOWED_HOSTS": ("img.example.org",)},
}


@pytest.mark.parametrize(("settings", "reason"), REACHABLE.values(), ids=REACHABLE)
def test_a_host_that_other_machines_can_reach_needs_access(load, settings, reason):
    with pytest.raises(SystemExit) as stop:
        access.check_access(load(**settings))
    line = str(stop.value)
    assert line.startswith("imagehost: ")
    assert reason in line
    for word in ("ACCESS=open", "everybody", "PUBLIC_URL or ALLOWED_HOSTS", "docs/access.md"):
        assert word in line
    assert len(line.splitlines()) == 1
    access.check_access(load(**settings, ACCESS="open"))


@pytest.mark.parametrize("settings", ALONE.values(), ids=ALONE)
def test_a_host_that_only_this_machine_can_reach_starts(load, settings):
    assert access.reachable(load(**settings)) is None
    access.check_access(load(**settings))


@pytest.mark.parametrize(
    ("settings", "level"),
    [
        ({"WEB_SERVER_HOST": ANYWHERE, "BIND_ADDRESS": "127.0.0.1"}, logging.WARNING),
        ({"WEB_SERVER_HOST": ANYWHERE, "BIND_ADDRESS": "127.0.0.1", "ACCESS": "open"}, logging.INFO),
        ({"WEB_SERVER_HOST": ANYWHERE, "BIND_ADDRESS": ANYWHERE, "ACCESS": "open"}, None),
        ({"BIND_ADDRESS": "127.0.0.1", "TRUSTED_PROXIES": 1}, None),
        ({}, None),
    ],
)
def test_containers_that_are_published_only_for_this_machine_log_that(load, settings, level):
    logger = logging.getLogger("imagehost.settings.access")
    handler = logging.handlers.BufferingHandler(10)
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        access.log_published(load(**settings))
    finally:
        logger.removeHandler(handler)
        logger.setLevel(logging.NOTSET)
    assert [record.levelno for record in handler.buffer] == ([level] if level else [])
    for record in handler.buffer:
        assert record.address == "127.0.0.1"
        assert "BIND_ADDRESS" in record.change
        assert "ACCESS" in record.change
