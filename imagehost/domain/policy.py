"""The actions on a host, and the permission to do them."""

from dataclasses import dataclass
from enum import Enum, auto

from imagehost.domain.errors import Forbidden


class Action(Enum):
    """An action on a host."""

    VIEW = auto()
    """See an image by its link."""
    LIST = auto()
    UPLOAD = auto()
    DELETE = auto()


@dataclass(frozen=True, slots=True)
class Actor:
    """The user of a request. ``may`` contains the actions that are allowed."""

    may: frozenset[Action]


ANYBODY = Actor(frozenset(Action))
"""The actor of all requests to an open host. Everything is allowed."""


def require(actor: Actor, action: Action) -> None:
    """Raise Forbidden if an actor may not do an action."""
    if action not in actor.may:
        raise Forbidden
