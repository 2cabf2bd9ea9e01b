"""Reads settings from the environment and ``.env``, and says in one line what is wrong with one."""

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from environs import Env, EnvError, validate

from imagehost.db import engines
from imagehost.settings.values import parse_rate

ROOT = Path(__file__).parent.parent.parent
LAST_PORT = 65535
FOR_POSTGRESQL = re.compile(
    "(PATH|HOME|USER|LOGNAME|LANG|TZ|TMPDIR|LD_LIBRARY_PATH)$|PG|LC_|KRB5|SSL_|OPENSSL_"
)
"""Matches the names of the environment variables that PostgreSQL's programs may need to connect."""


class WrongSetting(SystemExit):
    """A setting cannot be used: stops the start with one line."""

    def __init__(self, name: str, value: object, allowed: str) -> None:
        super().__init__(f"imagehost: the setting {name} is {value!r}, but must be {allowed}.")


class Reader:
    """Reads one setting after another; overrides come first, an empty value counts as none."""

    def __init__(self, overrides: dict[str, object]) -> None:
        self.overrides = dict(overrides)
        self.env = Env()
        self.env.read_env(ROOT / ".env", recurse=False)

    def text(self, name: str, default: str | None = None) -> str | None:
        """Read a setting as it stands."""
        value = self.overrides.pop(name, None) or self.env.str(name, None) or default
        return None if value is None else str(value)

    def secret(self, name: str) -> str | None:
        """Read a setting that may stand in a file of its own, which the setting ``<name>_FILE`` names."""
        file = self.text(f"{name}_FILE")
        given = self.text(name)
        if given or not file:
            return given
        try:
            kept = Path(file).read_text().rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            raise WrongSetting(f"{name}_FILE", file, "a text file that can be read") from error
        if not kept:
            raise WrongSetting(f"{name}_FILE", file, "a file that is not empty")
        return kept

    def get(self, name: str, default: Any, allowed: str, parse: Callable[[Env, str], Any]) -> Any:
        """Read a setting by one of environs' methods; ``allowed`` says in words what may stand there."""
        if name in self.overrides:
            return self.overrides.pop(name)
        value = self.env.str(name, None)
        if not value:
            return default
        try:
            return parse(self.env, name)
        except (EnvError, ValueError) as error:
            raise WrongSetting(name, value, allowed) from error

    def parsed(self, name: str, default: Any, allowed: str, parse: Callable[[str], Any]) -> Any:
        """Read a setting with one of the parsers in ``values``."""
        return self.get(name, default, allowed, lambda env, given: parse(env.str(given)))

    def number(self, name: str, default: int, low: int, high: int) -> int:
        """Read a whole number within bounds."""
        bounds = validate.Range(low, high)
        return int(
            self.get(
                name, default, f"a whole number from {low} to {high}", lambda e, n: e.int(n, validate=bounds)
            )
        )

    def choice(self, name: str, default: str, choices: tuple[str, ...]) -> str:
        """Read one of a few words."""
        allowed = validate.OneOf(choices)
        return str(self.get(name, default, " or ".join(choices), lambda e, n: e.str(n, validate=allowed)))

    def flag(self, name: str, *, default: bool) -> bool:
        """Read a yes or no."""
        return bool(self.get(name, default, "true or false", lambda e, n: e.bool(n)))

    def rate(self, name: str, default: str) -> str:
        """Read a rate limit: how many requests of one kind a client may send in a period."""
        return str(self.parsed(name, default, "a number per time, as 600/minute", parse_rate))

    def path(self, name: str, default: Path) -> Path:
        """Read a folder, which need not be there; a relative one starts at the working folder."""
        path = Path(self.text(name) or default).expanduser().absolute()
        if path.exists() and not path.is_dir():
            raise WrongSetting(name, str(path), "a folder")
        return path

    def folder(self, name: str, default: Path) -> Path:
        """Read a folder that is needed at once, and make it."""
        path = self.path(name, default)
        try:
            path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise WrongSetting(name, str(path), f"a folder that can be made ({error.strerror})") from error
        if not os.access(path, os.W_OK | os.X_OK):
            raise WrongSetting(name, str(path), "a folder that can be written to")
        return path


def read_database_url(read: Reader, instance: Path) -> sa.URL:
    """Read where the database is, and check that it is one of those that we know."""
    allowed = "sqlite:///<file> or postgresql://<user>:<password>@<host>/<database>"
    try:
        url = database_url(read, instance)
    except (sa.exc.ArgumentError, ValueError) as error:
        # The value itself may hold a password.
        raise WrongSetting("DATABASE_URL", "unreadable", allowed) from error
    in_memory = url.get_backend_name() == "sqlite" and url.database in {None, "", ":memory:"}
    usable = url.drivername in {"sqlite", "postgresql+psycopg2"} and (url.port or 0) <= LAST_PORT
    if in_memory or not usable:
        raise WrongSetting("DATABASE_URL", url.render_as_string(hide_password=True), allowed)
    return url


def database_url(read: Reader, instance: Path) -> sa.URL:
    """Take ``DATABASE_URL``, or put it together from ``DB_HOST`` and its kin, or name SQLite's file."""
    given = read.text("DATABASE_URL")
    host, name = read.text("DB_HOST"), read.text("DB_NAME")
    user, password = read.text("DB_USER"), read.secret("DB_PASSWORD")
    port = read.number("DB_PORT", 0, 1, LAST_PORT)
    if given:
        return engines.normalise(given)
    if not any((host, name, user, password, port)):
        return sa.URL.create("sqlite", database=str(instance / "imagehost.db"))
    host, name, port = host or "localhost", name or "imagehost", port or 5432
    return sa.URL.create("postgresql+psycopg2", user, password, host, port, name)


def postgresql_environment(password: object) -> dict[str, str]:
    """Return the environment for PostgreSQL's programs.

    It has the variables that the connection may need, but neither our secrets nor variables that name a
    program (a pager, an editor). The password is in it, because all users can see the arguments of a process.
    """
    kept = {name: value for name, value in os.environ.items() if FOR_POSTGRESQL.match(name)}
    # In other encodings, a character may contain a byte that has a special meaning to psql.
    return {**kept, "PGCLIENTENCODING": "UTF8", **({"PGPASSWORD": str(password)} if password else {})}
