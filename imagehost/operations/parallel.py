"""Work on many things at once, in the order that they came in."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

THREADS = 2 * (os.cpu_count() or 1)
"""Hashing and waiting for a disk let other threads run."""
IN_FLIGHT = 16 * THREADS
"""Items that are taken before their turn, however many there are."""


def each(work: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
    """Give the result of each item, in their order; the first error ends it.

    Every call sees the caller's context: settings, storage.
    """
    with ThreadPoolExecutor(THREADS) as pool:
        futures: deque[Future[Result]] = deque()
        try:
            for item in items:
                futures.append(pool.submit(copy_context().run, work, item))
                if len(futures) >= IN_FLIGHT:
                    yield futures.popleft().result()
            while futures:
                yield futures.popleft().result()
        finally:
            pool.shutdown(cancel_futures=True)
