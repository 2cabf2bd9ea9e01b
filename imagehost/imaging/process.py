"""The client of the fork server. Each web process has one server, which is started again if it died."""

import atexit
import logging
import os
import select
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import imagehost
from imagehost.imaging.jobs import MAX_REPLY, REPLY_HEAD, Job, Reply, Status
from imagehost.imaging.waiting import Unusable, hung_up

CODE_FOLDER = Path(imagehost.__file__).parent.parent
STARTS_PER_JOB = 2
SECONDS_OF_SLACK = 10
"""Seconds after a job's time limit until the server is considered to hang."""
PAUSE = 0.25
"""Seconds between two checks whether a job must continue."""
SECONDS_TO_CLOSE_FILES = 0.1
"""Seconds within which the kernel closes the open files of a killed server."""

Check = Callable[[], None]
"""A function that raises an exception if a job must end."""

log = logging.getLogger(__name__)


class Process:
    """The fork server of this process. A forked child starts its own server."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._owner = 0
        self._server: subprocess.Popen[bytes] | None = None
        self._requests: socket.socket | None = None
        self.jobs = 0
        """The number of jobs that were sent, including repeated ones."""
        atexit.register(self.stop)

    @property
    def id(self) -> int | None:
        """The process id of the server, or None if there is no server."""
        return self._server.pid if self._server and self._owner == os.getpid() else None

    def start(self) -> socket.socket:
        """Start the server if there is none, and return its socket. Raises Unusable."""
        with self._lock:
            if self._owner != os.getpid():
                self._forget()
            if self._requests is None:
                self._requests = self._start()
            return self._requests

    def _start(self) -> socket.socket:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        number = theirs.fileno()
        command = [sys.executable, "-m", "imagehost.imaging.fork_server", str(number)]
        with theirs:
            try:
                self._server = subprocess.Popen(  # noqa: S603  # no user input in it
                    command, cwd=CODE_FOLDER, stdin=subprocess.DEVNULL, pass_fds=[number]
                )
            except OSError as error:
                ours.close()
                raise Unusable from error
        self._owner = os.getpid()
        return ours

    def _forget(self) -> None:
        """Close the socket of the parent process, whose server this process must not use."""
        if self._server:
            self._server.returncode = 0
        if self._requests:
            self._requests.close()
        self._server = self._requests = None

    def stop(self, requests: socket.socket | None = None) -> None:
        """Stop the server, or only the server of the socket ``requests``. Running jobs continue."""
        with self._lock:
            if self._owner != os.getpid() or requests not in {None, self._requests}:
                return
            if self._requests:
                self._requests.close()
            if self._server:
                self._server.kill()
                self._server.wait()
            self._server = self._requests = None

    def run(self, job: Job, picture: int, client: int | None, check: Check) -> Reply | None:
        """Run a job and return its reply, or None if the kernel killed it. Raises Unusable.

        Args:
            job: the job.
            picture: the descriptor of the picture file.
            client: the descriptor of the client's connection, if there is one.
            check: a function that is called when that connection is closed, and every PAUSE seconds. If it
                raises an exception, the job is killed.
        """
        for _ in range(STARTS_PER_JOB):
            requests = self.start()
            ours, theirs = socket.socketpair()
            with ours:
                with theirs:
                    sent = send_request(requests, job, [picture, theirs.fileno()])
                self.jobs += 1
                deadline = time.monotonic() + job.budget.wall_seconds + SECONDS_OF_SLACK
                reply = receive_reply(ours, client, check, deadline) if sent else None
            if reply and reply.status is Status.BUSY:
                raise Unusable
            late = time.monotonic() > deadline
            if reply or (sent and not late and not hung_up(requests, SECONDS_TO_CLOSE_FILES)):
                return reply
            log.warning("the fork server of the renderer ended or does not respond: starting another one")
            self.stop(requests)
        raise Unusable


def send_request(requests: socket.socket, job: Job, descriptors: list[int]) -> bool:
    """Send a job; return whether the server took it."""
    try:
        socket.send_fds(requests, [job.encode()], descriptors)
    except OSError:
        return False
    return True


def receive_reply(result: socket.socket, client: int | None, check: Check, deadline: float) -> Reply | None:
    """Read the reply to a job. Returns None if there is none. Raises the exceptions of ``check``."""
    poll = select.poll()
    poll.register(result, select.POLLIN)
    if client is not None:
        poll.register(client, select.POLLRDHUP)
    received = bytearray()
    while (left := deadline - time.monotonic()) > 0:
        ready = dict(poll.poll(1000 * min(left, PAUSE)))
        check()
        if client in ready:
            # Other clients still wait for the same result.
            poll.unregister(client)
        if result.fileno() not in ready:
            continue
        try:
            data = result.recv(64 * 1024)
        except ConnectionError:
            return None
        received += data
        if (reply := parsed(received)) or not data:
            return reply
    return None


def parsed(received: bytearray) -> Reply | None:
    """Return a reply, or None until it is complete."""
    if len(received) < REPLY_HEAD.size:
        return None
    status, length = REPLY_HEAD.unpack_from(received)
    if length > MAX_REPLY or len(received) < REPLY_HEAD.size + length:
        return None
    return Reply(Status(status), bytes(received[REPLY_HEAD.size : REPLY_HEAD.size + length]))
