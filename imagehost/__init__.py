"""imagehost: a small, fast and safe image host."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from imagehost.app import create_app

__all__ = ["create_app"]


def __getattr__(name: str) -> object:
    """Import the factory only on request, so that a process that renders pictures loads no Flask."""
    if name == "create_app":
        from imagehost.app import create_app

        return create_app
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
