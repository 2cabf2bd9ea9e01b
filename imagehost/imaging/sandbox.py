"""The process of one job: limited by the kernel, and killed when nobody waits for its result any more."""

import fcntl
import io
import os
import resource
import select
import signal
import socket
from typing import BinaryIO, NoReturn

from PIL import AvifImagePlugin, Image

from imagehost import formats
from imagehost.imaging import proving, rendering
from imagehost.imaging.jobs import Budget, Job, Reply, Status

MOST_FILES = 64
"""Open files of a job's process: its picture, its socket, and modules that it loads."""
BYTES_A_PIXEL = 16
"""That decoding takes at most, or little more: four channels, in the decoder's buffers and in Pillow's."""
SPARE = 32 * 1024 * 1024


def run(job: Job, picture: int, result: socket.socket) -> NoReturn:
    """Do a job in this process, send its reply and end."""
    die_without(result)
    confine(job.budget)
    with open(picture, "rb", closefd=False) as stream:
        reply = outcome(job, stream)
    # Reading of the reply would raise the signal as well.
    fcntl.fcntl(result, fcntl.F_SETFL, fcntl.fcntl(result, fcntl.F_GETFL) & ~os.O_ASYNC)
    result.sendall(reply.encode())
    os._exit(0)


def die_without(peer: socket.socket) -> None:
    """Let the kernel kill this process when the other end of a socket is closed.

    SIGIO does so by default. The client may be gone before the signal is asked for.
    """
    fcntl.fcntl(peer, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(peer, fcntl.F_SETFL, fcntl.fcntl(peer, fcntl.F_GETFL) | os.O_ASYNC)
    poll = select.poll()
    poll.register(peer, 0)
    if poll.poll(0):
        os._exit(1)


def confine(budget: Budget) -> None:
    """Limit memory and time of this process. The kernel kills it when its time is up."""
    if budget.nice:
        os.nice(budget.nice)
    memory = mapped() + budget.memory
    limits = {
        resource.RLIMIT_AS: memory,
        resource.RLIMIT_CPU: budget.cpu_seconds,
        resource.RLIMIT_NOFILE: MOST_FILES,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_CORE: 0,
    }
    for limit, value in limits.items():
        _, hard = resource.getrlimit(limit)
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(limit, (value, value))
    signal.setitimer(signal.ITIMER_REAL, budget.wall_seconds)


def mapped() -> int:
    """Return the bytes of address space that this process has."""
    with open("/proc/self/statm", "rb") as statm:  # noqa: PTH123  # a Path would be slower
        return int(statm.read().split()[0]) * resource.getpagesize()


def outcome(job: Job, stream: BinaryIO) -> Reply:
    """Do a job and describe how it ended."""
    budget = job.budget
    canvas = formats.Canvas(formats.Limits(budget.pixels, work=budget.work))
    try:
        if job.side:
            return Reply(Status.DONE, rendering.render(stream, job.kind, job.side, canvas))
        for _ in formats.walk(job.kind, stream, canvas):
            pass
        return Reply(Status.DONE, str(proving.prove(job.kind, stream)).encode())
    except (MemoryError, formats.PixelLimit, formats.WorkLimit):
        return Reply(Status.EXCEEDED)
    except formats.Malformed as error:
        short = canvas.width * canvas.height * BYTES_A_PIXEL + SPARE > budget.memory
        from_library = error.__cause__ is not None and not isinstance(error.__cause__, formats.Malformed)
        return Reply(Status.FAILED if short and from_library else Status.MALFORMED, str(error).encode())


def rehearse() -> None:
    """Load what jobs need, and render a small picture."""
    Image.init()
    # Its threads would each take address space.
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1
    sample = io.BytesIO()
    Image.new("RGB", (32, 32)).save(sample, "JPEG")
    rendering.render(sample, "jpg", 16)
