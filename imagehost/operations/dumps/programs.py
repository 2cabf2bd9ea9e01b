"""Find PostgreSQL's programs, and run them on a database."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, cast

import sqlalchemy as sa

from imagehost.domain.failures import Failure, Undone
from imagehost.logs.setup import one_line

DEBIAN = Path("/usr/lib/postgresql")
"""The folder in which Debian installs the programs of each version."""
SCRIPT_FAILED = 3
"""psql's exit status if the server refused a statement. The transaction is rolled back in this case."""
LONGEST_COMPLAINT = 64 * 1024
"""The maximum bytes that are read of a program's messages. The first error in them is reported."""
FOR_POSTGRESQL = re.compile(
    "(PATH|HOME|USER|LOGNAME|LANG|TZ|TMPDIR|LD_LIBRARY_PATH)$|PG|LC_|KRB5|SSL_|OPENSSL_"
)
"""Matches the names of the environment variables that PostgreSQL's programs may need to connect."""


def run_program(program: str, url: sa.URL, *arguments: str, script: Iterable[bytes] = ()) -> None:
    """Run a program of PostgreSQL on a database, with a script as its input.

    Raises Undone or Failure with the program's message, and the errors of reading the script.
    """
    # The password must not be in the address, which is visible as an argument. It may also be in the query.
    # url.set() would keep it.
    options = {name: value for name, value in url.query.items() if name != "password"}
    address = sa.URL.create("postgresql", url.username, None, url.host, url.port, url.database, options)
    command = [program, "--no-password", f"--dbname={address.render_as_string()}", *arguments]
    environment = postgresql_environment(url.password or url.query.get("password"))
    with TemporaryFile() as said:
        # No shell is used, and no argument comes from a client.
        with subprocess.Popen(  # noqa: S603  # see above
            command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=said
        ) as process:
            feed(cast("IO[bytes]", process.stdin), script)
            status = process.wait()
        said.seek(0)
        complaint = reason(said.read(LONGEST_COMPLAINT).decode(errors="replace"))
    if status == SCRIPT_FAILED:
        raise Undone(complaint)
    if status:
        raise Failure(complaint or f"{Path(program).name} exited with status {status}.")


def feed(pipe: IO[bytes], script: Iterable[bytes]) -> None:
    """Write a program's input. If the program ends earlier, its messages contain the reason."""
    with suppress(BrokenPipeError), pipe:
        for piece in script:
            pipe.write(piece)


def find_program(program: str, connection: sa.Connection) -> str:
    """Return the path of a program that fits the server's version. Raises Failure if there is none."""
    server = int(connection.exec_driver_sql("SHOW server_version_num").scalar_one()) // 10000
    found = {major(path): path for path in candidates(program)}
    if not found:
        raise Failure(f"{program} is not installed. On Debian: apt-get install postgresql-client-{server}")
    # The server's own version is preferred: a newer program writes settings that the server may not know.
    fitting = [server] if server in found else sorted(version for version in found if version > server)
    if not fitting:
        raise Failure(
            f"{program} has version {max(found)}, but the server has version {server}. "
            f"{program} must not be older than the server. "
            f"On Debian: apt-get install postgresql-client-{server}"
        )
    return found[fitting[0]]


def candidates(program: str) -> list[str]:
    """Return the paths of all programs of a name.

    The program on the PATH is the last, so that ``find_program`` prefers it among those of its version.
    """
    on_path = shutil.which(program)
    return [*map(str, sorted(DEBIAN.glob(f"*/bin/{program}"))), *([on_path] if on_path else [])]


def major(program: str) -> int:
    """Return the major version of a program, or 0 if it does not report one."""
    command = [program, "--version"]
    said = subprocess.run(command, capture_output=True, text=True, check=False).stdout  # noqa: S603  # as above
    version = re.search(r"\(PostgreSQL\) (\d+)", said)
    return int(version[1]) if version else 0


def reason(said: str) -> str:
    """Return the first error in a program's messages, or else the first line."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    complaints = [line for line in lines if re.search("error|fatal", line, re.IGNORECASE)] or lines
    return one_line(re.sub(r"^.*?ERROR:\s*", "", complaints[0])) if complaints else ""


def postgresql_environment(password: object) -> dict[str, str]:
    """Return the environment for PostgreSQL's programs.

    It has the variables that the connection may need, but neither this host's secrets nor variables that name
    a program (a pager, an editor). It has the password, because all users can see the arguments of a process.
    """
    kept = {name: value for name, value in os.environ.items() if FOR_POSTGRESQL.match(name)}
    # In other encodings, a character may contain a byte that has a special meaning to psql.
    return {**kept, "PGCLIENTENCODING": "UTF8", **({"PGPASSWORD": str(password)} if password else {})}
