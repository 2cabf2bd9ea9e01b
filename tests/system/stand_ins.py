"""Replacements for several users, systemd, and packages that pip would have to download."""

import os
import shlex
import sys
import sysconfig
from pathlib import Path

from tests.postgres import Postgres
from tests.system import preloaded

PROGRAMS = {
    # There may be only one user here, so PostgreSQL gets the name of the user that sudo names.
    "sudo": 'shift; export PGUSER=$1; shift; exec "$@"',
    "chown": "",
    "pg_lsclusters": 'psql -d postgres -c "" >/dev/null 2>&1 && echo 15 main online || echo 15 main down',
    "systemctl": 'exec "$PYTHON_HERE" "$SYSTEMCTL" "$@"',
    # A new virtual environment uses the packages of this one.
    "python3": """
[ "$1 $2" = "-m venv" ] || exec "$PYTHON_HERE" "$@"
"$PYTHON_HERE" "$@" --without-pip
echo "$PACKAGES" >"$(echo "$3"/lib/python3*/site-packages)/packages.pth"
for script in flask dotenv pybabel; do
  { echo "#!$PWD/$3/bin/python"; tail -n +2 "$(dirname "$PYTHON_HERE")/$script"; } >"$3/bin/$script"
  chmod +x "$3/bin/$script"
done
# Services have no PRELOADED_SOCKET, so they run own-flask.
mv "$3/bin/flask" "$3/bin/own-flask"
echo '#!/bin/sh
[ ! -S "$PRELOADED_SOCKET" ] || exec "$PYTHON_HERE" -SE "$PRELOADED_CLIENT" "$PRELOADED_SOCKET" "$@"
exec "${0%/*}/own-flask" "$@"' >"$3/bin/flask"
chmod +x "$3"/bin/flask""",
}


def install(folder: Path, postgres: Postgres) -> dict[str, str]:
    """Install the programs in ``folder``.

    Return the environment with their path and the PostgreSQL server.
    """
    for name, script in PROGRAMS.items():
        write(folder / "bin" / name, f"#!/bin/sh\nset -e\n{script}\n").chmod(0o755)
    units, state = folder / "etc/systemd/system", folder / "run"
    state.mkdir()
    # The units of Debian's packages.
    started = shlex.join(postgres.starting())
    for name, kind, command in (("nginx", "simple", "true"), ("postgresql@15-main", "oneshot", started)):
        write(units / f"{name}.service", f"[Service]\nType={kind}\nExecStart={command}\n")
    return {
        "HOME": str(folder),
        "LANG": "C.UTF-8",
        "PATH": f"{folder}/bin:{os.environ['PATH']}:/usr/sbin",
        "PGHOST": "127.0.0.1",
        "PGPORT": str(postgres.port),
        "PGUSER": "imagehost",
        "PYTHON_HERE": sys.executable,
        "PACKAGES": sysconfig.get_path("purelib"),
        "PRELOADED_CLIENT": preloaded.__file__,
        "PRELOADED_SOCKET": str(folder.parent / "preloaded"),
        "SYSTEMCTL": str(Path(__file__).with_name("systemctl.py")),
        "UNITS": str(units),
        "STATE": str(state),
    }


def write(path: Path, text: str) -> Path:
    """Write a file, and create the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path
