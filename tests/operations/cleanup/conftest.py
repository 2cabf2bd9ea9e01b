"""A host with three images, and its clean-up."""

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask

from imagehost.domain.rendition_sizes import RENDITION_FOLDER
from imagehost.operations import cleanup
from imagehost.operations.cleanup import CleanupOptions, CleanupReport
from tests.applications import host_of
from tests.operations.cleanup.litter import NOW, host_of_three, image_files, put


@pytest.fixture
def folder(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the storage of the host. One of the images has a thumbnail and a preview."""
    folder = host_of_three(app)
    name = image_files(folder)[-1].name
    assert app.test_client().get(f"/thumbnails/{name}.webp").status_code == 200
    put(folder, f".renditions/{RENDITION_FOLDER}/im/{name}.720.webp")
    return folder


@pytest.fixture
def clean(app: Flask, folder: Path) -> Callable[..., CleanupReport]:
    def run(wish: CleanupOptions = NOW) -> CleanupReport:
        return cleanup.clean_up(host_of(app), wish)

    return run


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Return a function that calls another one right before a step of the clean-up."""

    def arrange(module: object, step: str, act: Callable[[], object]) -> None:
        real = getattr(module, step)

        def run(*arguments: object) -> object:
            act()
            return real(*arguments)

        monkeypatch.setattr(module, step, run)

    return arrange
