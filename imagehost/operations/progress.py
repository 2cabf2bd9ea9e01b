"""The types of functions that report the progress of long work."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

Advance = Callable[[int], None]
"""Reports that a number of further steps is done."""

Progress = Callable[[str, int], AbstractContextManager[Advance]]
"""Opens a display of progress, for example a bar, for a block. Takes a label and the number of steps."""


@contextmanager
def silent(_label: str, _total: int) -> Iterator[Advance]:
    """Show nothing."""
    yield lambda _: None
