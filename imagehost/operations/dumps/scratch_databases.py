"""Create scratch databases in PostgreSQL for checks, and drop them afterwards."""

import logging
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from imagehost.db.engines import engine_options, translate_error
from imagehost.domain.errors import ImageHostError
from imagehost.domain.failures import Failure

SCHEMA = "public"
"""The schema of our tables."""
PREFIX = "imagehost_scratch_"
"""The prefix of the names of scratch databases. The time in Unix seconds follows."""
FORM = f"^{PREFIX}[0-9]{{10}}_[0-9a-f]{{8}}$"
LIKE_NO_OTHER = "TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'"
"""The same properties for all scratch databases, independent of the server's other databases."""
HUMBLE = "NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION"
LEFT = sa.text(
    "SELECT datname FROM pg_database WHERE datname ~ :form "
    "UNION SELECT rolname FROM pg_roles WHERE rolname ~ :form"
)
OWNER = sa.text("SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = :name")
ROLE = sa.text("SELECT rolname FROM pg_roles WHERE rolname = :name")
DAY = 24 * 60 * 60
DROP_TRIES = 20

log = logging.getLogger(__name__)


@contextmanager
def database(engine: sa.Engine) -> Iterator[sa.URL]:
    """Make a database on an engine's server, and drop it at the end. Raises Failure.

    If the user may create roles, the database belongs to a new role, which has no other rights.
    """
    drop_old(engine)
    name = f"{PREFIX}{int(time.time())}_{secrets.token_hex(4)}"
    try:
        yield make_owned(engine, name) or make_scratch(engine, name)
    finally:
        drop_scratch(engine, name)


def make_owned(engine: sa.Engine, name: str) -> sa.URL | None:
    """Create a database and a role of the same name that owns it. Return None if that is not possible."""
    password = secrets.token_hex(32)
    url = engine.url.difference_update_query(["user", "password"])
    url = url.set(database=name, username=name, password=password)
    try:
        execute(engine, f"CREATE ROLE {name} LOGIN {HUMBLE} PASSWORD '{password}'")
        # Only a member of a role may create a database that the role owns.
        execute(engine, f"GRANT {name} TO CURRENT_USER")
        execute(engine, f"CREATE DATABASE {name} OWNER {name} {LIKE_NO_OTHER}")
        with connected(url):
            return url
    except (sa.exc.DBAPIError, ImageHostError) as error:
        # The user may not create roles, or pg_hba.conf does not let the new role connect.
        reason = str(error.orig if isinstance(error, sa.exc.DBAPIError) else error).strip()
        log.warning("dump is restored with all rights of the host's database user", extra={"reason": reason})
        drop_scratch(engine, name)
        return None


@contextmanager
def connected(url: sa.URL) -> Iterator[sa.Connection]:
    """Connect to a scratch database. The user's own search path for tables is not used."""
    options = f"-c timezone=utc -c search_path={SCHEMA}"
    arguments = {**engine_options(url)["connect_args"], "options": options}
    engine = sa.create_engine(url, poolclass=sa.NullPool, connect_args=arguments)
    sa.event.listen(engine, "handle_error", translate_error)
    with engine.connect() as connection:
        yield connection


def make_scratch(engine: sa.Engine, name: str) -> sa.URL:
    """Create a scratch database that the host's own user owns. Raises Failure."""
    try:
        execute(engine, f"CREATE DATABASE {name} {LIKE_NO_OTHER}")
    except sa.exc.ProgrammingError as error:
        with engine.connect() as connection:
            user = connection.exec_driver_sql("SELECT quote_ident(current_user)").scalar_one()
        raise Failure(
            "The database user is not allowed to create the scratch database for the verification. "
            f"To allow it, run as a database administrator: ALTER ROLE {user} CREATEDB"
        ) from error
    return engine.url.set(database=name)


def drop_scratch(engine: sa.Engine, name: str) -> None:
    """Drop a scratch database and its owner.

    A database that is still in use, for example by autovacuum, is dropped by a later check.
    """
    for _ in range(DROP_TRIES):
        try:
            owner, exists = found(engine, OWNER, name), found(engine, ROLE, name)
            if owner:
                # FORCE is not used: it needs the right to end the server's own processes in the database. The
                # owner's role is set, since the user may not have inherited its rights.
                execute(engine, f"DROP DATABASE {name}", role=name if owner == name else None)
            # Without the right to drop roles, even DROP ROLE IF EXISTS fails.
            if exists:
                execute(engine, f"DROP ROLE {name}")
        except (sa.exc.DBAPIError, ImageHostError):
            time.sleep(0.1)
        else:
            return
    log.warning("scratch database not dropped", extra={"database": name})


def found(engine: sa.Engine, query: sa.TextClause, name: str) -> str | None:
    """Return the name of an owner or a role; None if it does not exist."""
    with engine.connect() as connection:
        return connection.execute(query, {"name": name}).scalar()


def drop_old(engine: sa.Engine) -> None:
    """Drop scratch databases and roles of checks that were killed, if they are older than a day."""
    with engine.connect() as connection:
        names = connection.execute(LEFT, {"form": FORM}).scalars().all()
    for name in names:
        if int(name.removeprefix(PREFIX).partition("_")[0]) < time.time() - DAY:
            drop_scratch(engine, name)


def execute(engine: sa.Engine, statement: str, role: str | None = None) -> None:
    """Run a statement outside of any transaction, as another role if one is given."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if not role:
            connection.exec_driver_sql(statement)
            return
        connection.exec_driver_sql(f"SET ROLE {role}")
        try:
            connection.exec_driver_sql(statement)
        finally:
            # The pool reuses the connection.
            connection.exec_driver_sql("RESET ROLE")
