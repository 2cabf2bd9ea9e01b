"""Decide which names the host answers to: its own, and names that no site on the internet can have.

Another site can make its own name resolve to this machine (DNS rebinding). A visitor's browser then treats
this host as that site, and only the name in the request shows the difference.
"""

import ipaddress
import re
from collections.abc import Iterable

import idna

LAST_PORT = 65535
LABEL = "[a-z0-9-]{1,63}"
ALWAYS = {
    "localhost and other names without a dot": LABEL,
    "IP addresses": r"[0-9]{1,3}(\.[0-9]{1,3}){3}|\[[0-9a-f:.]+\]",
    "names that end in .local, .lan, .internal or .home.arpa": (
        rf"({LABEL}\.)+(local|lan|internal|home\.arpa)"
    ),
}
"""Names that are always allowed. The key is for the log; the value is a regular expression for nginx too."""

HOST_HEADER = re.compile(
    r"(?P<name>\[[0-9a-fA-F:.]+\]|[\w.~!$&'()*+,;=%-]+)(:(?P<port>[1-9][0-9]{0,4}))?", re.ASCII
)
"""The value of a Host header (RFC 9110, section 7.2)."""
TARGET = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*://(?:[^/?#]*@)?(?P<host>[^/?#]*)")
"""A request target that names a host itself (RFC 9112, section 3.2.2)."""


def in_ascii(name: str) -> str:
    """Return a host name as browsers send it: in lower case, and in Punycode if it is international.

    Raises ValueError for an international text that is not a name. A text in ASCII is not checked.
    """
    return name.lower() if name.isascii() else idna.encode(name, uts46=True).decode()


def name_in_host(host: str) -> str:
    """Return the name in a Host header without port and final dot; an empty string if it is not valid."""
    found = HOST_HEADER.fullmatch(host)
    if not found or int(found["port"] or 1) > LAST_PORT:
        return ""
    name = found["name"].lower().removesuffix(".")
    return "" if name.startswith("[") and not is_ipv6(name[1:-1]) else name


def is_ipv6(text: str) -> bool:
    """Tell whether a text is an IPv6 address."""
    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return False
    return True


def host_of(url: str) -> str:
    """Return the host in an absolute address, with its port; an empty string if the address has no host."""
    found = TARGET.match(url)
    return found["host"] if found else ""


class Hosts:
    """The names that one host answers to."""

    def __init__(self, public_url: str | None, allowed: Iterable[str]) -> None:
        self.own = {name for name in (name_in_host(host_of(public_url or "")), *allowed) if name}
        self.always = re.compile("|".join(ALWAYS.values()))

    def include(self, host: str) -> bool:
        """Tell whether the host answers to the name in a Host header. The port is ignored."""
        name = name_in_host(host)
        return name in self.own or self.always.fullmatch(name) is not None

    def __str__(self) -> str:
        """Return the names as text, for the log."""
        return ", ".join([*sorted(self.own), *ALWAYS])


def map_of_nginx() -> str:
    """Return the names that are always allowed as lines of a ``map`` of nginx."""
    return "".join(f'"~*^({pattern})$" 1;\n' for pattern in ALWAYS.values())
