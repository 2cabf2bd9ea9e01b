"""Forks a process for each job: ``python -m imagehost.imaging.fork_server <descriptor>``.

Such a process has Pillow loaded, and nothing of the web process: no Flask, no database, no files. The server
ends when the other end of its socket is closed, as the kernel does when the web process dies.
"""

import contextlib
import gc
import os
import signal
import socket
import sys

from imagehost.imaging import sandbox
from imagehost.imaging.jobs import MAX_REQUEST, Job, Reply, Status


def serve(requests: socket.socket) -> None:
    """Take jobs until the web process closes its end."""
    while True:
        datagram, descriptors, _, _ = socket.recv_fds(requests, MAX_REQUEST, 2)
        if not datagram:
            return
        picture, result = descriptors
        with socket.socket(fileno=result) as answer:
            try:
                start(datagram, requests, picture, answer)
            finally:
                os.close(picture)


def start(datagram: bytes, requests: socket.socket, picture: int, answer: socket.socket) -> None:
    """Fork the process of a job, or say that it cannot be done."""
    try:
        child = os.fork()
    except OSError:
        with contextlib.suppress(OSError):
            answer.sendall(Reply(Status.BUSY).encode())
        return
    if child:
        return
    try:
        requests.close()
        sandbox.run(Job.decode(datagram), picture, answer)
    finally:
        # Only after an error, which the web process sees by a reply that is missing.
        os._exit(1)


def main() -> None:
    """Load everything, then serve."""
    requests = socket.socket(fileno=int(sys.argv[1]))
    # The end of the web process decides: until then it may wait for a rendition, also after Ctrl-C.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    # The kernel removes processes that have ended.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    sandbox.rehearse()
    # What is loaded stays: no search for garbage copies the pages that all jobs share.
    gc.freeze()
    serve(requests)


if __name__ == "__main__":
    main()
