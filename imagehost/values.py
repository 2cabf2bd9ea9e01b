"""Parsers of the values of settings. Each raises ValueError for a value that is not allowed."""

import ipaddress
import re
from urllib.parse import urlsplit

import limits

from imagehost.kinds import EXTENSIONS, KINDS

HOST_NAME = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)(\.(?!-)[a-z0-9_-]{1,63}(?<!-))*\.?")


def parse_kinds(text: str) -> tuple[str, ...]:
    """Read the allowed image types, by any extension that files of them have."""
    words = [word.strip().lower() for word in text.split(",")]
    if not set(words) <= set(EXTENSIONS):
        raise ValueError(words)
    return tuple(kind for kind in KINDS if kind in {EXTENSIONS[word] for word in words})


def parse_public_url(text: str) -> str:
    """Read the scheme and host of the links that are handed out."""
    url = text.rstrip("/").lower()
    # Reading the port raises ValueError where it is none.
    if not re.fullmatch(r"https?://([a-z0-9.\-]+|\[[0-9a-f:]+\])(:\d+)?", url) or urlsplit(url).port == 0:
        raise ValueError(url)
    return url


def parse_rate(text: str) -> str:
    """Read how many requests a client may send in which time."""
    # The library would take the first of several for all, and none at all for a limit.
    if len(limits.parse_many(text)) != 1 or not limits.parse(text).amount:
        raise ValueError(text)
    return text


def parse_hosts(text: str) -> tuple[str, ...]:
    """Read a list of host names, without ports."""
    hosts = [word.strip().lower() for word in text.split(",")]
    if not all(HOST_NAME.fullmatch(host) for host in hosts):
        raise ValueError(hosts)
    return tuple(host.removesuffix(".") for host in hosts)


def parse_address(text: str) -> str:
    """Read an IP address; that of version 6 may stand in brackets."""
    return str(ipaddress.ip_address(re.sub(r"^\[(.*)\]$", r"\1", text.strip())))


def parse_networks(text: str) -> tuple[str, ...]:
    """Read a list of IP addresses and networks."""
    return tuple(str(ipaddress.ip_network(word.strip())) for word in text.split(","))


def parse_contact(text: str) -> str:
    """Read where security problems are reported: an https address or an e-mail address.

    Returns:
        A URI, as the field Contact of RFC 9116 needs it.
    """
    contact = text.strip()
    if re.fullmatch(r"[^\s@:/]+@[^\s@:/]+", contact):
        return f"mailto:{contact}"
    if not re.fullmatch(r"mailto:[^\s@:/]+@[^\s@:/]+|https://[!-~]+", contact):
        raise ValueError(contact)
    return contact
