"""PostgreSQL's own programs: found, and run on a database."""

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
from imagehost.settings.reader import postgresql_environment

DEBIAN = Path("/usr/lib/postgresql")
"""Where Debian keeps the programs of each version."""
SCRIPT_FAILED = 3
"""How psql ends where the server refused a statement; the transaction is undone then."""
LONGEST_COMPLAINT = 64 * 1024
"""Bytes of a program's messages that are read; the first complaint is reported."""


def run(program: str, url: sa.URL, *arguments: str, script: Iterable[bytes] = ()) -> None:
    """Run a program of PostgreSQL on a database, with a script as its input.

    Raises Undone or Failure with the program's message, and the errors of reading the script.
    """
    # Without the password, which set() would keep, and which may stand among the options too.
    options = {name: value for name, value in url.query.items() if name != "password"}
    address = sa.URL.create("postgresql", url.username, None, url.host, url.port, url.database, options)
    command = [program, "--no-password", f"--dbname={address.render_as_string()}", *arguments]
    environment = postgresql_environment(url.password or url.query.get("password"))
    with TemporaryFile() as said:
        # There is no shell, and no argument comes from a client.
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
        raise Failure(complaint or f"{Path(program).name} ended with status {status}.")


def feed(pipe: IO[bytes], script: Iterable[bytes]) -> None:
    """Write a program's input. If the program ends before, it has reported the reason itself."""
    with suppress(BrokenPipeError), pipe:
        for piece in script:
            pipe.write(piece)


def find(program: str, connection: sa.Connection) -> str:
    """Find a program that fits the server, best of its own version. Raises Failure."""
    server = int(connection.exec_driver_sql("SHOW server_version_num").scalar_one()) // 10000
    found = {major(path): path for path in candidates(program)}
    if not found:
        raise Failure(f"{program} is not installed. On Debian: apt-get install postgresql-client-{server}")
    # A newer one writes settings that an older server may not know, so its own version is best.
    fitting = [server] if server in found else sorted(version for version in found if version > server)
    if not fitting:
        raise Failure(
            f"{program} is of version {max(found)}, the server of {server}: an older one does not know what "
            f"a newer server has. On Debian: apt-get install postgresql-client-{server}"
        )
    return found[fitting[0]]


def candidates(program: str) -> list[str]:
    """List the programs of that name; what is on the PATH comes last, and so counts among its version."""
    on_path = shutil.which(program)
    return [*map(str, sorted(DEBIAN.glob(f"*/bin/{program}"))), *([on_path] if on_path else [])]


def major(program: str) -> int:
    """Ask a program for its major version; 0 where it tells none."""
    command = [program, "--version"]
    said = subprocess.run(command, capture_output=True, text=True, check=False).stdout  # noqa: S603  # as above
    version = re.search(r"\(PostgreSQL\) (\d+)", said)
    return int(version[1]) if version else 0


def reason(said: str) -> str:
    """Take the first complaint from what a program said."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    complaints = [line for line in lines if re.search("error|fatal", line, re.IGNORECASE)] or lines
    return one_line(re.sub(r"^.*?ERROR:\s*", "", complaints[0])) if complaints else ""
