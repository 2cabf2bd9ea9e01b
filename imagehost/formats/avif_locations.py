"""The locations of the data of AVIF items (ISO/IEC 14496-12, 8.11.3)."""

from collections.abc import Iterator
from typing import NamedTuple

from .boxes import Table
from .errors import Malformed
from .source import Source


class Extent(NamedTuple):
    """A part of an item's data; ``start`` counts from the start of the file (method 0) or of idat (1)."""

    item: int
    method: int
    start: int
    size: int


def locations(source: Source, facts: Table) -> Iterator[Extent]:
    """Yield the parts of the data of all items. Raises Malformed."""
    version = facts.version()
    if version > 2:
        raise Malformed("its AVIF items are invalid")
    sizes = facts.number(2)
    offset, length, base, index = (sizes >> shift & 15 for shift in (12, 8, 4, 0))
    wide = 4 if version == 2 else 2
    seen: set[int] = set()
    for _ in range(facts.number(wide)):
        item = facts.number(wide)
        method = facts.number(2) & 15 if version else 0
        reference, begin, extents = facts.number(2), facts.number(base), facts.number(2)
        source.count_part(extents + 1)
        if method > 1 or reference or item in seen:
            raise Malformed("its AVIF items are invalid")
        seen.add(item)
        for _ in range(extents):
            facts.number(index if version else 0)
            yield Extent(item, method, begin + facts.number(offset), facts.number(length))
