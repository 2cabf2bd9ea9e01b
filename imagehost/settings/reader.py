"""Read settings from the environment and ``.env``, and report a wrong one in one line."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from environs import Env, EnvError, validate

from imagehost.settings.parsers import parse_rate

ROOT = Path(__file__).parent.parent.parent


class WrongSetting(SystemExit):
    """Stops the start with one line: a setting has a value that is not allowed."""

    def __init__(self, name: str, value: object, allowed: str) -> None:
        super().__init__(f"imagehost: the setting {name} is {value!r}, but must be {allowed}.")


class Reader:
    """Reads settings. Overrides have priority, and an empty value counts as not set."""

    def __init__(self, overrides: dict[str, object]) -> None:
        self.overrides = dict(overrides)
        self.env = Env()
        self.env.read_env(ROOT / ".env", recurse=False)

    def text(self, name: str, default: str | None = None) -> str | None:
        """Return a setting as text, or the default. An empty value counts as missing."""
        value = self.overrides.pop(name, None) or self.env.str(name, None) or default
        return None if value is None else str(value)

    def secret(self, name: str) -> str | None:
        """Return a secret from its setting, or from the file that the setting ``<name>_FILE`` names.

        None if both are missing. Raises WrongSetting if the file cannot be read or is empty.
        """
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
        """Return a setting that a method of environs parses. ``allowed`` describes its values in an error.

        Raises WrongSetting.
        """
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
        """Return a setting that one of the parsers in ``values`` parses."""
        return self.get(name, default, allowed, lambda env, given: parse(env.str(given)))

    def number(self, name: str, default: int, low: int, high: int) -> int:
        """Return a whole number from ``low`` to ``high``. Raises WrongSetting."""
        bounds = validate.Range(low, high)
        return int(
            self.get(
                name, default, f"a whole number from {low} to {high}", lambda e, n: e.int(n, validate=bounds)
            )
        )

    def choice(self, name: str, default: str, choices: tuple[str, ...]) -> str:
        """Return one of several words. Raises WrongSetting."""
        allowed = validate.OneOf(choices)
        return str(self.get(name, default, " or ".join(choices), lambda e, n: e.str(n, validate=allowed)))

    def flag(self, name: str, *, default: bool) -> bool:
        """Return a setting that is true or false."""
        return bool(self.get(name, default, "true or false", lambda e, n: e.bool(n)))

    def rate(self, name: str, default: str) -> str:
        """Return a rate limit: how many requests of one kind a client may send in a period."""
        allowed = "a number of requests per time unit, such as 600/minute"
        return str(self.parsed(name, default, allowed, parse_rate))

    def path(self, name: str, default: Path) -> Path:
        """Return the path of a folder, which need not exist. It may be relative to the working directory.

        Raises WrongSetting.
        """
        path = Path(self.text(name) or default).expanduser().absolute()
        if path.exists() and not path.is_dir():
            raise WrongSetting(name, str(path), "a folder")
        return path

    def folder(self, name: str, default: Path) -> Path:
        """Return the path of a folder, and make it if necessary. Raises WrongSetting."""
        path = self.path(name, default)
        try:
            path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise WrongSetting(name, str(path), f"a folder that can be created ({error.strerror})") from error
        if not os.access(path, os.W_OK | os.X_OK):
            raise WrongSetting(name, str(path), "a folder that can be written to")
        return path
