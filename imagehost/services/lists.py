"""Listing images, newest first, at a cost that does not grow with their number."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from imagehost.db import counts
from imagehost.db.models import Image, ImageDay
from imagehost.extensions import db

PER_PAGE = 10
BATCH = 1000
"""Rows that stand in memory at once while all are listed."""
COUNTS = sa.select(
    sa.func.aggregate_strings(sa.cast(ImageDay.day, sa.Text) + "=" + sa.cast(ImageDay.images, sa.Text), " ")
)
"""All counts in one row: to hand over a row for each takes drivers longer than all else that a page takes."""

NEWEST_FIRST = (Image.upload_time.desc(), Image.id.desc())
OLDEST_FIRST = (Image.upload_time, Image.id)
NEWEST = sa.select(Image).order_by(*NEWEST_FIRST).limit(sa.bindparam("most", type_=sa.Integer))
PLACES = sa.select(Image.upload_time, Image.id).offset(sa.bindparam("skipped", type_=sa.Integer)).limit(1)
"""Where images stand in the list, which the index tells by itself."""
MOMENT = sa.bindparam("moment", type_=Image.upload_time.type)
BEFORE = PLACES.where(Image.upload_time < MOMENT).order_by(*NEWEST_FIRST).scalar_subquery()
SINCE = PLACES.where(Image.upload_time >= MOMENT).order_by(*OLDEST_FIRST).scalar_subquery()
FROM_BEFORE, FROM_SINCE = (NEWEST.where(sa.tuple_(*OLDEST_FIRST) <= place) for place in (BEFORE, SINCE))
"""The rows of a page, which begins at a place so far before a moment, or since it."""

ENTRIES = (
    sa.select(Image.filename, Image.upload_time, Image.size, Image.original_name, Image.id)
    .order_by(*NEWEST_FIRST)
    .limit(sa.bindparam("most", type_=sa.Integer))
)
Entry = sa.Row[str, datetime, int, str, int]
"""filename, upload_time, size, original_name, id"""
Position = tuple[datetime, int]
"""Where an image stands in the list: upload_time, id."""

OF_DELETIONS = ImageDay.shard == counts.OF_DELETIONS
FINGERPRINT = sa.select(
    sa.func.max(ImageDay.day),
    sa.func.sum(sa.case((OF_DELETIONS, ImageDay.images), else_=0)),
    sa.func.sum(sa.case((OF_DELETIONS, 0), else_=ImageDay.images)),
    sa.select(sa.func.max(Image.id)).scalar_subquery(),
)


@dataclass(frozen=True, slots=True)
class Page:
    """One page of the list; ``number`` counts from 1."""

    number: int
    images: list[Image]
    total_items: int
    per_page: int = PER_PAGE

    @property
    def total_pages(self) -> int:
        """How many pages there are; an empty host has one."""
        return max(1, -(-self.total_items // self.per_page))

    @property
    def offered(self) -> list[int | None]:
        """The pages to go on to: first, last, and those around this one; None is a gap of several."""
        here, last = min(self.number, self.total_pages), self.total_pages
        shown = sorted({1, last, *range(max(1, here - 1), min(last, here + 1) + 1)})
        numbers: list[int | None] = []
        for number, following in zip(shown, [*shown[1:], last], strict=True):
            gap = following - number
            # A gap of one page takes no more room than its number.
            numbers += [number, *([number + 1] if gap == 2 else [None] if gap > 2 else [])]
        return numbers


def page(number: int, per_page: int = PER_PAGE) -> Page:
    """Get a page: the counts tell on which day it begins, so that only within that day rows are skipped."""
    offset = (number - 1) * per_page
    if not offset:
        newest = db.session.scalars(NEWEST, {"most": per_page})
        return Page(number, list(newest), counts.total(), per_page)
    days = images_by_day()
    total = sum(images for _, images in days)
    for day, images in days:
        if offset < images:
            return Page(number, from_place_in_day(day, images, offset, per_page), total, per_page)
        offset -= images
    return Page(number, [], total, per_page)


def images_by_day() -> list[tuple[str, int]]:
    """Count the images of each day, the newest day first; a day is written as 2025-01-24."""
    found: dict[str, int] = {}
    for entry in (db.session.scalar(COUNTS) or "").split():
        day, images = entry.split("=")
        found[day] = found.get(day, 0) + int(images)
    return sorted(found.items(), reverse=True)


def from_place_in_day(day: str, images: int, skipped: int, most: int) -> list[Image]:
    """Get a page that begins after so many newer images of its day, counted from the day's nearer end."""
    begin = datetime.fromisoformat(day).replace(tzinfo=UTC)
    if skipped < images // 2:
        place = {"moment": begin + timedelta(days=1), "skipped": skipped}
        return list(db.session.scalars(FROM_BEFORE, {**place, "most": most}))
    place = {"moment": begin, "skipped": images - 1 - skipped}
    return list(db.session.scalars(FROM_SINCE, {**place, "most": most}))


def batches(after: Position | None = None) -> Iterator[Sequence[Entry]]:
    """Go through all images, or those after a place, some at a time.

    Each is read by a short query of its own: a slow reader holds no transaction open.
    """
    rows = entries(BATCH, after)
    while rows:
        # Gives the connection back while the reader takes its time.
        db.session.rollback()
        yield rows
        if len(rows) < BATCH:
            return
        rows = entries(BATCH, (rows[-1].upload_time, rows[-1].id))


def is_short() -> bool:
    """Tell whether one batch holds all images."""
    short = counts.total() <= BATCH
    # Gives the connection back: who reads a long list may have to wait.
    db.session.rollback()
    return short


def entries(most: int, after: Position | None = None) -> Sequence[Entry]:
    """Get the newest images, or those that come after a place in the list."""
    statement = ENTRIES if after is None else ENTRIES.where(older_than(*after))
    return db.session.execute(statement, {"most": most}).all()


def older_than(moment: datetime, image_id: int) -> sa.ColumnElement[bool]:
    """Compare places in the list as row values, which both databases find by their index."""
    place = sa.tuple_(sa.literal(moment, Image.upload_time.type), sa.literal(image_id))
    return sa.tuple_(Image.upload_time, Image.id) < place


def fingerprint() -> str:
    """Name the images that there are, by one short query: each upload and each deletion changes it.

    Ids only grow, so that a count and the highest id would do, if PostgreSQL committed in the order of ids.
    It does not, and there uploads and deletions are counted in different shards.
    """
    found = db.session.execute(FINGERPRINT).one()
    # Gives the connection back: what follows may have to wait.
    db.session.rollback()
    return " ".join(map(str, found))
