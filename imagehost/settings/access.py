"""Check that ``ACCESS`` is set on a host that other machines can reach."""

import ipaddress
import logging

from imagehost.domain.host_names import host_of, name_in_host
from imagehost.settings.definitions import Settings

log = logging.getLogger(__name__)


class Undecided(SystemExit):
    """Stops the start with one line: other machines can reach the host, and ``ACCESS`` is not set."""

    def __init__(self, reason: str, remedy: str) -> None:
        super().__init__(
            f"imagehost: other machines can reach this host ({reason}), and ACCESS is not set. "
            "Set ACCESS=open to let everybody who can reach it upload, list and delete images, "
            f"or make it reachable only from this machine: {remedy}. "
            "A host with a domain name also needs PUBLIC_URL or ALLOWED_HOSTS. See docs/access.md."
        )


def is_local(host: str) -> bool:
    """Tell whether a name or an IP address is a loopback one, which other machines cannot reach."""
    name = host.strip("[]").lower().removesuffix(".")
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return name == "localhost" or name.endswith(".localhost")
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback


def reachable(settings: Settings) -> tuple[str, str] | None:
    """Return why other machines can reach the host, and how to prevent that; None if they cannot."""
    address = "BIND_ADDRESS" if settings.bind_address else "WEB_SERVER_HOST"
    value = settings.bind_address or settings.web_server_host
    if not is_local(value):
        return f"{address} is {value}", f"set {address}=127.0.0.1"
    url = settings.public_url
    if url and not is_local(name_in_host(host_of(url))):
        return f"PUBLIC_URL is {url}", "remove PUBLIC_URL"
    if settings.trusted_proxies and not settings.bind_address:
        proxies = settings.trusted_proxies
        return f"TRUSTED_PROXIES is {proxies} and BIND_ADDRESS is not set", "set BIND_ADDRESS=127.0.0.1"
    return None


def check_access(settings: Settings) -> None:
    """Stop the start of a server that other machines can reach if ``ACCESS`` does not say who may use it.

    Raises Undecided.
    """
    found = None if settings.access else reachable(settings)
    if found:
        raise Undecided(*found)


def log_published(settings: Settings) -> None:
    """Log that containers publish their ports for this machine only, and how to change that.

    Older releases published them for all machines, so the host may seem to be gone after an upgrade.
    """
    address = settings.bind_address
    if address and is_local(address) and not is_local(settings.web_server_host):
        # An administrator who has set ACCESS knows both settings.
        level = logging.INFO if settings.access else logging.WARNING
        change = "to let other machines reach the host, set BIND_ADDRESS and ACCESS (docs/access.md)"
        log.log(level, "published for this machine only", extra={"address": address, "change": change})
