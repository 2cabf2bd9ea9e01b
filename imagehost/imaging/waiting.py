"""Why a rendering may not come about for now, and whether its client still waits."""

import select
import socket
from collections.abc import Callable

from imagehost import formats

Gone = Callable[[], bool]
"""Tells whether nobody waits any more."""


class NotNow(Exception):
    """The picture may be sound, but it is not rendered now."""


class Abandoned(NotNow):
    """Nobody waits any more."""


class Crowded(NotNow):
    """Others hold all slots, or too many wait for one."""


class Unusable(NotNow):
    """The renderer's server cannot be started, or ends at once."""


class Reported(formats.Malformed):
    """What another process found wrong with a picture, in the words that it used."""


class GivesWay(Exception):
    """A rendering takes long, and others wait for its slot."""


def hung_up(connection: socket.socket | int, seconds: float = 0) -> bool:
    """Tell whether the other end of a connection is closed, or will be within so many seconds."""
    poll = select.poll()
    try:
        poll.register(connection, select.POLLRDHUP)
    except ValueError:
        # Another thread noticed that the other end is closed, and closed this end.
        return True
    return bool(poll.poll(seconds * 1000))
