"""Programs of imagehost in processes that are forked from one that has loaded their modules.

To load the modules takes ten times as long as most commands. Such a process has its own environment, session
and output, like one that a shell starts.
"""

import atexit
import contextlib
import ctypes
import logging
import os
import runpy
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from multiprocessing import get_context
from pathlib import Path
from types import TracebackType
from typing import Self

from imagehost.imaging.renderer import PROCESS
from imagehost.settings.reader import ROOT

PR_SET_PTRACER = 0x59616D61
"""A constant of Linux (include/uapi/linux/prctl.h)."""
FORK_SERVER = get_context("forkserver")
FORK_SERVER.set_forkserver_preload(
    [__name__, "tests.applications", "flask.cli", "flask_migrate.cli", "gunicorn.app.wsgiapp", "psycopg2"]
)


class Forked:
    """A running program. Its methods are those of subprocess.Popen."""

    def __init__(
        self,
        words: Sequence[str],
        environment: Mapping[str, str],
        output: Path = Path(os.devnull),
        errors: Path | None = None,
        *,
        stopped: bool = False,
    ) -> None:
        """Start ``python -m`` with these words.

        Args:
            words: the module and its arguments.
            environment: the whole environment.
            output: the file for stdout.
            errors: the file for stderr, or None for the same file.
            stopped: whether it waits for SIGCONT at the start, until a tracer watches it.
        """
        os.umask(mask := os.umask(0))
        arguments = (list(words), dict(environment), mask, str(output), str(errors or output), stopped)
        output.touch()
        self.process = FORK_SERVER.Process(target=run_module, args=arguments, daemon=False)
        self.process.start()
        self.pid: int = self.process.pid

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Kill the program and all processes of its session."""
        self.kill()
        self.wait()

    @property
    def returncode(self) -> int | None:
        return self.process.exitcode

    def poll(self) -> int | None:
        return self.process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        self.process.join(timeout)
        if self.returncode is None:
            raise subprocess.TimeoutExpired("a forked program", timeout or 0)
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.returncode is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.process.terminate()

    def kill(self) -> None:
        """Kill the program and all processes of its session."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        # It has no session yet if it was just forked.
        self.process.kill()


def run_module(
    words: list[str], environment: dict[str, str], mask: int, output: str, errors: str, stopped: bool
) -> None:
    """Run a module like ``python -m``, in its own session and in the project's folder."""
    os.setsid()
    os.chdir(ROOT)
    os.umask(mask)
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    for standard, path in enumerate((os.devnull, output, errors)):
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        os.dup2(file, standard)
        os.close(file)
    if stopped:
        allow_watching()
        os.kill(os.getpid(), signal.SIGSTOP)
    # Python 3.13 forgets those that were registered before the fork.
    for function in (logging.shutdown, PROCESS.stop):
        atexit.unregister(function)
        atexit.register(function)
    sys.argv = words
    try:
        runpy.run_module(words[0], run_name="__main__")
    finally:
        # Before Python 3.13, multiprocessing ends its processes without them.
        atexit._run_exitfuncs()


def allow_watching() -> None:
    """Let any process of this user attach to this one. Some systems allow this only for parents (Yama)."""
    ctypes.CDLL(None).prctl(PR_SET_PTRACER, ctypes.c_ulong(-1), 0, 0, 0)
