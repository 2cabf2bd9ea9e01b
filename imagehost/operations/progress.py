"""How far a long piece of work has come: told to whoever watches it."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

Advance = Callable[[int], None]
"""Tells that so many more are done."""

Progress = Callable[[str, int], AbstractContextManager[Advance]]
"""Opens a bar, or whatever shows progress while a block runs: what is done, and how many steps it has."""


@contextmanager
def silent(_label: str, _total: int) -> Iterator[Advance]:
    """Show nothing."""
    yield lambda _: None
