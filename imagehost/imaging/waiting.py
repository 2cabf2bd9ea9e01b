"""The reasons why a picture is not rendered now, and the check whether a client still waits."""

import select
import socket
from collections.abc import Callable

from imagehost import formats

Gone = Callable[[], bool]
"""A function that returns True if no client waits any more."""


class NotNow(Exception):
    """The picture is not rendered now, although it may be valid."""


class Abandoned(NotNow):
    """No client waits any more."""


class Crowded(NotNow):
    """Other requests hold all slots, or too many requests wait for one."""


class Unusable(NotNow):
    """The fork server cannot be started, or ends at once."""


class Reported(formats.Malformed):
    """A defect of a picture that another process found, with the message of that process."""


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
