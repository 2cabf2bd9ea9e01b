"""A host with many images sends as many statements as one with few, and each of them uses an index."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import chain

import pytest
import sqlalchemy as sa

from imagehost.db import rows_by_id
from imagehost.db.models import Image, ImageDay
from imagehost.domain.policy import ANYBODY
from imagehost.host import Host
from imagehost.operations.cleanup import rows
from imagehost.services import images, lists
from tests import pictures
from tests.applications import host_of
from tests.conftest import ON_BOTH_DATABASES, as_upload
from tests.rows import execute, total

pytestmark = ON_BOTH_DATABASES

PNG = pictures.png(8, 8)
FEW, MANY = 3000, 30_000
A_DAY = 20
"""The number of images per day."""

EXPLAIN = {"sqlite": "EXPLAIN QUERY PLAN ", "postgresql": "EXPLAIN "}
SCANS = re.compile(r"SCAN images\b(?! USING INDEX)|Seq Scan on images\b|(Sort|TEMP B-TREE).*\n.* on images\b")
"""Parts of query plans that read all images, or sort them, on both databases."""

Asked = list[tuple[str, object]]


def moment_of(number: int) -> datetime:
    """Return the upload time of an image. The last one was uploaded yesterday."""
    return datetime.now(UTC) - timedelta(days=1 + (MANY - number) // A_DAY)


def name_of(number: int) -> str:
    return f"{number:016}.jpg"


def grow(host: Host, first: int, last: int) -> None:
    """Add rows with these numbers as ids, and count them."""
    facts = {"original_name": "photo.jpg", "size": 1025, "file_type": "jpg", "width": 4, "height": 3}
    added = [
        {"id": number, "filename": name_of(number), "upload_time": moment_of(number), "sha256": "0" * 64}
        | facts
        for number in range(first, last + 1)
    ]
    days: dict[object, int] = {}
    for row in added:
        days[row["upload_time"].date()] = days.get(row["upload_time"].date(), 0) + 1
    execute(host, sa.insert(Image), added)
    execute(
        host,
        sa.insert(ImageDay),
        [{"day": day, "shard": 0, "images": images} for day, images in days.items()],
    )
    if host.database.engine.dialect.name == "postgresql":
        execute(host, sa.text("SELECT setval('images_id_seq', :last)"), {"last": last})
    execute(host, sa.text("ANALYZE"))


@contextmanager
def heard(host) -> Iterator[Asked]:
    """Yield the statements that run inside the block, with their parameters, but without BEGIN."""
    asked: Asked = []

    def hear(_: object, __: object, text: str, parameters: object, *rest: object) -> None:
        if not text.startswith("BEGIN"):
            asked.append((text, parameters))

    engine = host.database.engine
    sa.event.listen(engine, "before_cursor_execute", hear)
    yield asked
    sa.event.remove(engine, "before_cursor_execute", hear)


def plan(host: Host, statement: str, parameters: object) -> str:
    """Return the query plan of a statement."""
    with host.database.engine.connect() as connection:
        explained = connection.exec_driver_sql(EXPLAIN[connection.dialect.name] + statement, parameters)
        return "\n".join(str(row[-1]) for row in explained)


def ways(host: Host, client, number: int) -> dict[str, Callable[[], object]]:
    """Return the most frequent actions of a host. Some use the image with this number, or the next one."""
    middle = total(host) // lists.PER_PAGE // 2
    return {
        "upload": lambda: client.post("/upload", data=as_upload(PNG)),
        "find": lambda: images.find_image(host, ANYBODY, name_of(number)),
        "first page": lambda: lists.get_page(host, ANYBODY, 1),
        "middle page": lambda: lists.get_page(host, ANYBODY, middle),
        "page past the last": lambda: lists.get_page(host, ANYBODY, MANY),
        "long page": lambda: lists.get_page(host, ANYBODY, middle // 10, 100),
        "part of the array": lambda: lists.get_entries(host, ANYBODY, 100, (moment_of(number), number)),
        "fingerprint of the array": lambda: lists.list_fingerprint(host),
        "total": lambda: total(host),
        "rows of a clean-up": lambda: rows_by_id.rows_after(
            host.database, rows.CHECKED_ROWS, number, rows.ROWS_PER_QUERY
        ),
        "delete": lambda: images.delete_image(host, ANYBODY, number),
        "delete by name": lambda: images.delete_image_by_filename(host, ANYBODY, name_of(number + 1)),
    }


@pytest.fixture(autouse=True)
def _one_shard(monkeypatch):
    # The first upload that a shard of the counts has on a day also merges the counts of past days.
    monkeypatch.setattr("imagehost.db.counts.SHARDS", 1)


@pytest.fixture
def context(app):
    host_of(app).storage.initialise()
    with app.app_context():
        yield


def asked_at(host: Host, client, number: int) -> dict[str, Asked]:
    """Return the statements of each action, after an upload that sets everything up."""
    client.post("/upload", data=as_upload(PNG))
    found = {}
    for name, act in ways(host, client, number).items():
        with heard(host) as asked:
            act()
        found[name] = asked
    return found


def test_as_many_images_are_asked_for_by_as_many_statements(host, context, client):
    grow(host, 1, FEW)
    few = {name: len(asked) for name, asked in asked_at(host, client, FEW // 2).items()}
    grow(host, FEW + 10, MANY)
    many = {name: len(asked) for name, asked in asked_at(host, client, MANY // 2).items()}
    assert few == many
    assert all(few.values())


@pytest.mark.parametrize("number", [FEW, MANY])
def test_no_statement_looks_at_all_images(host, context, client, number):
    grow(host, 1, number)
    for name, asked in asked_at(host, client, number // 2).items():
        for statement, parameters in asked:
            found = plan(host, statement, parameters)
            assert not SCANS.search(found), f"{name}: {statement}\n{found}"


def test_the_whole_list_is_read_in_its_order_not_sorted(host, context):
    grow(host, 1, MANY)
    with heard(host) as asked:
        assert sum(1 for _ in chain.from_iterable(lists.all_entries(host, ANYBODY))) == MANY
    # Near the end, few rows are left, and PostgreSQL may sort them.
    for statement, parameters in asked[: len(asked) // 2]:
        found = plan(host, statement, parameters)
        assert not SCANS.search(found), f"{statement}\n{found}"


def test_the_check_detects_plans_that_read_all_images(host, context):
    grow(host, 1, FEW)
    for rest in ("WHERE size = 3", "ORDER BY original_name LIMIT 1"):
        assert SCANS.search(plan(host, f"SELECT * FROM images {rest}", ())), f"{rest} is not seen"
    assert SCANS.search(plan(host, "SELECT count(*) FROM images", ()))
