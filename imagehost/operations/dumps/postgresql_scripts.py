r"""Check dumps of PostgreSQL: pass the statements of pg_dump for our tables to psql, refuse anything else.

psql has commands that begin with a backslash (``\!`` runs a program), and the server runs programs for
``COPY … PROGRAM``. So only statements of known shapes pass. None of them contains a backslash: backslashes
occur only in the data of ``COPY``, which psql sends to the server up to a line ``\.``
A migration that creates a new kind of object needs its shape here; without it, the tests of restoring fail.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from imagehost.domain.failures import Broken
from imagehost.logs.setup import one_line
from imagehost.operations.dumps.untrusted_files import open_untrusted

LONGEST_POSTGRESQL_STATEMENT = 64 * 1024
"""The maximum bytes of a statement, and of a piece of data. A table of a hundred columns needs 10,000."""
MOST_STATEMENTS = 1000
"""The maximum number of statements of a dump. Our dumps have about thirty.

Each table needs locks, and all users of the server share their limited number."""
END_OF_DUMP = b"-- PostgreSQL database dump complete\n"
END_OF_DATA = b"\\.\n"
RESTRICTION = re.compile(rb"\\(?:un)?restrict [A-Za-z0-9]+\n")
"""Lines of newer versions of pg_dump. They forbid psql all other commands, which are refused here anyway."""
NEVER = re.compile(rb"[\0\r]")
"""Bytes that psql may take for the end of a line. pg_dump does not write them."""

WORD = r'(?:[a-z_][a-z0-9_]*|"(?:[^"\\]|"")+")'
NAME = rf"public\.{WORD}"
WORDS = rf"{WORD}(?:, {WORD})*"
TEXT = r"'(?:[^'\\]|'')*'"
NAMED = r"""'public\.(?:[a-z_][a-z0-9_]*|"[^"'\\]+")'"""
NUMBER = r"-?\d+(?:\.\d+)?"
TYPE = r"[a-z]+[0-9]*(?: [a-z]+)*(?:\(\d+(?:,\d+)?\))?(?: with(?:out)? time zone)?(?:\[\])?"
CONSTANT = (
    rf"(?:{TEXT}|{NUMBER}|true|false|NULL|CURRENT_TIMESTAMP|CURRENT_DATE|now\(\)|nextval\({TEXT}::regclass\))"
    rf"(?:::{TYPE})?"
)
COLUMN = rf"{WORD} {TYPE}(?: DEFAULT {CONSTANT})?(?: CONSTRAINT {WORD})?(?: NOT NULL)?"
OPTIONS = r"WITH \([a-z_]+='?[a-z0-9.]+'?(?:, [a-z_]+='?[a-z0-9.]+'?)*\)"
KEY = rf"(?:{WORD}|(?:lower|upper|length)\({WORD}\))(?: [a-z_]+_ops)?(?: DESC)?(?: NULLS (?:FIRST|LAST))?"
SEQUENCE = (
    rf"(?: AS [a-z]+| START WITH {NUMBER}| INCREMENT BY {NUMBER}| NO MINVALUE| NO MAXVALUE"
    rf"| MINVALUE {NUMBER}| MAXVALUE {NUMBER}| CACHE \d+| CYCLE)*"
)
ON_CHANGE = r"(?: ON (?:DELETE|UPDATE) (?:CASCADE|RESTRICT|SET NULL|SET DEFAULT))*"
CONSTRAINT = (
    rf"(?:PRIMARY KEY|UNIQUE) \({WORDS}\)|FOREIGN KEY \({WORDS}\) REFERENCES {NAME}\({WORDS}\){ON_CHANGE}"
)
SETTINGS = (
    "statement_timeout|lock_timeout|idle_in_transaction_session_timeout|transaction_timeout"
    "|check_function_bodies|xmloption|client_min_messages|row_security|default_tablespace"
    "|default_table_access_method|default_with_oids|default_toast_compression"
)
COPY = rf"COPY {NAME} \({WORDS}\) FROM stdin;"
SHAPES = (
    "SET client_encoding = 'UTF8';",
    "SET standard_conforming_strings = on;",
    rf"SET (?:{SETTINGS}) = (?:\d+|[a-z0-9_]+|'[a-z0-9_]*');",
    r"SELECT pg_catalog\.set_config\('search_path', '', false\);",
    rf"SELECT pg_catalog\.setval\({NAMED}, {NUMBER}, (?:true|false)\);",
    rf"CREATE (?:UNLOGGED )?TABLE {NAME} \((?: {COLUMN}(?:, {COLUMN})*)? \)(?: {OPTIONS})?;",
    rf"CREATE SEQUENCE {NAME}{SEQUENCE};",
    rf"ALTER SEQUENCE {NAME} OWNED BY {NAME}\.{WORD};",
    rf"ALTER TABLE ONLY {NAME} ALTER COLUMN {WORD} SET DEFAULT {CONSTANT};",
    rf"ALTER TABLE ONLY {NAME} ALTER COLUMN {WORD} SET (?:STATISTICS \d+|STORAGE [A-Z]+);",
    rf"ALTER TABLE ONLY {NAME} ADD CONSTRAINT {WORD} (?:{CONSTRAINT});",
    rf"ALTER TABLE ONLY {NAME} REPLICA IDENTITY (?:FULL|NOTHING|USING INDEX {WORD});",
    rf"ALTER TABLE {NAME} CLUSTER ON {WORD};",
    rf"CREATE (?:UNIQUE )?INDEX {WORD} ON {NAME} USING [a-z]+ \({KEY}(?:, {KEY})*\)(?: {OPTIONS})?;",
    rf"COMMENT ON (?:TABLE|INDEX|SEQUENCE|COLUMN) {NAME}(?:\.{WORD})? IS {TEXT};",
    rf"COMMENT ON CONSTRAINT {WORD} ON {NAME} IS {TEXT};",
    COPY,
)
"""The shapes of the statements that pg_dump 15 to 18 writes for our tables.

A space stands for any spaces and line ends."""


