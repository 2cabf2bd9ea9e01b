"""Add rows of any number of images within seconds, by SQL statements, and count them like uploads."""

from datetime import UTC, datetime

import sqlalchemy as sa

from imagehost.settings.database_url import normalise

YEARS = 1826
"""The number of days in five years."""

NAMES = "filename, original_name, size, upload_time, file_type, width, height, sha256"

FILL = {
    "postgresql": f"""
INSERT INTO images ({NAMES})
SELECT substr(md5(random()::text || i), 1, 16) || '.jpg', 'photo ' || i || '.jpg', 200000 + i % 1000,
  now() - make_interval(secs => 86400.0 * :days * (:number - i) / :number),
  'jpg', 1600, 1200, md5(i::text) || md5((-i)::text)
FROM generate_series(1, :number) i""",
    "sqlite": f"""
INSERT INTO images ({NAMES})
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :number)
SELECT lower(hex(randomblob(8))) || '.jpg', 'photo ' || i || '.jpg', 200000 + i % 1000,
  strftime('%Y-%m-%d %H:%M:%f000', 'now', printf('-%.3f seconds', 86400.0 * :days * (:number - i) / :number)),
  'jpg', 1600, 1200, lower(hex(randomblob(32)))
FROM n""",
}
COUNT = """
INSERT INTO image_days (day, shard, images) SELECT {day}, 0, count(*) FROM images WHERE true GROUP BY 1
ON CONFLICT (day, shard) DO UPDATE SET images = excluded.images"""
DAY = {"postgresql": "CAST(upload_time AT TIME ZONE 'utc' AS date)", "sqlite": "date(upload_time)"}
TIDY = {
    "postgresql": ("VACUUM ANALYZE", "CHECKPOINT"),
    "sqlite": ("ANALYZE", "PRAGMA wal_checkpoint(TRUNCATE)"),
}
"""Statements for maintenance that a database does by itself after some time."""


def today() -> float:
    """Return the fraction of this day (UTC) that is over. Rows over so many days all have today's date."""
    now = datetime.now(UTC)
    return (now - now.replace(hour=0, minute=0, second=0, microsecond=0)).total_seconds() / 86_400


def seed(url: str, number: int, days: float = YEARS) -> None:
    """Add images without files to a migrated database, evenly distributed over a number of days until now."""
    engine = sa.create_engine(normalise(url), isolation_level="AUTOCOMMIT")
    kind = engine.dialect.name
    with engine.connect() as connection:
        if kind == "sqlite":
            connection.execute(sa.text("PRAGMA synchronous=OFF"))
        connection.execute(sa.text(FILL[kind]), {"number": number, "days": days})
        connection.execute(sa.text("DELETE FROM image_days"))
        connection.execute(sa.text(COUNT.format(day=DAY[kind])))
        for statement in TIDY[kind]:
            connection.execute(sa.text(statement))
    engine.dispose()
