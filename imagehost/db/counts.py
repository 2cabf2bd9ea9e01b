"""How many images there are, by day: so that the total and any page cost the same at any number of images."""

import logging
import secrets
from datetime import UTC, date, datetime

import sqlalchemy as sa

from imagehost.db.models import ImageDay
from imagehost.domain.errors import ImageHostError
from imagehost.extensions import db

OF_DELETIONS = 0
"""The shard of deletions. On SQLite uploads use it, too, since SQLite has one writer at a time."""
SHARDS = 8
"""Number of further shards, from 1 up. On PostgreSQL the uploads of one day are spread over them."""

ADD = sa.text(
    "INSERT INTO image_days (day, shard, images) VALUES (:day, :shard, :change) "
    "ON CONFLICT (day, shard) DO UPDATE SET images = image_days.images + excluded.images RETURNING images"
).bindparams(sa.bindparam("day", type_=sa.Date))

FOLD = sa.text(
    "WITH moved AS (DELETE FROM image_days WHERE day < :today AND shard > 1 RETURNING day, images) "
    "INSERT INTO image_days (day, shard, images) SELECT day, 1, sum(images) FROM moved GROUP BY day "
    "ON CONFLICT (day, shard) DO UPDATE SET images = image_days.images + excluded.images"
).bindparams(sa.bindparam("today", type_=sa.Date))

log = logging.getLogger(__name__)


def count_upload(connection: sa.Connection, day: date) -> bool:
    """Add one in a transaction; tell whether it is the first that its shard counts.

    Best called right before the commit: until then the row is locked.
    """
    shard = 1 + secrets.randbelow(SHARDS) if connection.dialect.name == "postgresql" else 0
    return bool(connection.execute(ADD, {"day": day, "shard": shard, "change": 1}).scalar_one() == 1)


def count_deletion(connection: sa.Connection, day: date) -> None:
    """Subtract one in a transaction; the number of the shard may well be negative."""
    connection.execute(ADD, {"day": day, "shard": OF_DELETIONS, "change": -1})


def fold_past_days() -> None:
    """Merge the uploads of days that are over, so that pages sum only one or two rows a day.

    Deletions stay apart; otherwise a merge could look like a deletion after an upload
    (``listing.fingerprint``).
    """
    if db.engine.dialect.name != "postgresql":
        return
    try:
        # On a connection of its own: what fails here does not concern the caller's session and answer.
        with db.engine.begin() as connection:
            # A second one at the same time would wait for the first one's rows, in whatever order.
            if connection.execute(sa.text("SELECT pg_try_advisory_xact_lock(7240173)")).scalar_one():
                connection.execute(FOLD, {"today": datetime.now(UTC).date()})
    except ImageHostError:
        # The next first upload of a day tries again, and no sum is wrong until then.
        log.warning("past days not folded")


def total() -> int:
    """Count all images."""
    return int(db.session.execute(sa.select(sa.func.coalesce(sa.func.sum(ImageDay.images), 0))).scalar_one())
