"""List images, newest first, at a cost that does not grow with their number."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from imagehost.db import counts
from imagehost.db.models import Image, ImageDay
from imagehost.domain.policy import Action, Actor, require
from imagehost.host import Host

PER_PAGE = 10
LISTED_AT_ONCE = 1000
"""The number of rows in memory at once while all images are listed."""
COUNTS = sa.select(
    sa.func.aggregate_strings(sa.cast(ImageDay.day, sa.Text) + "=" + sa.cast(ImageDay.images, sa.Text), " ")
)
"""All counts in one row, as ``day=images``, separated by spaces.

With one row per count, the drivers would take longer than everything else that a page needs."""

NEWEST_FIRST = (Image.upload_time.desc(), Image.id.desc())
OLDEST_FIRST = (Image.upload_time, Image.id)
NEWEST = sa.select(Image).order_by(*NEWEST_FIRST).limit(sa.bindparam("most", type_=sa.Integer))
PLACES = sa.select(Image.upload_time, Image.id).offset(sa.bindparam("skipped", type_=sa.Integer)).limit(1)
"""The position of an image in the list. The index alone can answer this query."""
MOMENT = sa.bindparam("moment", type_=Image.upload_time.type)
BEFORE = PLACES.where(Image.upload_time < MOMENT).order_by(*NEWEST_FIRST).scalar_subquery()
SINCE = PLACES.where(Image.upload_time >= MOMENT).order_by(*OLDEST_FIRST).scalar_subquery()
FROM_BEFORE, FROM_SINCE = (NEWEST.where(sa.tuple_(*OLDEST_FIRST) <= place) for place in (BEFORE, SINCE))
"""The rows of a page. It begins after ``skipped`` images, counted backwards or forwards from a moment."""

ENTRIES = (
    sa.select(Image.filename, Image.upload_time, Image.size, Image.original_name, Image.id)
    .order_by(*NEWEST_FIRST)
    .limit(sa.bindparam("most", type_=sa.Integer))
)
Entry = sa.Row[str, datetime, int, str, int]
"""filename, upload_time, size, original_name, id"""
Position = tuple[datetime, int]
"""The position of an image in the list: upload_time, id."""

IS_DELETION = ImageDay.shard == counts.OF_DELETIONS
FINGERPRINT = sa.select(
    sa.func.max(ImageDay.day),
    sa.func.sum(sa.case((IS_DELETION, ImageDay.images), else_=0)),
    sa.func.sum(sa.case((IS_DELETION, 0), else_=ImageDay.images)),
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
        """The number of pages; an empty host has one."""
        return max(1, -(-self.total_items // self.per_page))

    @property
    def offered(self) -> list[int | None]:
        """The pages to link to: the first, the last, and those around this one. None is a gap of several."""
        here, last = min(self.number, self.total_pages), self.total_pages
        shown = sorted({1, last, *range(max(1, here - 1), min(last, here + 1) + 1)})
        numbers: list[int | None] = []
        for number, following in zip(shown, [*shown[1:], last], strict=True):
            gap = following - number
            # A gap of one page takes no more space than its number.
            numbers += [number, *([number + 1] if gap == 2 else [None] if gap > 2 else [])]
        return numbers


def get_page(host: Host, actor: Actor, number: int, per_page: int = PER_PAGE) -> Page:
    """Return a page; ``number`` counts from 1. A page past the last has no images.

    The counts show on which day it begins, so that only rows of this day are skipped.
    """
    require(actor, Action.LIST)
    offset = (number - 1) * per_page
    with host.database.reading() as session:
        if not offset:
            newest = session.scalars(NEWEST, {"most": per_page})
            return Page(number, list(newest), counts.total(session), per_page)
        days = images_by_day(session)
        total = sum(images for _, images in days)
        for day, images in days:
            if offset < images:
                found = from_place_in_day(session, day, images, offset, per_page)
                return Page(number, found, total, per_page)
            offset -= images
        return Page(number, [], total, per_page)


def images_by_day(session: Session) -> list[tuple[str, int]]:
    """Return the number of images of each day, the newest day first. A day is written as 2025-01-24."""
    found: dict[str, int] = {}
    for entry in (session.scalar(COUNTS) or "").split():
        day, images = entry.split("=")
        found[day] = found.get(day, 0) + int(images)
    return sorted(found.items(), reverse=True)


def from_place_in_day(session: Session, day: str, images: int, skipped: int, most: int) -> list[Image]:
    """Return ``most`` images that come after ``skipped`` newer ones of a day that has ``images`` images.

    The skipped rows are counted from the nearer end of the day.
    """
    begin = datetime.fromisoformat(day).replace(tzinfo=UTC)
    if skipped < images // 2:
        place = {"moment": begin + timedelta(days=1), "skipped": skipped}
        return list(session.scalars(FROM_BEFORE, {**place, "most": most}))
    place = {"moment": begin, "skipped": images - 1 - skipped}
    return list(session.scalars(FROM_SINCE, {**place, "most": most}))


def all_entries(host: Host, actor: Actor, after: Position | None = None) -> Iterator[Sequence[Entry]]:
    """Yield all images, or those after a position, in batches.

    Each batch is read by its own short query, so that a slow reader does not hold a transaction open.
    """
    rows = get_entries(host, actor, LISTED_AT_ONCE, after)
    while rows:
        yield rows
        if len(rows) < LISTED_AT_ONCE:
            return
        rows = get_entries(host, actor, LISTED_AT_ONCE, (rows[-1].upload_time, rows[-1].id))


def fits_one_batch(host: Host) -> bool:
    """Tell whether one batch holds all images."""
    with host.database.reading() as session:
        return counts.total(session) <= LISTED_AT_ONCE


def get_entries(host: Host, actor: Actor, most: int, after: Position | None = None) -> Sequence[Entry]:
    """Return the newest ``most`` images, or those that come after a position in the list."""
    require(actor, Action.LIST)
    statement = ENTRIES if after is None else ENTRIES.where(older_than(*after))
    with host.database.reading() as session:
        return session.execute(statement, {"most": most}).all()


def older_than(moment: datetime, image_id: int) -> sa.ColumnElement[bool]:
    """Return the condition for images after a position. Both databases use their index for row values."""
    place = sa.tuple_(sa.literal(moment, Image.upload_time.type), sa.literal(image_id))
    return sa.tuple_(Image.upload_time, Image.id) < place


def list_fingerprint(host: Host) -> str:
    """Return a fingerprint of all images, by one short query. Each upload and each deletion changes it.

    Ids only grow. So the row count and the highest id would be enough if PostgreSQL committed in the order of
    ids. It does not; therefore uploads and deletions are counted in different shards there.
    """
    with host.database.reading() as session:
        found = session.execute(FINGERPRINT).one()
    return " ".join(map(str, found))
