"""The output of all commands: ``--json``, progress bars, and failures as one line with exit status 1."""

import json
import logging
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import wraps
from typing import Any, NoReturn

import click

from imagehost.domain.error_object import error_object
from imagehost.domain.errors import ImageHostError
from imagehost.domain.failures import Failure
from imagehost.logs.setup import one_line
from imagehost.operations.progress import Advance
from imagehost.web.messages import sentence_in_english

ENDS = (signal.SIGTERM, signal.SIGHUP)
OF_CLICK = (click.ClickException, click.exceptions.Exit, click.Abort)
"""Exceptions that click handles itself."""

log = logging.getLogger(__name__)

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON, for scripts.")


def command(view: Callable[..., object]) -> Callable[..., None]:
    """Report a failure as one line on the error output, or as JSON on the output, and exit with status 1."""

    @wraps(view)
    def run(*args: Any, **options: Any) -> None:
        try:
            with ending_in_order():
                view(*args, **options)
        except Failure as error:
            fail(str(error), as_json=bool(options.get("as_json")))
        except ImageHostError as error:
            fail(sentence_in_english(error), as_json=bool(options.get("as_json")))
        except OF_CLICK:
            raise
        except Exception as error:
            log.exception("command failed")
            message = f"{type(error).__name__}: {one_line(str(error))} (details in app.log)"
            fail(message, as_json=bool(options.get("as_json")))

    return run


@contextmanager
def ending_in_order() -> Iterator[None]:
    """Exit by an exception on a signal, so that a command undoes unfinished work, as after an error."""
    # Leave ignored signals ignored: nohup ignores SIGHUP, so that the command survives its terminal.
    before = {number: now for number in ENDS if (now := signal.getsignal(number)) is not signal.SIG_IGN}
    for number in before:
        signal.signal(number, lambda number, _: sys.exit(128 + number))
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def fail(message: str, *, as_json: bool) -> NoReturn:
    """Print a message, and exit with status 1."""
    if as_json:
        click.echo(json.dumps(error_object(None, message)))
    else:
        # The message may contain names that others chose, for example of a backup's files.
        click.echo(f"imagehost: {one_line(message)}", err=True)
    sys.exit(1)


def print_result(result: Mapping[str, object], text: str, *, as_json: bool, ok: bool = True) -> None:
    """Print the result of a command, for scripts or for people. Exit with status 1 unless ``ok``.

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
    """Show a progress bar on the error output, if that is a terminal."""
    hidden = not sys.stderr.isatty()
    with click.progressbar(length=total, label=label, file=sys.stderr, hidden=hidden) as shown:
        yield shown.update
