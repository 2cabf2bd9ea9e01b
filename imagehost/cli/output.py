"""What all commands have in common: ``--json``, progress to a terminal, failures as one line and status 1."""

import json
import logging
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import wraps
from typing import Any, NoReturn

import click

from imagehost.domain.errors import ImageHostError
from imagehost.domain.failures import Failure
from imagehost.logs.setup import one_line
from imagehost.operations.progress import Advance

ENDS = (signal.SIGTERM, signal.SIGHUP)
OF_CLICK = (click.ClickException, click.exceptions.Exit, click.Abort)
"""What click itself tells, or ends with."""

log = logging.getLogger(__name__)

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON, for scripts.")


def command(view: Callable[..., object]) -> Callable[..., None]:
    """Tell what a command could not do: one line (or JSON) on the error output, and exit status 1."""

    @wraps(view)
    def run(*args: Any, **options: Any) -> None:
        try:
            with ending_in_order():
                view(*args, **options)
        except (Failure, ImageHostError) as error:
            fail(str(error), as_json=bool(options.get("as_json")))
        except OF_CLICK:
            raise
        except Exception as error:
            log.exception("command failed")
            message = f"{type(error).__name__}: {one_line(str(error))} (details in app.log)"
            fail(message, as_json=bool(options.get("as_json")))

    return run


@contextmanager
def ending_in_order() -> Iterator[None]:
    """Let a command that is asked to stop take back what it has half done, as it does after an error."""
    # nohup ignores the end of the terminal, and so do we.
    before = {number: now for number in ENDS if (now := signal.getsignal(number)) is not signal.SIG_IGN}
    for number in before:
        signal.signal(number, lambda number, _: sys.exit(128 + number))
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def fail(message: str, *, as_json: bool) -> NoReturn:
    """End with a message and status 1."""
    if as_json:
        click.echo(json.dumps({"status": "error", "message": message}))
    else:
        # The message may contain names from elsewhere, for example of a backup's files.
        click.echo(f"imagehost: {one_line(message)}", err=True)
    sys.exit(1)


def tell(result: Mapping[str, object], text: str, *, as_json: bool, ok: bool = True) -> None:
    """Print the result of a command, for scripts or for people. End with status 1 unless ``ok``.

    Codes for the terminal are escaped. The caller has to escape line ends in names that are in the text.
    """
    if as_json:
        click.echo(json.dumps({"status": "success" if ok else "error", **result}))
    else:
        click.echo("\n".join(map(one_line, text.split("\n"))))
    if not ok:
        sys.exit(1)


@contextmanager
def bar(label: str, total: int) -> Iterator[Advance]:
    """Show a progress bar on the error output, where that is a terminal."""
    hidden = not sys.stderr.isatty()
    with click.progressbar(length=total, label=label, file=sys.stderr, hidden=hidden) as shown:
        yield shown.update
