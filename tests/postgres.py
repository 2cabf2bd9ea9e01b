"""A separate PostgreSQL server for the tests, on loopback, from the packages of the machine."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import psycopg2

from tests.ports import free_port

LOOPBACK = "-c listen_addresses=127.0.0.1"
QUICK = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_wal_size=64MB"

GUARDED = "guarded"
"""The only user that needs a password, if a test creates it."""


MEMORY = Path("/dev/shm")
"""A file system in memory, on which a database is made and dropped in a third of the time."""
SPACE = 2 * 1024**3
"""Bytes for the clusters of all test processes. One cluster takes less than 200 MB."""


class Postgres:
    """One cluster in a temporary folder. ``url`` is the address of a new database in it."""

    def __init__(self, *, place: str = "", durable: bool = False) -> None:
        self.options = LOOPBACK if durable else f"{LOOPBACK} {QUICK}"
        fast = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > SPACE
        place = place or (str(MEMORY) if fast else "/tmp")
        # The path must be short for the socket, and the user postgres must be able to read it.
        self.folder = Path(tempfile.mkdtemp(prefix="imagehost-pg-", dir=place))
        self.port = free_port()
        if os.geteuid() == 0:
            shutil.chown(self.folder, "postgres")
        self.folder.chmod(0o755)
        self.run("initdb", "-U", "postgres", "-A", "trust", "-N", "-E", "UTF8", "--locale=C.UTF-8")
        rules = self.folder / "data" / "pg_hba.conf"
        rules.write_text(f"host all {GUARDED} 127.0.0.1/32 scram-sha-256\n{rules.read_text()}")
        self.start()

    def start(self) -> None:
        subprocess.run(self.starting(), check=True, cwd="/tmp", stdout=subprocess.DEVNULL, timeout=60)

    def starting(self) -> list[str]:
        """The command that starts the server."""
        options = f"-p {self.port} -k {self.folder} {self.options}"
        return self.command("pg_ctl", "-w", "-s", "-l", str(self.folder / "log"), "-o", options, "start")

    def stop(self) -> None:
        self.run("pg_ctl", "-m", "immediate", "-w", "-s", "stop")

    def remove(self) -> None:
        try:
            self.stop()
        finally:
            shutil.rmtree(self.folder)

    def url(self, database: str) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    def create(self, database: str, template: str = "template0") -> str:
        self.execute(f'CREATE DATABASE "{database}" TEMPLATE "{template}"')
        return self.url(database)

    def drop(self, database: str) -> None:
        self.execute(f'DROP DATABASE "{database}" WITH (FORCE)')

    def execute(self, statement: str, database: str = "postgres") -> None:
        connection = psycopg2.connect(self.url(database))
        connection.autocommit = True
        try:
            connection.cursor().execute(statement)
        finally:
            connection.close()

    def run(self, program: str, *arguments: str) -> None:
        command = self.command(program, *arguments)
        subprocess.run(command, check=True, cwd="/tmp", stdout=subprocess.DEVNULL, timeout=60)

    def command(self, program: str, *arguments: str) -> list[str]:
        # PostgreSQL refuses to run as root.
        user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        return [*user, find(program), "-D", str(self.folder / "data"), *arguments]


class Reusable:
    """A database that tests use in turn."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.connection = psycopg2.connect(url)
        self.connection.autocommit = True

    def emptied(self) -> str:
        """Delete all rows, and return the address."""
        self.connection.cursor().execute("TRUNCATE images, image_days RESTART IDENTITY")
        return self.url

    def close(self) -> None:
        self.connection.close()


def find(program: str) -> str:
    """Return the path of a PostgreSQL program, of the newest version.

    Debian does not put them on the PATH.
    """
    candidates = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{program}"), key=version)
    found = str(candidates[-1]) if candidates else shutil.which(program)
    if not found:
        raise RuntimeError(f"the tests need PostgreSQL's {program}: run make test")
    return found


def version(path: Path) -> int:
    return int(path.parts[-3])
