"""Load libmagic, also on machines where it is not installed."""

import ctypes
import ctypes.util
import importlib.util
import os
from pathlib import Path


def ensure_loaded() -> None:
    """Load the libmagic of the package pylibmagic if the system has none."""
    if ctypes.util.find_library("magic"):
        return
    package = importlib.util.find_spec("pylibmagic")
    if package and package.submodule_search_locations:
        folder = Path(package.submodule_search_locations[0])
        os.environ.setdefault("MAGIC", str(folder / "magic.mgc"))
        # python-magic later loads a library of this name, and gets this one.
        ctypes.CDLL(str(folder / "libmagic.so.1"))
