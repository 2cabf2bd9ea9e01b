"""Process many items in parallel, and return the results in the order of the items."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from typing import TypeVar

Input = TypeVar("Input")
Result = TypeVar("Result")

THREADS = 2 * (os.cpu_count() or 1)
"""The number of threads: twice the CPUs, since hashing and waiting for a disk let other threads run."""
IN_FLIGHT = 16 * THREADS
"""The maximum number of items that are taken before the first of their results is used."""


def each(work: Callable[[Input], Result], items: Iterable[Input]) -> Iterator[Result]:
    """Yield the result of each item, in the order of the items. The first error ends the work.

    Every call sees the caller's context variables, for example the request that log lines belong to.
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
