"""Record the SQL statements of this version: ``.venv/bin/python -m tests.db.recording``.

``statements/<revision>.json`` contains, for each database, the statements of the version that has this
revision as its newest migration. Later versions check that these statements run on their tables
(``test_previous_version.py``).

The recording is a test, since it needs the fixtures. pytest finds it only if this file is named.
"""

import json
import re
import sys
from datetime import date, datetime
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from flask import Flask

from imagehost.db.models import Base
from imagehost.settings.reader import ROOT
from tests.applications import host_of
from tests.db.host_use import use_host
from tests.services.test_growth import heard

FOLDER = Path(__file__).with_name("statements")
OURS = re.compile(rf"\b({'|'.join(Base.metadata.tables)})\b")
"""Only statements that name one of our tables depend on migrations."""
TYPES = {f"${kind.__name__}": kind for kind in (datetime, date)}
"""How values without a form in JSON are written: {"$date": "2100-01-01"}."""

Statements = dict[str, object]
"""The text of each statement, and parameters with which it was executed."""


def head() -> str:
    """Return the newest revision."""
    return str(ScriptDirectory(str(ROOT / "migrations")).get_current_head())


def record(app: Flask, folder: Path) -> Statements:
    """Use a host, and return the statements that it executed. ``folder`` is for exports."""
    with heard(host_of(app)) as executed:
        use_host(app, folder)
    found: Statements = {}
    for text, parameters in executed:
        # A list has the parameters of several rows; the first row is enough.
        first = parameters[0] if isinstance(parameters, list) else parameters
        if OURS.search(text) and not text.startswith("PRAGMA"):
            found.setdefault(text, first)
    return found


def database_of(app: Flask) -> str:
    """Return the name of the database: sqlite or postgresql."""
    return host_of(app).database.engine.dialect.name


def path_of(revision: str) -> Path:
    return FOLDER / f"{revision}.json"


def read(revision: str) -> dict[str, Statements]:
    """Return the recorded statements of a version for each database, or nothing if there is no file."""
    path = path_of(revision)
    return json.loads(path.read_text(), object_hook=decode) if path.exists() else {}


def write(revision: str, recorded: dict[str, Statements]) -> None:
    FOLDER.mkdir(exist_ok=True)
    text = json.dumps(recorded, default=encode, indent=1, sort_keys=True, ensure_ascii=False)
    path_of(revision).write_text(f"{text}\n")


def encode(value: date) -> dict[str, str]:
    return {f"${type(value).__name__}": value.isoformat()}


def decode(found: dict[str, object]) -> object:
    """Return the value that ``encode`` encoded, or the dictionary itself."""
    ((name, value),) = found.items() if len(found) == 1 else [("", None)]
    return TYPES[name].fromisoformat(value) if name in TYPES else found


def test_write_the_statements(app, tmp_path):
    database, revision = database_of(app), head()
    before = read(revision)
    # Parameters are partly random. Known statements keep theirs, so that a change of the file is short.
    known = before.get(database, {})
    found = {
        text: known.get(text, parameters) for text, parameters in record(app, tmp_path / "export").items()
    }
    write(revision, before | {database: found})


if __name__ == "__main__":
    sys.exit(pytest.main(["-p", "no:cacheprovider", __file__]))
