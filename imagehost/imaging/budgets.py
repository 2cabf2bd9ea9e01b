"""How much one rendering may use, and how many run at once, so that all fit into the container."""

from dataclasses import dataclass
from math import ceil

from imagehost.imaging.jobs import Budget
from imagehost.imaging.resources import MIB, Resources

BASE = 192 * MIB
"""Memory of the first process, of uploads in memory, and of what the kernel cannot give back."""
WORKER = 160 * MIB
"""Memory of one more process that serves, with its renderer's server."""
LIGHT = 256 * MIB
"""Enough for photographs: a JPEG of 50 megapixels, a PNG of 24."""
LIGHT_PIXELS, LIGHT_WORK = 64_000_000, 400_000_000
MOST_AT_ONCE = 8
BYTES_A_PIXEL = 12
"""That the largest allowed picture may take."""
ANY = 2**62
"""Admission has counted pixels and work already."""


@dataclass(frozen=True, slots=True)
class Plan:
    """``at_once`` light renderings may run, and beside them a single one with the large budget."""

    at_once: int
    light: Budget
    large: Budget

    @classmethod
    def of(cls, given: Resources, workers: int, max_pixels: int) -> "Plan":
        """Divide what is given, after what the web processes need."""
        free = max(given.memory - BASE - workers * WORKER, given.memory // 4)
        # Two even of a single processor: a slow one does not delay the next visitor.
        at_once = min(max(2, ceil(given.processors)), MOST_AT_ONCE, max(1, free // (2 * LIGHT)))
        light = min(LIGHT, free // (2 * at_once))
        large = min(free - at_once * light, LIGHT + BYTES_A_PIXEL * max_pixels)
        return cls(
            at_once,
            Budget(light, cpu_seconds=2, wall_seconds=5, pixels=LIGHT_PIXELS, work=LIGHT_WORK),
            Budget(large, cpu_seconds=20, wall_seconds=30, pixels=ANY, work=ANY, nice=10),
        )
