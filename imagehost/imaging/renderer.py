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
"""Requests of one process that may render or wait for it, of its 32 threads."""
SECONDS_TO_WAIT_TO_WAIT = 1
SECONDS_TO_WAIT = 10
"""For a slot, or for another request that renders the same picture."""
SECONDS_TO_WAIT_AS_LARGE, MOST_LARGE = 15, 8
"""For the slot of large renderings, and how many may wait for it, so that others find a thread."""
SECONDS_TO_STAY = 1
"""In a slot for light renderings, if others wait for it: whatever takes longer goes on as a large one."""
MAX_PIXELS = 100_000_000

Client = Callable[[], int | None]
"""Returns the descriptor of the connection whose request this thread answers, if there is one."""
PROCESS = Process()
"""The server of this process, whatever number of renderers it has: all limits come with the jobs."""


class TooCostly(Exception):
    """Rendering a picture takes more memory or time than there is for one."""

    def __init__(self) -> None:
        super().__init__("it takes too much memory or time to render")


class Renderer:
    """Renders pictures. Processes that are forked from the one that built it share its slots."""

    def __init__(self, plan: Plan | None = None, client: Client = lambda: None) -> None:
        self.plan = plan or Plan.of(available(), 1, MAX_PIXELS)
        self._client = client
        file, at_once = LockFile(), self.plan.at_once
        self._light, self._large = (
            Slots(file, range(at_once), at_once),
            Slots(file, [at_once + 1], at_once + 2),
        )
        self._turns = Turns(file, at_once + 3)
        self._room = threading.BoundedSemaphore(MOST_WAITING)

    def start(self) -> None:
        """Start the server before the first picture comes."""
        PROCESS.start()

    @contextmanager
    def turn(self, name: str) -> Iterator[Gone]:
        """Wait until no other thread or process renders the picture of this name.

        Yields what ``render`` has to know: whether nobody waits for the result any more, neither this client
        nor one in the queue. Raises NotNow.
        """
        client = self._client()
        with (
            self._waiting(),
            self._turns.of(name) as slots,
            slots.hold(lambda: left(client), SECONDS_TO_WAIT),
        ):
            yield lambda: left(client) and not slots.waiting

    def render(self, file: BinaryIO, kind: str, side: int, gone: Gone) -> bytes:
        """Make a WebP of at most ``side`` × ``side`` pixels, upright, of the first frame.

        Raises formats.Malformed if the pixels cannot be decoded, TooCostly, NotNow.
        """
        return self._run(file, kind, side, gone)

    def prove(self, kind: str, file: BinaryIO) -> int:
        """Decide whether a picture whose end marker was missing is whole.

        Returns how many bytes before the marker are no part of it.

        Raises:
            formats.Malformed, TooCostly, NotNow.
        """
        client = self._client()
        with self._waiting():
            return int(self._run(file, kind, 0, lambda: left(client)))

    @contextmanager
    def _waiting(self) -> Iterator[None]:
        """Leave some threads to other requests: whoever renders or waits holds one."""
        if not self._room.acquire(timeout=SECONDS_TO_WAIT_TO_WAIT):
            raise Crowded
        try:
            yield
        finally:
            self._room.release()

    def _run(self, file: BinaryIO, kind: str, side: int, gone: Gone) -> bytes:
        """Do a job with the light budget, then with the large one if it needs more."""
        light, large = (Job(kind, side, budget) for budget in (self.plan.light, self.plan.large))
        with descriptor(file) as picture:
            with self._light.hold(gone, SECONDS_TO_WAIT), suppress(GivesWay):
                reply = PROCESS.run(light, picture, self._client(), self._check(gone))
                if reply and reply.status in {Status.DONE, Status.MALFORMED}:
                    return content_of(reply)
            if self._large.waiting >= MOST_LARGE:
                raise Crowded
            with self._large.hold(gone, SECONDS_TO_WAIT_AS_LARGE):
                reply = PROCESS.run(large, picture, self._client(), partial(check, gone))
        return content_of(reply)

    def _check(self, gone: Gone) -> Callable[[], None]:
        """Return the function that ends a light rendering which nobody waits for, or whose slot is needed."""
        end = time.monotonic() + SECONDS_TO_STAY

        def check_light() -> None:
            check(gone)
            if time.monotonic() > end and self._light.are_wanted():
                raise GivesWay

        return check_light


def check(gone: Gone) -> None:
    """Raise Abandoned if nobody waits any more."""
    if gone():
        raise Abandoned


def content_of(reply: Reply | None) -> bytes:
    """Return what a job made. Raises formats.Malformed, TooCostly."""
    if reply and reply.status is Status.DONE:
        return reply.content
    if reply is None or reply.status is Status.EXCEEDED:
        raise TooCostly
    raise Reported(reply.content.decode())


def left(client: int | None) -> bool:
    """Tell whether a client has closed its connection."""
    return client is not None and hung_up(client)


@contextmanager
def descriptor(file: BinaryIO) -> Iterator[int]:
    """Lend a descriptor of a file, also of one in memory."""
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
