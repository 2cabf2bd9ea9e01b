"""Run a ``flask`` command as a fork of a server that has loaded the packages: ``preloaded.py SOCKET WORD…``.

To load them takes most of the time of a command. Each command loads the project's own modules, of the
installed version, which tests.forked cannot do: it has loaded the modules of this project.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path

PACKAGES = (
    *("alembic.command", "environs", "flask.cli", "flask_babel", "flask_migrate.cli", "gunicorn", "limits"),
    *("PIL.Image", "psycopg2", "sqlalchemy.dialects.postgresql", "sqlalchemy.orm", "whitenoise"),
)
LARGEST = 1024 * 1024


@contextmanager
def running(path: Path):
    """Run the server."""
    with subprocess.Popen([sys.executable, __file__, path]) as server:
        try:
            yield
        finally:
            server.kill()


def serve(path: str) -> None:
    """Fork a process for each command."""
    # The folder of this script has modules that commands must not import.
    sys.path.pop(0)
    for name in PACKAGES:
        import_module(name)
    # The kernel removes processes that have ended.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as server:
        server.bind(f"{path}.new")
        server.listen()
        # From now on, commands find it.
        Path(f"{path}.new").rename(path)
        while True:
            line, _ = server.accept()
            if not os.fork():
                server.close()
                answer(line)
                return
            line.close()


def answer(line: socket.socket) -> None:
    """Run a command in a child, and send its exit status."""
    request, files, _, _ = socket.recv_fds(line, LARGEST, 3)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    child = os.fork()
    if child:
        _, status = os.waitpid(child, 0)
        code = os.waitstatus_to_exitcode(status)
        # A shell reports signals in this way.
        line.send(str(code if code >= 0 else 128 - code).encode())
        return
    line.close()
    words, folder, mask, environment = json.loads(request)
    for standard, file in enumerate(files):
        os.dup2(file, standard)
        os.close(file)
    os.chdir(folder)
    os.umask(mask)
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    sys.argv = ["flask", *words]
    import_module("flask.cli").main()


def ask(path: str, *words: str) -> int:
    """Let the server run a command, and return its exit status."""
    os.umask(mask := os.umask(0))
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as line:
        line.connect(path)
        request = json.dumps([words, str(Path.cwd()), mask, dict(os.environ)]).encode()
        socket.send_fds(line, [request], [0, 1, 2])
        return int(line.recv(100) or 1)


if __name__ == "__main__":
    if sys.argv[2:]:
        sys.exit(ask(*sys.argv[1:]))
    serve(sys.argv[1])
