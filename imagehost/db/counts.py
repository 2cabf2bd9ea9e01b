"""Count the images of each day, so that the total and each page cost the same for any number of images."""

import logging
import secrets
from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Session

from imagehost.db.database import Database
from imagehost.db.models import ImageDay
from imagehost.domain.errors import ImageHostError

OF_DELETIONS = 0
"""The shard of deletions. On SQLite uploads use it, too, since SQLite has one writer at a time."""
SHARDS = 8
"""The number of further shards, from 1 up. On PostgreSQL the uploads of one day are spread over them."""

ADD = sa.text(
    "INSERT INTO image_days (day, shard, images) VALUES (:day, :shard, :change) "
    "ON CONFLICT (day, shard) DO UPDATE SET images = image_days.images + excluded.images RETURNING images"
).bindparams(sa.bindparam("day", type_=sa.Date))

TOTAL = sa.select(sa.func.coalesce(sa.func.sum(ImageDay.images), 0))

FOLD = sa.text(
    "WITH moved AS (DELETE FROM image_days WHERE day < :today AND shard > 1 RETURNING day, images) "
    "INSERT INTO image_days (day, shard, images) SELECT day, 1, sum(images) FROM moved GROUP BY day "
    "ON CONFLICT (day, shard) DO UPDATE SET images = image_days.images + excluded.images"
).bindparams(sa.bindparam("today", type_=sa.Date))

log = logging.getLogger(__name__)


def count_upload(connection: sa.Connection, day: date) -> bool:
    """Count an upload in a transaction. Return whether it is the first that its shard counts on this day.

    Call this right before the commit: the row is locked until then.
    """
    shard = 1 + secrets.randbelow(SHARDS) if connection.dialect.name == "postgresql" else 0
    return bool(connection.execute(ADD, {"day": day, "shard": shard, "change": 1}).scalar_one() == 1)


def count_deletion(connection: sa.Connection, day: date) -> None:
    """Count a deletion in a transaction. The number of this shard may be negative."""
    connection.execute(ADD, {"day": day, "shard": OF_DELETIONS, "change": -1})


def fold_past_days(database: Database, today: date) -> None:
    """Merge the uploads of days before ``today``, so that pages sum only one or two rows a day.

    Deletions remain separate. Otherwise a merge could look like a deletion after an upload
    (``lists.list_fingerprint``).
    """
    if not database.is_postgresql:
        return
    try:
        # On a separate connection: a failure must not affect the caller's session and answer.
        with database.engine.begin() as connection:
            # A second process would lock the same rows, perhaps in another order, and wait for the first one.
            if connection.execute(sa.text("SELECT pg_try_advisory_xact_lock(7240173)")).scalar_one():
                connection.execute(FOLD, {"today": today})
    except ImageHostError:
        # The next first upload of a shard and day tries again, and all sums are correct until then.
        log.warning("daily image counts not merged")


def total(session: Session) -> int:
    """Return the number of images."""
    return int(session.execute(TOTAL).scalar_one())
