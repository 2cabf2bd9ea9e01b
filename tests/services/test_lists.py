"""Pages of the list, for all combinations of upload times and deletions."""

from datetime import UTC, datetime, timedelta
from itertools import chain

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from imagehost.db import counts
from imagehost.db.models import Image, ImageDay
from imagehost.domain.policy import ANYBODY
from imagehost.services import images, lists
from tests.conftest import ON_BOTH_DATABASES
from tests.rows import add_rows, assert_counts_are_right, execute, total

pytestmark = ON_BOTH_DATABASES

START = datetime(2025, 1, 24, 23, 59, 59, tzinfo=UTC)
# A few times, some of them around midnight. Many images have the same one.
MOMENTS = st.sampled_from([timedelta(seconds=number % 3, days=number // 3) for number in range(9)])
UPLOADS = st.lists(MOMENTS, max_size=8)
DELETIONS = st.lists(st.integers(0, 30), max_size=4)
PROPERTY = settings(
    derandomize=True,
    deadline=None,
    max_examples=25,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def pages(host) -> list[int]:
    """Return the ids on all pages, one page after the other."""
    found, number = [], 1
    while (page := lists.get_page(host, ANYBODY, number)).images:
        assert len(page.images) <= lists.PER_PAGE
        found += [image.id for image in page.images]
        number += 1
    assert number - 1 == -(-page.total_items // lists.PER_PAGE)
    assert page.total_pages == max(1, number - 1)
    assert page.total_items == len(found) == total(host)
    return found


def empty(host) -> None:
    for table in (Image, ImageDay):
        execute(host, sa.delete(table))


@PROPERTY
@given(rounds=st.lists(st.tuples(UPLOADS, DELETIONS, st.booleans()), max_size=4))
def test_all_pages_together_are_the_list(host, app, rounds):
    there: dict[int, datetime] = {}
    with app.app_context():
        empty(host)
        for uploads, deletions, fold in rounds:
            moments = [START + after for after in uploads]
            there.update(zip(add_rows(app, moments), moments, strict=True))
            for place in deletions:
                if place < len(there):
                    image_id = sorted(there)[place]
                    images.delete_image(host, ANYBODY, image_id)
                    del there[image_id]
            if fold:
                counts.fold_past_days(host.database, host.clock().date())
            expected = sorted(there, key=lambda image_id: (there[image_id], image_id), reverse=True)
            assert pages(host) == expected
            assert [row.id for row in chain.from_iterable(lists.all_entries(host, ANYBODY))] == expected
            assert_counts_are_right(host)


@pytest.mark.parametrize("number", [2, 10**6, 2**63, 10**30])
def test_any_page_past_the_last_is_empty(host, app, number):
    add_rows(app, [START] * 3)
    with app.app_context():
        page = lists.get_page(host, ANYBODY, number)
    assert (page.images, page.total_items, page.total_pages) == ([], 3, 1)


def test_a_page_skips_at_most_half_of_its_own_day(host, app):
    """Counts show where a page begins in its day. An OFFSET starts at the nearer end of the day."""
    add_rows(app, [START - timedelta(days=day) for day in range(10) for _ in range(25)])
    skipped = []

    def note(_: object, __: object, statement: str, ___: object, context: object, *rest: object) -> None:
        assert "count(" not in statement.lower()
        skipped.extend(
            given["skipped"] for given in getattr(context, "compiled_parameters", ()) if "skipped" in given
        )

    with app.app_context():
        sa.event.listen(host.database.engine, "before_cursor_execute", note)
        for number in range(1, 26):
            assert len(lists.get_page(host, ANYBODY, number).images) == lists.PER_PAGE
    assert len(skipped) == 24
    assert set(skipped) <= set(range(13))


def test_the_shards_of_a_day_are_added_up(host, app):
    """After deletions, some counts are below zero, and the sum of a day may be zero."""
    add_rows(app, [START - timedelta(days=day) for day in (0, 2) for _ in range(15)])
    rows = [
        *((START, shard, change) for shard, change in ((3, 7), (5, -9), (7, 2))),
        *((START - timedelta(days=1), shard, change) for shard, change in ((1, 4), (0, -4))),
    ]
    with app.app_context():
        for moment, shard, change in rows:
            execute(host, counts.ADD, {"day": moment.date(), "shard": shard, "change": change})
        assert len(pages(host)) == 30


@pytest.mark.parametrize("change", [-25, -5, 1, 30])
def test_a_page_is_shown_even_if_counts_and_rows_disagree(host, app, change):
    """They may differ for a moment between the two statements of a page, while others upload and delete."""
    add_rows(app, [START - timedelta(days=day) for day in range(3) for _ in range(20)])
    with app.app_context():
        execute(host, counts.ADD, {"day": START.date(), "shard": 1, "change": change})
        for number in range(1, 12):
            page = lists.get_page(host, ANYBODY, number)
            assert page.total_items == 60 + change
            shown = [(image.upload_time, image.id) for image in page.images]
            assert shown == sorted(shown, reverse=True)
            assert shown or number > page.total_pages


def test_a_day_with_many_images_is_listed_in_order(host, app):
    """Pages at both ends of the day and beyond them are right, although many images have the same time."""
    moments = [START - timedelta(days=number // 40, seconds=number % 7) for number in range(100)]
    with app.app_context():
        ids = add_rows(app, moments)
        newest = sorted(zip(moments, ids, strict=True), reverse=True)
        assert pages(host) == [image_id for _, image_id in newest]


def test_the_list_is_right_while_images_are_added_and_deleted(host, app, monkeypatch):
    monkeypatch.setattr(lists, "LISTED_AT_ONCE", 2)
    add_rows(app, [START] * 6)
    with app.app_context():
        rows = chain.from_iterable(lists.all_entries(host, ANYBODY))
        read = [next(rows).id, next(rows).id]
        images.delete_image(host, ANYBODY, 4)
        images.delete_image(host, ANYBODY, 6)
        add_rows(app, [START + timedelta(days=1)])
        assert read + [row.id for row in rows] == [6, 5, 3, 2, 1]
