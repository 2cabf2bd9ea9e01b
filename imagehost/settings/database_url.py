"""Read the URL of the database from the settings."""

from pathlib import Path

import sqlalchemy as sa

from imagehost.domain.host_names import LAST_PORT
from imagehost.settings.reader import Reader, WrongSetting


def read_database_url(read: Reader, instance: Path) -> sa.URL:
    """Return the URL of the database. Raises WrongSetting if such a database is not supported."""
    allowed = "sqlite:///<file> or postgresql://<user>:<password>@<host>/<database>"
    try:
        url = database_url(read, instance)
    except (sa.exc.ArgumentError, ValueError) as error:
        # The value is not reported, since it may contain a password.
        raise WrongSetting("DATABASE_URL", "(not shown: it cannot be parsed)", allowed) from error
    in_memory = url.get_backend_name() == "sqlite" and url.database in {None, "", ":memory:"}
    usable = url.drivername in {"sqlite", "postgresql+psycopg2"} and (url.port or 0) <= LAST_PORT
    if in_memory or not usable:
        raise WrongSetting("DATABASE_URL", url.render_as_string(hide_password=True), allowed)
    return url


def database_url(read: Reader, instance: Path) -> sa.URL:
    """Return ``DATABASE_URL``, a URL from ``DB_HOST`` and related settings, or the one of an SQLite file."""
    given = read.text("DATABASE_URL")
    host, name = read.text("DB_HOST"), read.text("DB_NAME")
    user, password = read.text("DB_USER"), read.secret("DB_PASSWORD")
    port = read.number("DB_PORT", 0, 1, LAST_PORT)
    if given:
        return normalise(given)
    if not any((host, name, user, password, port)):
        return sa.URL.create("sqlite", database=str(instance / "imagehost.db"))
    host, name, port = host or "localhost", name or "imagehost", port or 5432
    return sa.URL.create("postgresql+psycopg2", user, password, host, port, name)


def normalise(url: str) -> sa.URL:
    """Convert a URL from a user to one of SQLAlchemy, with the driver that is installed with this program.

    Raises sqlalchemy.exc.ArgumentError if it cannot be parsed.
    """
    parsed = sa.make_url(url)
    postgresql = parsed.drivername in {"postgres", "postgresql"}
    return parsed.set(drivername="postgresql+psycopg2") if postgresql else parsed
