"""Many things, a handful at a time."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

Item = TypeVar("Item")


def batches(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """Cut whatever comes into lists of up to that size."""
    rest = iter(items)
    while batch := list(islice(rest, size)):
        yield batch
