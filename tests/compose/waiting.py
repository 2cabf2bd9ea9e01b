"""Waiting for what comes about by itself."""

import time
from collections.abc import Callable

SECONDS = 60


def until(holds: Callable[[], object]) -> float:
    """Wait until something holds; give the seconds that it took."""
    begun = time.monotonic()
    while not holds():
        if time.monotonic() - begun > SECONDS:
            raise TimeoutError(f"{holds.__qualname__} does not hold after {SECONDS} s")
        time.sleep(0.2)
    return time.monotonic() - begun
