"""How far a long piece of work has come: told to whoever watches it."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

Advance = Callable[[int], None]
"""Tells that so many more are done."""


class Progress(Protocol):
    """Opens a bar, or whatever shows progress: what is done, and how many steps it has."""

    def __call__(self, label: str, total: int) -> AbstractContextManager[Advance]:
        """Show it while the block runs."""


@contextmanager
def silent(_label: str, _total: int) -> Iterator[Advance]:
    """Show nothing."""
    yield lambda _: None
