"""Parse the values of settings. Each parser raises ValueError for a value that is not allowed."""

import ipaddress
import re
from urllib.parse import urlsplit

import limits

from imagehost.domain.host_names import in_ascii
from imagehost.domain.kinds import EXTENSIONS, KINDS

HOST_NAME = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)(\.(?!-)[a-z0-9-]{1,63}(?<!-))*\.?")
PUBLIC_URL = re.compile(r"(https?)://([^\s:/?#@\[\]]+|\[[0-9a-f:]+\])(:\d+)?", re.IGNORECASE)
DEFAULT_PORTS = {"http": 80, "https": 443}


def parse_kinds(text: str) -> tuple[str, ...]:
    """Read the allowed image types, each by any of its file extensions. Raises ValueError."""
    words = [word.strip().lower() for word in text.split(",")]
    if not set(words) <= set(EXTENSIONS):
        raise ValueError(words)
    return tuple(kind for kind in KINDS if kind in {EXTENSIONS[word] for word in words})


def parse_public_url(text: str) -> str:
    """Read the scheme and host for links. Return them as browsers write an Origin. Raises ValueError."""
    found = PUBLIC_URL.fullmatch(text.rstrip("/"))
    if not found:
        raise ValueError(text)
    scheme, host = found[1].lower(), found[2]
    # Reading an invalid port raises ValueError.
    port = urlsplit(found[0]).port
    if port == 0:
        raise ValueError(text)
    host = host.lower() if host.startswith("[") else parse_host(host)
    return f"{scheme}://{host}" + (f":{port}" if port and port != DEFAULT_PORTS[scheme] else "")


def parse_rate(text: str) -> str:
    """Read a rate limit: how many requests a client may send in a period. Raises ValueError."""
    # The library would use only the first of several limits, and would accept a limit of no requests.
    if len(limits.parse_many(text)) != 1 or not limits.parse(text).amount:
        raise ValueError(text)
    return text


def parse_host(text: str) -> str:
    """Read a host name, which may be international. Return it in ASCII, without a final dot.

    Raises ValueError.
    """
    name = in_ascii(text.strip())
    if not HOST_NAME.fullmatch(name):
        raise ValueError(text)
    return name.removesuffix(".")


def parse_hosts(text: str) -> tuple[str, ...]:
    """Read a list of host names, without ports, separated by commas. Raises ValueError."""
    return tuple(parse_host(word) for word in text.split(","))


def parse_address(text: str) -> str:
    """Read an IP address. An IPv6 address may be in brackets."""
    return str(ipaddress.ip_address(re.sub(r"^\[(.*)\]$", r"\1", text.strip())))


def parse_networks(text: str) -> tuple[str, ...]:
    """Read a list of IP addresses and networks, separated by commas. Raises ValueError."""
    return tuple(str(ipaddress.ip_network(word.strip())) for word in text.split(","))


def parse_contact(text: str) -> str:
    """Read the contact for security problems: an https address or an e-mail address.

    Returns:
        A URI, as the field Contact of RFC 9116 needs it.

    Raises:
        ValueError: if it is neither.
    """
    contact = text.strip()
    if re.fullmatch(r"[^\s@:/]+@[^\s@:/]+", contact):
        return f"mailto:{contact}"
    if not re.fullmatch(r"mailto:[^\s@:/]+@[^\s@:/]+|https://[!-~]+", contact):
        raise ValueError(contact)
    return contact
