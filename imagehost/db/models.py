"""The tables: the images, and the number of images of each day."""

from datetime import UTC, date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, column_property, mapped_column

from imagehost.domain.kinds import KINDS

ON_ITS_SIDE = 5
"""From this orientation up, a picture is shown with its sides swapped."""


class UTCDateTime(sa.types.TypeDecorator[datetime]):
    """A column of aware datetimes in UTC, also on SQLite, which does not store time zones."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        """Convert an aware datetime to UTC. Raises ValueError for a naive one, which is a bug in the code."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value} has no time zone")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        """Return an aware datetime in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if dialect.name == "sqlite" else value.astimezone(UTC)


class Base(DeclarativeBase):
    """The base class of all tables. It names constraints, since SQLite's batch migrations need names."""

    metadata = sa.MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


_NAMESAKES = sa.table("images", sa.column("id"), sa.column("filename", sa.Text)).alias("namesakes")


def _filenames(filename: Mapped[str], file_type: Mapped[str]) -> list[sa.ColumnElement[str]]:
    """List the filenames that have the same name as a filename: one for the extension of each format."""
    stem = sa.func.substr(filename, 1, sa.func.length(filename) - sa.func.length(file_type))
    return [stem + kind for kind in KINDS]


class Image(Base):
    """One hosted picture: ``size`` in bytes as stored, ``sha256`` of those bytes in hexadecimal.

    ``width`` and ``height`` are those of the stored picture, before browsers turn it. ``orientation`` is
    EXIF's number for this turn, 1 to 8.
    """

    __tablename__ = "images"
    __table_args__ = (
        sa.Index(None, "upload_time", "id"),
        # An id is never used twice: otherwise an old page in a browser could delete a newer image.
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    filename: Mapped[str] = mapped_column(sa.Text, unique=True)
    original_name: Mapped[str] = mapped_column(sa.Text)
    size: Mapped[int] = mapped_column(sa.BigInteger)
    upload_time: Mapped[datetime] = mapped_column(UTCDateTime, server_default=sa.func.now())
    file_type: Mapped[str] = mapped_column(sa.Text)
    width: Mapped[int]
    height: Mapped[int]
    sha256: Mapped[str] = mapped_column(sa.Text)
    orientation: Mapped[int] = mapped_column(sa.SmallInteger, default=1, server_default="1")
    has_older_namesake: Mapped[bool] = column_property(
        sa.exists().where(
            _NAMESAKES.c.filename.in_(_filenames(filename, file_type)),
            _NAMESAKES.c.id < id,  # noqa: A003  # the column
        )
    )
    """Whether an older image has the same name with another extension. This host makes no such names, but a
    database may come from another host."""

    @property
    def name(self) -> str:
        """The filename without its extension, or with it if an older image has the same name."""
        return self.filename if self.has_older_namesake else self.filename.partition(".")[0]

    @property
    def shown_size(self) -> tuple[int, int]:
        """Width and height in pixels, as browsers show the image."""
        return self.turned((self.width, self.height))

    def turned(self, size: tuple[int, int]) -> tuple[int, int]:
        """Return a size (width, height) as browsers show it: swapped if the image is turned by 90 degrees."""
        return size[::-1] if self.orientation >= ON_ITS_SIDE else size


class ImageDay(Base):
    """The number of images of one day (UTC): the sum of ``images`` over the day's shards.

    Simultaneous uploads add to different shards, so that they do not wait for each other's commit.
    """

    __tablename__ = "image_days"

    day: Mapped[date] = mapped_column(primary_key=True)
    shard: Mapped[int] = mapped_column(sa.SmallInteger, primary_key=True, autoincrement=False)
    images: Mapped[int] = mapped_column(sa.BigInteger)
