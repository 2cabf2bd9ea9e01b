"""The names that the host answers to: its own, and those that no site on the internet can have.

A page of another site can have its own name lead to this machine (DNS rebinding). Its visitor's browser then
takes this host for that site, and only the name in the request tells that it is not.
"""

import ipaddress
import re
from collections.abc import Iterable

import idna

LAST_PORT = 65535
LABEL = "[a-z0-9-]{1,63}"
ALWAYS = {
    "localhost and other names without a point": LABEL,
    "IP addresses": r"[0-9]{1,3}(\.[0-9]{1,3}){3}|\[[0-9a-f:.]+\]",
    "names that end in .local, .lan, .internal or .home.arpa": (
        rf"({LABEL}\.)+(local|lan|internal|home\.arpa)"
    ),
}
"""Names that are always allowed, as regular expressions that nginx reads too; by what the log calls them."""

HOST = re.compile(r"(?P<name>\[[0-9a-fA-F:.]+\]|[\w.~!$&'()*+,;=%-]+)(:(?P<port>[1-9][0-9]{0,4}))?", re.ASCII)
"""The value of a Host header (RFC 9110, section 7.2)."""
TARGET = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*://(?:[^/?#]*@)?(?P<host>[^/?#]*)")
"""A request target that names a host itself (RFC 9112, section 3.2.2)."""


def in_ascii(name: str) -> str:
    """Write a host name as browsers send it: in small letters, and in Punycode where it is international.

    Raises ValueError for what is no name.
    """
    return name.lower() if name.isascii() else idna.encode(name, uts46=True).decode()


def name_of(host: str) -> str:
    """Give the name in a Host header, without its port and its last point; nothing where there is none."""
    found = HOST.fullmatch(host)
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
    """Give the host in an absolute address, with its port; nothing where the address names none."""
    found = TARGET.match(url)
    return found["host"] if found else ""


class Hosts:
    """The names that one host answers to."""

    def __init__(self, public_url: str | None, allowed: Iterable[str]) -> None:
        self.own = {name for name in (name_of(host_of(public_url or "")), *allowed) if name}
        self.always = re.compile("|".join(ALWAYS.values()))

    def include(self, host: str) -> bool:
        """Tell whether a Host header has a name of ours; its port does not count."""
        name = name_of(host)
        return name in self.own or self.always.fullmatch(name) is not None

    def __str__(self) -> str:
        """List them, for the log."""
        return ", ".join([*sorted(self.own), *ALWAYS])


def map_of_nginx() -> str:
    """Write the names that are always allowed as nginx reads them, in a ``map`` of ``$host``."""
    return "".join(f'"~*^({pattern})$" 1;\n' for pattern in ALWAYS.values())
