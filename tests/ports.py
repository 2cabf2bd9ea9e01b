"""Ports for the servers of the tests."""

import random
import socket
from contextlib import ExitStack

BELOW_EPHEMERAL = range(12000, 32000)
"""Where no client's own end of a connection gets in between the search and the server's start."""


def free_port(in_a_row: int = 1) -> int:
    """Find so many ports, one after the other, that are free on loopback; give the first."""
    while True:
        first = random.choice(BELOW_EPHEMERAL)
        try:
            with ExitStack() as servers:
                for port in range(first, first + in_a_row):
                    servers.enter_context(socket.create_server(("127.0.0.1", port)))
        except OSError:
            continue
        return first
