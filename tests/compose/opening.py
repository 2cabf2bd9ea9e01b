"""Access to the host: only this machine by default, and other machines with two settings; and its names."""

import re

import requests

from tests.compose.stack import Stack
from tests.compose.waiting import until

OPEN = "BIND_ADDRESS=0.0.0.0\nPUBLIC_URL=https://img.example.org\n"
NAMES = {"localhost": 200, "127.0.0.1": 200, "img.example.org": 200, "nas.local": 200, "evil.example": 421}


def addresses(stack: Stack) -> set[str]:
    """Return the addresses of this machine at which ports are published."""
    ports = [one["NetworkSettings"]["Ports"] or {} for one in stack.containers()]
    return {place["HostIp"] for one in ports for places in one.values() for place in places or ()}


def this_machine_alone_is_let_in(stack: Stack) -> str:
    """Check that without settings all ports are published on 127.0.0.1, and that the log explains this."""
    assert addresses(stack) == {"127.0.0.1"}
    (line, *_) = [one for one in stack.compose("logs", "app").splitlines() if "published for" in one]
    assert "BIND_ADDRESS" in line
    assert "ACCESS" in line
    return line


def others_are_let_in_by_two_settings_only(stack: Stack) -> str:
    """Check that BIND_ADDRESS=0.0.0.0 needs ACCESS=open, and that the host answers to its own names only."""
    (stack.folder / ".env").write_text(OPEN)
    try:
        stack.up()
        raise AssertionError("it started")
    except RuntimeError:
        logs = stack.compose("logs", "app")
    # One sentence for each attempt.
    (refusal,) = set(re.findall("imagehost: other machines can reach this host .+", logs))
    # Commands still work.
    stack.compose("run", "--rm", "-T", "app", "flask", "backup", "list")
    (stack.folder / ".env").write_text(f"{OPEN}ACCESS=open\n")
    stack.up()
    assert addresses(stack) == {"0.0.0.0"}
    for address in (stack.pages, stack.pages_too, stack.api):
        told = {
            name: requests.get(f"{address}/api/upload", headers={"Host": name}, timeout=30).status_code
            for name in NAMES
        }
        assert told == NAMES, told
        checked = requests.get(f"{address}/readyz", headers={"Host": "evil.example"}, timeout=30)
        assert checked.status_code == 200
    until(lambda: "img.example.org, localhost" in stack.run("app", "cat", "/var/log/imagehost/app.log"))
    (stack.folder / ".env").unlink()
    stack.up()
    assert addresses(stack) == {"127.0.0.1"}
    return refusal


def an_address_in_a_port_is_told(stack: Stack) -> str:
    """Check that Compose reports an address in HTTP_PORT."""
    (stack.folder / ".env").write_text("HTTP_PORT=127.0.0.1:8088\n")
    try:
        stack.compose("config", "--quiet")
        raise AssertionError("it was read")
    except RuntimeError as error:
        told = str(error)
    finally:
        (stack.folder / ".env").unlink()
    assert "Invalid ip address 127.0.0.1:127.0.0.1" in told, told
    return told
