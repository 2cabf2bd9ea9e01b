"""Listing images, newest first, at a cost that does not grow with their number."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

import sqlalchemy as sa

from imagehost.extensions import db
from imagehost.models import Image, ImageDay
from imagehost.services import counting

PER_PAGE = 10
BATCH = 1000
"""Rows that stand in memory at once while all are listed."""
DAYS = (
    sa.select(ImageDay.day, sa.func.sum(ImageDay.images).label("images"))
    .group_by(ImageDay.day)
    .order_by(ImageDay.day.desc())
)
"""A row a day: to add up two thousand of them here takes half of what a window function takes there."""

NEWEST_FIRST = (Image.upload_time.desc(), Image.id.desc())
OLDEST_FIRST = (Image.upload_time, Image.id)
PLACES = sa.select(Image.upload_time, Image.id)
"""Where images stand in the list, which the index tells by itself."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page of the list; ``number`` counts from 1."""

    number: int
    images: list[Image]
    total_items: int

    @property
    def total_pages(self) -> int:
        """How many pages there are; an empty host has one."""
        return max(1, -(-self.total_items // PER_PAGE))

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


def page(number: int) -> Page:
    """Get a page: the counts tell on which day it begins, so that only within that day rows are skipped."""
    offset = (number - 1) * PER_PAGE
    if not offset:
        newest = sa.select(Image).order_by(*NEWEST_FIRST).limit(PER_PAGE)
        return Page(number, list(db.session.scalars(newest)), counting.total())
    days = db.session.execute(DAYS).all()
    total = sum(int(images) for _, images in days)
    for day, images in days:
        if offset < images:
            first = place_in_day(day, int(images), offset).scalar_subquery()
            rows = sa.select(Image).where(sa.tuple_(*OLDEST_FIRST) <= first).order_by(*NEWEST_FIRST)
            return Page(number, list(db.session.scalars(rows.limit(PER_PAGE))), total)
        offset -= int(images)
    return Page(number, [], total)


def place_in_day(day: date, images: int, skipped: int) -> sa.Select[datetime, int]:
    """Find where the image stands that comes after so many newer ones of its day, from its nearer end."""
    begin = datetime.combine(day, time(), UTC)
    if skipped < images // 2:
        places = PLACES.where(older_than(begin + timedelta(days=1), 0)).order_by(*NEWEST_FIRST)
        return places.offset(skipped).limit(1)
    places = PLACES.where(Image.upload_time >= begin).order_by(*OLDEST_FIRST)
    return places.offset(images - 1 - skipped).limit(1)


def every() -> Iterator[sa.Row[tuple[str, datetime, int, str]]]:
    """Go through all images: filename, upload_time, size, original_name.

    Batches are read one by one, each by its own short query: a slow reader holds no transaction open.
    """
    columns = (Image.filename, Image.upload_time, Image.size, Image.original_name, Image.id)
    statement = sa.select(*columns).order_by(*NEWEST_FIRST).limit(BATCH)
    rows = db.session.execute(statement).all()
    while rows:
        # Gives the connection back while the reader takes its time.
        db.session.rollback()
        yield from rows  # type: ignore[misc]  # the id, last, is no one else's business
        if len(rows) < BATCH:
            return
        last = rows[-1]
        rows = db.session.execute(statement.where(older_than(last.upload_time, last.id))).all()


def older_than(moment: datetime, image_id: int) -> sa.ColumnElement[bool]:
    """Compare places in the list as row values, which both databases find by their index."""
    place = sa.tuple_(sa.literal(moment, Image.upload_time.type), sa.literal(image_id))
    return sa.tuple_(Image.upload_time, Image.id) < place
