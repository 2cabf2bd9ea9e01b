"""Write dumps of our SQLite tables, and load dumps with a connection that allows only what a dump needs."""

import re
import sqlite3
from collections.abc import Iterable, Iterator
from io import TextIOWrapper
from pathlib import Path

from imagehost.domain.failures import Broken
from imagehost.logs.setup import one_line
from imagehost.operations.dumps.snapshots import OWN_TABLES
from imagehost.operations.dumps.untrusted_files import open_untrusted

LONGEST_SQLITE_STATEMENT = 4 * 1024 * 1024
"""The maximum number of characters of a statement. Our statements have a few hundred."""
MOST_ENDS = 200
"""The maximum number of lines with a semicolon at the end in one statement. Our statements have one.

At each such line, the whole statement is parsed again."""
STATISTICS = ('ANALYZE "sqlite_master";', 'INSERT INTO "sqlite_stat')
"""The prefixes of statements with statistics, which older dumps have after an ANALYZE. They are skipped."""
STEPS = 1_000
"""The number of steps of SQLite's virtual machine between two counts.

Statements with fewer steps are not counted."""
STEPS_AT_LEAST = 10_000_000
STEPS_PER_BYTE = 20
"""Ten times the steps that one of our rows needs, including its indexes."""
LIMITS = {
    sqlite3.SQLITE_LIMIT_ATTACHED: 0,
    sqlite3.SQLITE_LIMIT_COMPOUND_SELECT: 1,
    sqlite3.SQLITE_LIMIT_EXPR_DEPTH: 20,
    sqlite3.SQLITE_LIMIT_LENGTH: 4 * LONGEST_SQLITE_STATEMENT,
    sqlite3.SQLITE_LIMIT_SQL_LENGTH: 4 * LONGEST_SQLITE_STATEMENT,
    sqlite3.SQLITE_LIMIT_TRIGGER_DEPTH: 1,
    sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER: 0,
}
ANYWHERE = {
    sqlite3.SQLITE_CREATE_INDEX,
    sqlite3.SQLITE_CREATE_TABLE,
    sqlite3.SQLITE_INSERT,
    sqlite3.SQLITE_READ,
    sqlite3.SQLITE_REINDEX,
}
"""The actions that are allowed on any table. SELECT is not, so nothing is computed from stored rows."""
MAKES = {sqlite3.SQLITE_CREATE_INDEX, sqlite3.SQLITE_CREATE_TABLE}
MOST_MADE = 1000
"""The maximum number of tables and indexes of a dump: each takes more space than its statement.

Our dumps have seven."""
REASONS = {
    "SQLITE_AUTH": "it contains SQL that backups of imagehost never contain",
    "SQLITE_INTERRUPT": "it needs more computing time than a normal backup of this size",
}
CATALOGUE = "sqlite_master"
SEQUENCE_TABLE = "sqlite_sequence"
SQLITE_CONSTANT = re.compile(
    r"[-+]?[0-9.]+(e[-+]?[0-9]+)?|'([^']|'')*'|NULL|TRUE|FALSE|CURRENT_(TIMESTAMP|DATE|TIME)", re.IGNORECASE
)
"""The default values that a column may have. A function would be called at the next upload."""


def dump_statements(driver: sqlite3.Connection, tables: Iterable[str]) -> Iterator[str]:
    """Yield the statements that create tables again, with their rows and indexes, in a transaction."""
    yield "BEGIN TRANSACTION;"
    made = "SELECT sql FROM sqlite_master WHERE type = ? AND tbl_name = ? AND sql IS NOT NULL ORDER BY name"
    for name in tables:
        yield from (f"{sql};" for (sql,) in driver.execute(made, ("table", name)))
        columns = [column for _, column, *_ in driver.execute(f"PRAGMA table_info({quoted(name)})")]
        values = " || ',' || ".join(f"quote({quoted(column)})" for column in columns)
        for (row,) in driver.execute(f"SELECT {values} FROM {quoted(name)}"):  # noqa: S608  # quoted names
            yield f"INSERT INTO {quoted(name)} VALUES({row});"
    for name in tables:
        yield from (f"{sql};" for (sql,) in driver.execute(made, ("index", name)))
    if driver.execute(f"SELECT 1 FROM sqlite_master WHERE name = '{SEQUENCE_TABLE}'").fetchone():  # noqa: S608  # a constant
        numbers = "SELECT quote(name) || ',' || quote(seq) FROM sqlite_sequence WHERE name = ?"
        yield f'DELETE FROM "{SEQUENCE_TABLE}";'  # noqa: S608  # a constant
        for name in tables:
            yield from (
                f'INSERT INTO "{SEQUENCE_TABLE}" VALUES({row});'
                for (row,) in driver.execute(numbers, (name,))
            )
    yield "COMMIT;"


