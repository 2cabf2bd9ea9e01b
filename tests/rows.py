"""Rows without files: lists of any length, at any time."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from imagehost.db import counts
from imagehost.db.models import Image, ImageDay
from imagehost.host import Host
from tests.applications import host_of


def add_rows(app: Flask, times: Iterable[datetime]) -> list[int]:
    """Add an image for each time, like an upload but without a file. Return the ids."""
    host = host_of(app)
    host.storage.initialise()
    with Session(host.database.engine) as session:
        images = []
        for moment in times:
            image = Image(
                filename="new",
                original_name="photo.jpg",
                size=1025,
                upload_time=moment,
                file_type="jpg",
                width=4,
                height=3,
                sha256="0" * 64,
            )
            session.add(image)
            session.flush()
            image.filename = f"{image.id:016}.jpg"
            session.flush()
            counts.count_upload(session.connection(), moment.date())
            images.append(image.id)
        session.commit()
        return images


def assert_counts_are_right(host: Host) -> None:
    """Assert that the counts of all days equal the number of rows."""
    by_day = sa.select(ImageDay.day, sa.func.sum(ImageDay.images)).group_by(ImageDay.day)
    rows: dict[date, int] = {}
    for (moment,) in execute(host, sa.select(Image.upload_time)):
        rows[moment.date()] = rows.get(moment.date(), 0) + 1
    assert {day: int(images) for day, images in execute(host, by_day) if images} == rows


def execute(host: Host, statement: sa.Executable, values: object = None) -> Sequence[sa.Row[Any]]:
    """Run a statement in a separate transaction, and return its rows."""
    with host.database.engine.begin() as connection:
        result = connection.execute(statement, values)
        return result.all() if result.returns_rows else []


def total(host: Host) -> int:
    """Return the number of images according to the counts of their days."""
    with host.database.reading() as session:
        return counts.total(session)


def scalars(host: Host, statement: sa.Executable) -> Sequence[Any]:
    """Return the first column of all rows of a query, for example images."""
    with host.database.reading() as session:
        return session.scalars(statement).all()