def shaped(shape: str) -> str:
    """Return the pattern of a shape."""
    return shape.replace(" ", "[ \\n]+")


STATEMENT = shaped(rf"(?:{'|'.join(SHAPES)})\n")
"""A string, which ``re`` compiles when the first dump is read, so that each start takes less time."""
COPYING = shaped(rf"{COPY}\n")
REPLACEMENT = "\ufffd"
"""Python's replacement for bytes that are not UTF-8."""


def admitted(dump: Path) -> Iterator[bytes]:
    """Yield the statements and the data of a dump for psql. Raises Broken if it has other statements."""
    complete = False
    number = 0
    with open_untrusted(dump.parent, dump.name) as file:
        while line := file.readline(LONGEST_POSTGRESQL_STATEMENT):
            if line.startswith(b"--"):
                complete = complete or line == END_OF_DUMP
                skip_comment(file, line, dump.name)
            elif line != b"\n" and not RESTRICTION.fullmatch(line):
                complete = False
                number += 1
                statement = read_statement(file, line, dump.name)
                if number > MOST_STATEMENTS:
                    raise refused(dump.name, line)
                yield statement.encode()
                if re.fullmatch(COPYING, statement):
                    yield from data(file, dump.name)
    if not complete:
        raise cut_off(dump.name)


def skip_comment(file: BinaryIO, line: bytes, name: str) -> None:
    """Skip a comment. Raises Broken if it has a byte that psql may take for its end."""
    while line:
        if NEVER.search(line):
            raise refused(name, line)
        if line.endswith(b"\n"):
            return
        line = file.readline(LONGEST_POSTGRESQL_STATEMENT)


def read_statement(file: BinaryIO, line: bytes, name: str) -> str:
    """Read a statement to the end of its last line. Raises Broken if our dumps have no such statement."""
    first, read = line, b""
    while line:
        read += line
        if NEVER.search(line) or b"\\" in line or len(read) > LONGEST_POSTGRESQL_STATEMENT:
            raise refused(name, line)
        # If the number of quotes is odd, the line ends within a text.
        if line.endswith(b";\n") and read.count(b"'") % 2 == 0:
            statement = read.decode(errors="replace")
            if not re.fullmatch(STATEMENT, statement) or REPLACEMENT in statement:
                raise refused(name, first)
            return statement
        line = file.readline(LONGEST_POSTGRESQL_STATEMENT)
    raise cut_off(name)


def data(file: BinaryIO, name: str) -> Iterator[bytes]:
    """Yield the data of a table, and the line that ends it. Raises Broken."""
    begins = True
    while line := file.readline(LONGEST_POSTGRESQL_STATEMENT):
        if NEVER.search(line) or (begins and line.startswith(b"\\.") and line != END_OF_DATA):
            raise refused(name, line)
        yield line
        if begins and line == END_OF_DATA:
            return
        begins = line.endswith(b"\n")
    raise cut_off(name)


def refused(name: str, line: bytes) -> Broken:
    """Return the error for a line that a dump must not have."""
    beginning = one_line(line.decode(errors="replace").strip()[:80])
    return Broken(f"{name} is refused: it contains SQL that backups of imagehost never contain: {beginning}")


def cut_off(name: str) -> Broken:
    """Return the error for a dump that ends too early."""
    return Broken(f"{name} cannot be restored: it is truncated.")
