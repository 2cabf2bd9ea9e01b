"""The tables of the migrations match the models."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask_migrate import upgrade

from imagehost import create_app
from imagehost.db.models import Base, Image
from tests.applications import close, host_of
from tests.conftest import ON_BOTH_DATABASES, uploaded
from tests.rows import add_rows, assert_counts_are_right, execute, scalars

pytestmark = ON_BOTH_DATABASES

ZONES = [UTC, timezone(timedelta(hours=14)), timezone(timedelta(hours=-9, minutes=-30))]
MOMENTS = [
    datetime(2025, 1, 24, 23, 59, 59, 999999),  # noqa: DTZ001  # the time zone is set below
    datetime(2024, 2, 29, 0, 0),  # noqa: DTZ001  # the time zone is set below
    datetime(2025, 10, 26, 2, 30, fold=1),  # noqa: DTZ001  # the time zone is set below
]


@pytest.mark.parametrize("zone", ZONES, ids=str)
@pytest.mark.parametrize("moment", MOMENTS, ids=str)
def test_a_time_is_read_back_in_utc(host, app, moment, zone):
    (image_id,) = add_rows(app, [moment.replace(tzinfo=zone).astimezone(UTC)])
    execute(host, sa.update(Image).values(upload_time=moment.replace(tzinfo=zone)))
    (read,) = scalars(host, sa.select(Image.upload_time))
    assert (read, read.tzinfo) == (moment.replace(tzinfo=zone), UTC)
    found = sa.select(Image.id).where(Image.upload_time == moment.replace(tzinfo=zone))
    assert scalars(host, found) == [image_id]


def test_a_moment_without_a_zone_is_refused(app):
    with pytest.raises(sa.exc.StatementError, match="has no time zone"):
        add_rows(app, [MOMENTS[0]])


def insert_by_hand(host) -> None:
    columns = ("filename", "original_name", "size", "file_type", "width", "height", "sha256")
    values = dict.fromkeys(columns, "1") | {"size": 1, "width": 4, "height": 3}
    statement = (
        f"INSERT INTO images ({', '.join(columns)}) VALUES ({', '.join(f':{name}' for name in columns)})"
    )
    execute(host, sa.text(statement), values)


def test_the_database_itself_knows_the_time_and_that_an_image_is_upright(host, app):
    with app.app_context():
        insert_by_hand(host)
        image = scalars(host, sa.select(Image))[0]
    assert abs(image.upload_time - datetime.now(UTC)) < timedelta(minutes=1)
    assert image.orientation == 1


def test_the_migrations_make_the_tables_of_the_models(host, app):
    with app.app_context(), host.database.engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        assert compare_metadata(context, Base.metadata) == []


def test_names_of_constraints_are_the_same_on_both(host, app):
    with app.app_context():
        inspector = sa.inspect(host.database.engine)
        assert [each["name"] for each in inspector.get_unique_constraints("images")] == ["uq_images_filename"]
        assert "ix_images_upload_time_id" in {each["name"] for each in inspector.get_indexes("images")}
        assert not any(column["nullable"] for column in inspector.get_columns("images"))


def test_upgrading_twice_changes_nothing(app, client):
    image = uploaded(client)
    with app.app_context():
        upgrade()
    assert client.get(image["url"]).status_code == 200


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_images_from_before_are_shown_as_they_are_stored(request, tmp_path, kind):
    url = f"sqlite:///{tmp_path}/old.db"
    if kind == "postgresql":
        url = request.getfixturevalue("postgres").create("old")
    app = create_app(DATABASE_URL=url, INSTANCE_DIR=tmp_path)
    with app.app_context():
        upgrade(revision="0001")
        host = host_of(app)
        insert_by_hand(host)
        upgrade()
        image = scalars(host, sa.select(Image))[0]
        assert (image.orientation, image.shown_size) == (1, (4, 3))
        if kind == "sqlite":
            (schema,) = scalars(host, sa.text("SELECT sql FROM sqlite_master WHERE name = 'images'"))
            assert "AUTOINCREMENT" in schema
    close(app)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_sides_are_swapped_where_an_image_is_shown_on_its_side(orientation):
    image = Image(width=4, height=3, orientation=orientation)
    assert image.shown_size == ((4, 3) if orientation < 5 else (3, 4))
    assert image.turned((320, 240)) == ((320, 240) if orientation < 5 else (240, 320))


def test_a_size_may_be_larger_than_4_gigabytes(host, app):
    (image_id,) = add_rows(app, [datetime.now(UTC)])
    execute(host, sa.update(Image).where(Image.id == image_id).values(size=2**40))
    assert scalars(host, sa.select(Image.size)) == [2**40]
    assert_counts_are_right(host)
