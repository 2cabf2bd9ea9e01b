"""Networks of clients, so that limits count a household and not an address."""

import ipaddress


def network(address: str) -> str:
    """Return the /64 network of an IPv6 address: one household may use any address in it.

    Other addresses are returned unchanged, and an IPv4 address in IPv6 notation as IPv4.
    """
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv4Address):
        return address
    if parsed.ipv4_mapped:
        # A server that listens on IPv4 and IPv6 reports its IPv4 clients in this form.
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((int(parsed), 64), strict=False))
