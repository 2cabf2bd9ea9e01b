"""The limits of one rendering and the number of renderings at once, so that all fit into the container."""

from dataclasses import dataclass
from math import ceil

from imagehost.imaging.jobs import Budget
from imagehost.imaging.resources import MIB, Resources

BASE = 192 * MIB
"""Bytes of memory for the first process, for uploads in memory, and for kernel data that cannot be freed."""
WORKER = 160 * MIB
"""Bytes of memory for one more web process and its fork server."""
LIGHT = 256 * MIB
"""Bytes of memory for a light rendering, enough for photographs: a JPEG of 50 megapixels, a PNG of 24."""
LIGHT_PIXELS, LIGHT_WORK = 64_000_000, 400_000_000
MOST_RENDERINGS_AT_ONCE = 8
RENDERING_BYTES_PER_PIXEL = 12
"""Bytes of memory per pixel that the largest allowed picture may take."""
NO_LIMIT = 2**62
"""No limit, because admission has already checked pixels and work."""


@dataclass(frozen=True, slots=True)
class Plan:
    """``at_once`` light renderings may run at the same time, and one rendering with the large budget."""

    at_once: int
    light: Budget
    large: Budget

    @classmethod
    def of(cls, given: Resources, workers: int, max_pixels: int) -> "Plan":
        """Divide the available memory and processors, after subtracting the memory of the web processes.

        ``workers`` is the number of web processes, ``max_pixels`` the limit of an upload.
        """
        free = max(given.memory - BASE - workers * WORKER, given.memory // 4)
        # Two even with a single processor, so that a slow rendering does not delay the next visitor.
        at_once = min(max(2, ceil(given.processors)), MOST_RENDERINGS_AT_ONCE, max(1, free // (2 * LIGHT)))
        light = min(LIGHT, free // (2 * at_once))
        large = min(free - at_once * light, LIGHT + RENDERING_BYTES_PER_PIXEL * max_pixels)
        return cls(
            at_once,
            Budget(light, cpu_seconds=2, wall_seconds=5, pixels=LIGHT_PIXELS, work=LIGHT_WORK),
            Budget(large, cpu_seconds=20, wall_seconds=30, pixels=NO_LIMIT, work=NO_LIMIT, nice=10),
        )
