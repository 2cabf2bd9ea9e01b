"""Wait for a condition."""

import time
from collections.abc import Callable

SECONDS = 60


def until(holds: Callable[[], object]) -> float:
    """Wait until a condition holds, and return the seconds."""
    begun = time.monotonic()
    while not holds():
        if time.monotonic() - begun > SECONDS:
            raise TimeoutError(f"{holds.__qualname__} does not hold after {SECONDS} s")
        time.sleep(0.2)
    return time.monotonic() - begun
