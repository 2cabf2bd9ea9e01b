"""The counts of days, which stay the truth about the rows."""

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from imagehost.db import counts
from imagehost.db.models import ImageDay
from imagehost.extensions import db
from imagehost.services import images
from tests.conftest import uploaded
from tests.rows import add_rows, assert_counts_are_right

DAY = datetime(2025, 1, 24, 12, tzinfo=UTC)
ON_EACH = {"sqlite": [0, 0, 0], "postgresql": [1, 1, 0, 1]}
"""The shards of three days. The last day had deletions."""


def test_nothing_is_none(app):
    with app.app_context():
        assert counts.total() == 0


def test_uploads_and_deletions_are_counted(app, client):
    ids = [uploaded(client)["id"] for _ in range(5)]
    client.delete(f"/delete/{ids[0]}")
    client.delete(f"/delete/{ids[0]}")
    client.post("/upload")
    with app.app_context():
        assert counts.total() == 4
        assert_counts_are_right()


def test_only_the_first_of_its_row_begins_a_day(app, monkeypatch):
    monkeypatch.setattr(counts.secrets, "randbelow", lambda _: 3)
    with app.app_context():
        connection = db.session.connection()
        assert [counts.count_upload(connection, DAY.date()) for _ in range(3)] == [True, False, False]
        db.session.commit()


def test_days_that_are_over_are_folded_into_a_row_of_uploads_and_one_of_deletions(app):
    add_rows(app, [DAY - timedelta(days=day) for day in range(3) for _ in range(30)])
    today = [datetime.now(UTC)] * 5
    add_rows(app, today)
    with app.app_context():
        images.delete(1)
        images.delete(2)
        counts.fold_past_days()
        counts.fold_past_days()
        past = ImageDay.day < datetime.now(UTC).date()
        statement = sa.select(ImageDay.shard).where(past).order_by(ImageDay.day, ImageDay.shard)
        assert db.session.scalars(statement).all() == ON_EACH[db.engine.dialect.name]
        assert counts.total() == 93
        assert_counts_are_right()


def test_a_day_may_be_deleted_to_nothing(app):
    ids = add_rows(app, [DAY] * 20)
    with app.app_context():
        for image_id in ids:
            images.delete(image_id)
        assert counts.total() == 0
        assert_counts_are_right()
