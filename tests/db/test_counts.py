"""The counts of the days always match the rows."""

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from imagehost.db import counts
from imagehost.db.models import ImageDay
from imagehost.domain.policy import ANYBODY
from imagehost.services import images
from tests.conftest import ON_BOTH_DATABASES, uploaded
from tests.rows import add_rows, assert_counts_are_right, scalars, total

pytestmark = ON_BOTH_DATABASES

DAY = datetime(2025, 1, 24, 12, tzinfo=UTC)
ON_EACH = {"sqlite": [0, 0, 0], "postgresql": [1, 1, 0, 1]}
"""The shards of three days. The last day had deletions."""


def test_the_total_of_no_images_is_0(host, app):
    with app.app_context():
        assert total(host) == 0


def test_uploads_and_deletions_are_counted(host, app, client):
    ids = [uploaded(client)["id"] for _ in range(5)]
    client.delete(f"/delete/{ids[0]}")
    client.delete(f"/delete/{ids[0]}")
    client.post("/upload")
    with app.app_context():
        assert total(host) == 4
        assert_counts_are_right(host)


def test_only_the_first_of_its_row_begins_a_day(host, monkeypatch):
    monkeypatch.setattr(counts.secrets, "randbelow", lambda _: 3)
    with host.database.writing() as connection:
        assert [counts.count_upload(connection, DAY.date()) for _ in range(3)] == [True, False, False]


def test_past_days_are_merged_into_a_row_of_uploads_and_one_of_deletions(host, app):
    add_rows(app, [DAY - timedelta(days=day) for day in range(3) for _ in range(30)])
    today = [datetime.now(UTC)] * 5
    add_rows(app, today)
    with app.app_context():
        images.delete_image(host, ANYBODY, 1)
        images.delete_image(host, ANYBODY, 2)
        counts.fold_past_days(host.database, host.clock().date())
        counts.fold_past_days(host.database, host.clock().date())
        past = ImageDay.day < datetime.now(UTC).date()
        statement = sa.select(ImageDay.shard).where(past).order_by(ImageDay.day, ImageDay.shard)
        assert scalars(host, statement) == ON_EACH[host.database.engine.dialect.name]
        assert total(host) == 93
        assert_counts_are_right(host)


def test_a_day_may_be_deleted_to_nothing(host, app):
    ids = add_rows(app, [DAY] * 20)
    with app.app_context():
        for image_id in ids:
            images.delete_image(host, ANYBODY, image_id)
        assert total(host) == 0
        assert_counts_are_right(host)