def quoted(name: str) -> str:
    """Quote the name of a table or a column."""
    return '"' + name.replace('"', '""') + '"'


def execute_script(dump: Path, connection: sqlite3.Connection) -> None:
    """Execute a dump. Only the actions of our own dumps are allowed.

    Raises Broken, sqlite3.Error or UnicodeDecodeError.
    """
    restrict_connection(connection, dump.stat().st_size)
    statement = ""
    try:
        for statement in statements(dump):
            if not statement.startswith(STATISTICS):
                connection.execute(statement)
    except sqlite3.DatabaseError as error:
        reason = REASONS.get(getattr(error, "sqlite_errorname", ""))
        if reason is None:
            raise
        raise Broken(f"{dump.name} is refused: {reason}: {excerpt(statement)}") from error
    except sqlite3.Warning as error:
        # There are two statements on one line.
        raise Broken(f"{dump.name} is refused: {REASONS['SQLITE_AUTH']}: {excerpt(statement)}") from error
    finally:
        connection.set_authorizer(None)
        connection.set_progress_handler(None, 0)
    check_columns(dump, connection)


def restrict_connection(connection: sqlite3.Connection, size: int) -> None:
    """Limit a connection to the actions of our dumps and to the work that a dump of ``size`` bytes needs."""
    left = [STEPS_AT_LEAST + STEPS_PER_BYTE * size]
    made: list[str | None] = []

    def count() -> bool:
        left[0] -= STEPS
        return left[0] < 0

    def authorize(action: int, first: str | None, *more: str | None) -> int:
        made.extend([first] if action in MAKES else [])
        allowed = is_allowed(action, first, *more) and len(made) <= MOST_MADE
        return sqlite3.SQLITE_OK if allowed else sqlite3.SQLITE_DENY

    for limit, number in LIMITS.items():
        connection.setlimit(limit, number)
    connection.set_progress_handler(count, STEPS)
    connection.set_authorizer(authorize)


def is_allowed(
    action: int, first: str | None, _: str | None, database: str | None, within: str | None
) -> bool:
    """Tell whether a statement may do an action. SQLite calls this before each action."""
    if action == sqlite3.SQLITE_TRANSACTION:
        return True
    of_catalogue = action == sqlite3.SQLITE_UPDATE and first == CATALOGUE
    of_sequence = action == sqlite3.SQLITE_DELETE and first == SEQUENCE_TABLE
    allowed = action in ANYWHERE or of_catalogue or of_sequence
    return allowed and database == "main" and within is None


def statements(dump: Path) -> Iterator[str]:
    """Yield the statements of a dump. Raises Broken if the dump is refused or cut off."""
    lines: list[str] = []
    length = ends = 0
    last = ""
    with TextIOWrapper(open_untrusted(dump.parent, dump.name), encoding="utf-8") as file:
        while line := file.readline(LONGEST_SQLITE_STATEMENT):
            if not lines and (line.startswith("--") or not line.strip()):
                # A standalone dump ends with such lines.
                continue
            if "\0" in line:
                raise Broken(f"{dump.name} is refused: {REASONS['SQLITE_AUTH']}: {excerpt(line)}")
            lines.append(line)
            length += len(line)
            if length > LONGEST_SQLITE_STATEMENT or ends > MOST_ENDS:
                raise Broken(
                    f"{dump.name} is refused: it has a statement that is too long: {excerpt(lines[0])}"
                )
            if line.rstrip().endswith(";"):
                ends += 1
                statement = "".join(lines)
                if sqlite3.complete_statement(statement):
                    yield statement
                    lines, length, ends, last = [], 0, 0, statement
    if last.strip() != "COMMIT;" or "".join(lines).strip():
        raise Broken(f"{dump.name} cannot be restored: it is truncated.")


def excerpt(statement: str) -> str:
    """Return the beginning of a statement, without control characters that could affect a terminal."""
    return one_line(statement.strip()[:80])


def check_columns(dump: Path, connection: sqlite3.Connection) -> None:
    """Raise Broken if a column of our tables computes a value when a row is added."""
    for name in sorted(OWN_TABLES):
        for _, column, _, _, default, _, hidden in connection.execute(f"PRAGMA table_xinfo({quoted(name)})"):
            if hidden or not (default is None or SQLITE_CONSTANT.fullmatch(default)):
                computed = f"the column {excerpt(column)} of {name} is computed"
                raise Broken(f"{dump.name} is refused: {REASONS['SQLITE_AUTH']}: {computed}")
