"""Rows without bytes: lists of any length, at any time."""

from collections.abc import Iterable
from datetime import date, datetime

import sqlalchemy as sa
from flask import Flask

from imagehost.db import counts
from imagehost.db.models import Image, ImageDay
from imagehost.extensions import db


def add_rows(app: Flask, times: Iterable[datetime]) -> list[int]:
    """Add an image for each moment, as an upload would, but for the bytes; give their ids."""
    app.extensions["imagehost.storage"].initialise()
    with app.app_context():
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
            db.session.add(image)
            db.session.flush()
            image.filename = f"{image.id:016}.jpg"
            db.session.flush()
            counts.count_upload(db.session.connection(), moment.date())
            images.append(image.id)
        db.session.commit()
        return images


def assert_counts_are_right() -> None:
    """The counts of all days equal the rows."""
    rows: dict[date, int] = {}
    for (moment,) in db.session.execute(sa.select(Image.upload_time)):
        rows[moment.date()] = rows.get(moment.date(), 0) + 1
    by_day = sa.select(ImageDay.day, sa.func.sum(ImageDay.images)).group_by(ImageDay.day)
    counts = {day: int(images) for day, images in db.session.execute(by_day) if images}
    db.session.rollback()
    assert counts == rows
