"""Decode pictures in processes with limits, a few at once."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from typing import BinaryIO

from imagehost import formats
from imagehost.imaging.budgets import Plan
from imagehost.imaging.jobs import Job, Reply, Status
from imagehost.imaging.process import Process
from imagehost.imaging.resources import available
from imagehost.imaging.slots import LockFile, Slots, Turns
from imagehost.imaging.waiting import Abandoned, Crowded, GivesWay, Gone, Reported, hung_up

MOST_WAITING = 24
"""The number of requests of one process, of its 32 threads, that may render or wait for a rendering."""
SECONDS_TO_WAIT_TO_WAIT = 1
SECONDS_TO_WAIT_FOR_SLOT = 10
"""The longest wait for a slot, or for another request that renders the same picture."""
SECONDS_TO_WAIT_AS_LARGE, MOST_LARGE = 15, 8
"""The longest wait for the slot of large renderings, and the number of requests that may wait for it, so that
threads are left for other requests."""
SECONDS_TO_STAY = 1
"""The time in a light slot if other requests wait for it. Longer renderings start again as large ones."""
MAX_PIXELS = 100_000_000

PROCESS = Process()
"""The fork server of this process. All renderers share it, because the limits are sent with the jobs."""


class RenderingTooCostly(Exception):
    """Rendering a picture takes more memory or time than one rendering may use."""

    def __init__(self) -> None:
        super().__init__("it takes too much memory or time to render")


class Renderer:
    """Renders pictures. Processes that are forked from the one that created it share its slots."""

    def __init__(self, plan: Plan | None = None) -> None:
        self.plan = plan or Plan.of(available(), 1, MAX_PIXELS)
        file, at_once = LockFile(), self.plan.at_once
        self._light, self._large = (
            Slots(file, range(at_once), at_once),
            Slots(file, [at_once + 1], at_once + 2),
        )
        self._turns = Turns(file, at_once + 3)
        self._room = threading.BoundedSemaphore(MOST_WAITING)

    def start(self) -> None:
        """Start the server before the first picture arrives."""
        PROCESS.start()

    @contextmanager
    def turn(self, name: str, client: int | None = None) -> Iterator[Gone]:
        """Wait until no other thread or process renders the picture with this name. Raises NotNow.

        Args:
            name: the name of the picture.
            client: the descriptor of the client's connection, if there is one.

        Yields:
            The argument ``gone`` of ``render``: it returns True if neither this client nor a client in the
            queue waits for the result any more.
        """
        with (
            self._waiting(),
            self._turns.of(name) as slots,
            slots.hold(lambda: left(client), SECONDS_TO_WAIT_FOR_SLOT),
        ):
            yield lambda: left(client) and not slots.waiting

    def render(self, file: BinaryIO, kind: str, side: int, client: int | None, gone: Gone) -> bytes:
        """Return an upright WebP of the first frame, of at most ``side`` × ``side`` pixels.

        Raises formats.Malformed if the pixels cannot be decoded, RenderingTooCostly, NotNow.
        """
        return self._run(file, kind, side, client, gone)

    def prove(self, client: int | None, kind: str, file: BinaryIO) -> int:
        """Check that a picture whose end marker was missing is complete.

        Returns:
            The number of bytes before the marker that do not belong to the picture.

        Raises:
            formats.Malformed, RenderingTooCostly, NotNow.
        """
        with self._waiting():
            return int(self._run(file, kind, 0, client, lambda: left(client)))

    @contextmanager
    def _waiting(self) -> Iterator[None]:
        """Leave some threads to other requests, since each request that renders or waits holds a thread."""
        if not self._room.acquire(timeout=SECONDS_TO_WAIT_TO_WAIT):
            raise Crowded
        try:
            yield
        finally:
            self._room.release()

    def _run(self, file: BinaryIO, kind: str, side: int, client: int | None, gone: Gone) -> bytes:
        """Run a job with the light budget, then with the large one if it needs more."""
        light, large = (Job(kind, side, budget) for budget in (self.plan.light, self.plan.large))
        with descriptor(file) as picture:
            with self._light.hold(gone, SECONDS_TO_WAIT_FOR_SLOT), suppress(GivesWay):
                reply = PROCESS.run(light, picture, client, self._check(gone))
                if reply and reply.status in {Status.DONE, Status.MALFORMED}:
                    return content_of(reply)
            if self._large.waiting >= MOST_LARGE:
                raise Crowded
            with self._large.hold(gone, SECONDS_TO_WAIT_AS_LARGE):
                reply = PROCESS.run(large, picture, client, partial(check_client, gone))
        return content_of(reply)

    def _check(self, gone: Gone) -> Callable[[], None]:
        """Return the function that ends a light rendering if no client waits or others need the slot."""
        end = time.monotonic() + SECONDS_TO_STAY

        def check_light() -> None:
            check_client(gone)
            if time.monotonic() > end and self._light.are_wanted():
                raise GivesWay

        return check_light


def check_client(gone: Gone) -> None:
    """Raise Abandoned if no client waits any more."""
    if gone():
        raise Abandoned


def content_of(reply: Reply | None) -> bytes:
    """Return the content of a reply. Raises Reported (Malformed) or RenderingTooCostly if the job failed."""
    if reply and reply.status is Status.DONE:
        return reply.content
    if reply is None or reply.status is Status.EXCEEDED:
        raise RenderingTooCostly
    raise Reported(reply.content.decode())


def left(client: int | None) -> bool:
    """Tell whether a client has closed its connection."""
    return client is not None and hung_up(client)


@contextmanager
def descriptor(file: BinaryIO) -> Iterator[int]:
    """Yield a descriptor of a file. A file in memory is copied to an unnamed file for this."""
    with ExitStack() as files:
        try:
            number = file.fileno()
        except OSError:
            copy = files.enter_context(open(os.memfd_create("imagehost-picture"), "wb", buffering=0))  # noqa: PTH123
            file.seek(0)
            while block := file.read(formats.BUFFER):
                copy.write(block)
            number = copy.fileno()
        yield number
