"""A host whose images have all kinds of names, and their export."""

import csv
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask

from imagehost.operations import exporting
from imagehost.operations.exporting import ExportResult
from imagehost.operations.exporting.sheet import unguarded
from tests import pictures
from tests.applications import host_of
from tests.conftest import uploaded

NAMES = ["photo.jpg", "photo.jpg", "PHOTO.jpg", "=1+1;-2.jpg", "../Фото, die * erste.png", "photo (2).jpg"]
FILES = {
    "photo.jpg",
    "photo (2).jpg",
    "PHOTO (3).jpg",
    "=1+1;-2.jpg",
    "_Фото, die _ erste.jpg",
    "photo (2) (2).jpg",
}


@pytest.fixture
def hosted(app: Flask) -> list[dict[str, object]]:
    """Return the answers to the uploads."""
    client = app.test_client()
    return [uploaded(client, pictures.jpg(20 + number, 8), name) for number, name in enumerate(NAMES)]


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "export"


@pytest.fixture
def export(app: Flask, hosted: list[object], target: Path) -> Callable[..., ExportResult]:
    def run() -> ExportResult:
        return exporting.export_to(host_of(app), target)

    return run


def files(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} - {"images.csv"}


def table(folder: Path) -> list[dict[str, str]]:
    """Return a function that reads the table like another program."""
    with (folder / "images.csv").open(newline="", encoding="utf-8") as file:
        return [{name: unguarded(value) for name, value in row.items()} for row in csv.DictReader(file)]
