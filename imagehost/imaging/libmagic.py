"""Finds libmagic, also on machines where it is not installed."""

import ctypes
import ctypes.util
import importlib.util
import os
from pathlib import Path


def ensure_loaded() -> None:
    """Load the libmagic of the package pylibmagic where the system has none of its own."""
    if ctypes.util.find_library("magic"):
        return
    package = importlib.util.find_spec("pylibmagic")
    if package and package.submodule_search_locations:
        folder = Path(package.submodule_search_locations[0])
        os.environ.setdefault("MAGIC", str(folder / "magic.mgc"))
        # python-magic asks for it by this name later, and gets the one that is loaded.
        ctypes.CDLL(str(folder / "libmagic.so.1"))
