"""The table of an export: CSV after RFC 4180, in UTF-8, that no spreadsheet takes a formula from."""

import csv
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

FILE = "images.csv"
DRAFT = ".imagehost-export.csv"

Write = Callable[[Sequence[object]], None]

FORMULA = re.compile("(^|;)(?=[\"\\s]*['=+\\-@\uff1d\uff0b\uff0d\uff20])")
"""Where a cell begins that a spreadsheet would calculate; one of a language that cuts at semicolons, too."""
GUARD = re.compile(FORMULA.pattern.replace("(?=", "'(?="))


def guarded(text: str) -> str:
    """Put an apostrophe before what a spreadsheet would calculate, and before an apostrophe."""
    return FORMULA.sub(r"\1'", text)


def unguarded(text: str) -> str:
    """Take what ``guarded`` gives back to what it was."""
    return GUARD.sub(r"\1", text)


@contextmanager
def writing(folder: Path, columns: Sequence[str]) -> Iterator[Write]:
    """Write a table, row by row; it has its name once it is whole."""
    draft = folder / DRAFT
    with draft.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\r\n")
        writer.writerow(columns)
        yield lambda row: writer.writerow(map(cell, row))
    draft.replace(folder / FILE)


def cell(value: object) -> object:
    """Write a value: a moment in UTC after ISO 8601, a text so that it stays one."""
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    return guarded(value) if isinstance(value, str) else value
