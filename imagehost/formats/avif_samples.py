"""The tables with the positions of the samples of a track (ISO/IEC 14496-12, 8.7)."""

from collections import deque
from collections.abc import Iterator

from .boxes import Span, Table
from .errors import Malformed
from .source import Source


def samples(source: Source, tables: dict[bytes, Table]) -> Iterator[Span]:
    """Yield the span of each sample, from the sample sizes, the samples per chunk and the chunk offsets.

    Raises Malformed.
    """
    sizes, spread = tables.get(b"stsz"), tables.get(b"stsc")
    offsets, wide = tables.get(b"stco"), 4
    if not offsets:
        offsets, wide = tables.get(b"co64"), 8
    if not sizes or not spread or not offsets:
        raise Malformed("an AVIF table is missing")
    runs = deque(_rows(source, spread, 4, 3))
    sizes.version()
    same, count = sizes.number(4), sizes.number(4)
    at = 0
    for number, (start,) in enumerate(_rows(source, offsets, wide, 1), 1):
        while len(runs) > 1 and runs[1][0] <= number:
            runs.popleft()
        here = min(runs[0][1], count - at) if runs else 0
        source.count_part(here)
        place = start
        for _ in range(here):
            size = same or sizes.number(4)
            yield place, place + size
            place += size
        at += here
    if at != count:
        raise Malformed("frames are missing")


def _rows(source: Source, facts: Table, wide: int, columns: int) -> list[list[int]]:
    """Read the number of rows of a table, and then the rows."""
    facts.version()
    count = facts.number(4)
    source.count_part(count)
    return [[facts.number(wide) for _ in range(columns)] for _ in range(count)]
