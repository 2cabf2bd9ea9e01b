"""The host: the objects that all services need, built once from the settings and passed as an argument."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from imagehost.db.database import Database
from imagehost.domain import image_names
from imagehost.imaging import Plan, Renderer, available
from imagehost.limits.counters import Counters
from imagehost.settings.definitions import Settings
from imagehost.storage import Storage
from imagehost.storage.disk import DiskStorage


def now() -> datetime:
    """Return the current time, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Host:
    """A host. It is immutable, and threads and forked processes may share it.

    ``counters`` is None if requests are not limited. ``clock`` and ``new_name`` are replaced in tests.
    """

    settings: Settings
    database: Database
    storage: Storage
    renderer: Renderer
    counters: Counters | None
    clock: Callable[[], datetime] = field(default=now)
    new_name: Callable[[], str] = field(default=image_names.new_name)

    @classmethod
    def build(cls, settings: Settings) -> "Host":
        """Build a host. Nothing is opened or written before it is used."""
        return cls(
            settings=settings,
            database=Database.at(settings.database_url),
            storage=DiskStorage(settings.images_dir, max_size=settings.max_file_size),
            renderer=Renderer(Plan.of(available(), settings.web_server_workers, settings.max_pixels)),
            counters=Counters.of(settings) if settings.rate_limit_enabled else None,
        )
