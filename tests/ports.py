"""Free ports for the servers of the tests."""

import random
import socket
from contextlib import ExitStack

BELOW_EPHEMERAL = range(12000, 32000)
"""The upper limit. Above it, a client's connection could get the port before the server starts."""


def free_port(in_a_row: int = 1) -> int:
    """Return the first of a number of consecutive ports that are free on loopback."""
    while True:
        first = random.choice(BELOW_EPHEMERAL)
        try:
            with ExitStack() as servers:
                for port in range(first, first + in_a_row):
                    servers.enter_context(socket.create_server(("127.0.0.1", port)))
        except OSError:
            continue
        return first
