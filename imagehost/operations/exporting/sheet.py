"""Write the table of an export: CSV (RFC 4180) in UTF-8. Spreadsheets find no formulas in it."""

import csv
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from io import TextIOWrapper
from pathlib import Path

from imagehost.files.atomic_files import replacing

TABLE_FILE = "images.csv"
TABLE_DRAFT = ".imagehost-export.csv"

Write = Callable[[Sequence[object]], None]

FORMULA = re.compile("(^|;)(?=[\"\\s]*['=+\\-@\uff1d\uff0b\uff0d\uff20])")
"""The beginning of a cell that a spreadsheet would calculate.

In some languages, spreadsheets also split cells at semicolons."""
GUARD = re.compile(FORMULA.pattern.replace("(?=", "'(?="))


def guarded(text: str) -> str:
    """Insert an apostrophe before text that a spreadsheet would calculate, and before an apostrophe."""
    return FORMULA.sub(r"\1'", text)


def unguarded(text: str) -> str:
    """Reverse ``guarded``."""
    return GUARD.sub(r"\1", text)


@contextmanager
def writing(folder: Path, columns: Sequence[str]) -> Iterator[Write]:
    """Write a table, row by row. The file gets its name when it is complete."""
    with (
        replacing(folder / TABLE_FILE, draft=folder / TABLE_DRAFT) as file,
        TextIOWrapper(file, encoding="utf-8", newline="") as text,
    ):
        writer = csv.writer(text, lineterminator="\r\n")
        writer.writerow(columns)
        yield lambda row: writer.writerow(map(cell, row))


def cell(value: object) -> object:
    """Convert a value for a cell: a datetime to ISO 8601 in UTC, a text to one that is not a formula."""
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    return guarded(value) if isinstance(value, str) else value
