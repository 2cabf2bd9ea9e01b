"""Fork a process for each job: ``python -m imagehost.imaging.fork_server <descriptor>``.

Such a process has loaded Pillow, but has nothing of the web process: no Flask, no database, no files. The
server exits when the other end of its socket is closed; the kernel closes it when the web process dies.
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
    """Receive jobs until the web process closes its end of the socket."""
    while True:
        datagram, descriptors, _, _ = socket.recv_fds(requests, MAX_REQUEST, 2)
        if not datagram:
            return
        picture, result = descriptors
        with socket.socket(fileno=result) as answer:
            try:
                start_fork_server(datagram, requests, picture, answer)
            finally:
                os.close(picture)


def start_fork_server(datagram: bytes, requests: socket.socket, picture: int, answer: socket.socket) -> None:
    """Fork the process of a job, or reply that this is not possible."""
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
        sandbox.run_job(Job.decode(datagram), picture, answer)
    finally:
        # This runs only after an error. The web process detects the error by the missing reply.
        os._exit(1)


def run_fork_server() -> None:
    """Load everything, then serve."""
    requests = socket.socket(fileno=int(sys.argv[1]))
    # The server runs as long as the web process, which may wait for a rendition even after Ctrl-C.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    # The kernel removes processes that have ended.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    sandbox.rehearse()
    # Exclude loaded objects from garbage collection, which would copy memory pages that all jobs share.
    gc.freeze()
    serve(requests)


if __name__ == "__main__":
    run_fork_server()
