"""The process of one job: limited by the kernel, and killed when no client waits for its result any more."""

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
"""The maximum number of open files of a job's process: its picture, its socket, and modules that it loads."""
DECODING_BYTES_PER_PIXEL = 16
"""The approximate maximum bytes per pixel for decoding: four channels, in buffers of decoder and Pillow."""
SPARE = 32 * 1024 * 1024


def run_job(job: Job, picture: int, result: socket.socket) -> NoReturn:
    """Run a job in this process, send its reply and exit. ``picture`` is the descriptor of its file."""
    die_without(result)
    confine(job.budget)
    with open(picture, "rb", closefd=False) as stream:
        reply = outcome(job, stream)
    # Otherwise the signal would also be raised when the other end reads the reply.
    fcntl.fcntl(result, fcntl.F_SETFL, fcntl.fcntl(result, fcntl.F_GETFL) & ~os.O_ASYNC)
    result.sendall(reply.encode())
    os._exit(0)


def die_without(peer: socket.socket) -> None:
    """Let the kernel kill this process when the other end of a socket is closed.

    SIGIO does this by default. The poll detects an end that was closed before the signal was requested.
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
    """Return the size of this process's address space in bytes."""
    with open("/proc/self/statm", "rb") as statm:  # noqa: PTH123  # a Path would be slower
        return int(statm.read().split()[0]) * resource.getpagesize()


def outcome(job: Job, stream: BinaryIO) -> Reply:
    """Run a job and return its reply."""
    budget = job.budget
    canvas = formats.Canvas(formats.Limits(budget.pixels, work=budget.work))
    try:
        if job.side:
            return Reply(Status.DONE, rendering.render_picture(stream, job.kind, job.side, canvas))
        for _ in formats.walk_picture(job.kind, stream, canvas):
            pass
        return Reply(Status.DONE, str(proving.prove_picture(job.kind, stream)).encode())
    except (MemoryError, formats.PixelLimit, formats.WorkLimit):
        return Reply(Status.EXCEEDED)
    except formats.Malformed as error:
        short = canvas.width * canvas.height * DECODING_BYTES_PER_PIXEL + SPARE > budget.memory
        from_library = error.__cause__ is not None and not isinstance(error.__cause__, formats.Malformed)
        return Reply(Status.FAILED if short and from_library else Status.MALFORMED, str(error).encode())


def rehearse() -> None:
    """Load what jobs need, and render a small picture."""
    Image.init()
    # Each thread of the decoder would take address space.
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1
    sample = io.BytesIO()
    Image.new("RGB", (32, 32)).save(sample, "JPEG")
    rendering.render_picture(sample, "jpg", 16)
