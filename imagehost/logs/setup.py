"""Set up logging: one line for each event, in ``LOG_DIR/app.log`` and on the console."""

import json
import logging
import re
import sys
import time
import traceback
from typing import TextIO

from pythonjsonlogger.json import JsonFormatter

from imagehost.domain.networks import network
from imagehost.logs.context import CURRENT
from imagehost.logs.repeats import Repeats, Window
from imagehost.logs.rotating_file import LineFile
from imagehost.settings.definitions import Settings

STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {
    "message",
    "asctime",
    "taskName",
    "request",
    "client",
}
LONGEST_FACT = 200
"""The maximum number of characters of a fact or a message."""
OWN_LENGTHS = {"reason": 500, "addresses": 5000}
"""Longer limits for some facts: an error of the database, and the ports that the host listens on."""
LONGEST_TRACEBACK = 10_000
REFUSED_EVENT = "refused"
"""The event of a refused request (``web.problem``)."""
UNQUOTED = re.compile(r"[^\s\"'=\\]+")
LINE_FORMAT = "%(asctime)s.%(msecs)03dZ %(levelname)s %(request)s %(client)s %(message)s"


class Gate(logging.Handler):
    """Passes events to the file and the console. Limits the size of events and their number per client.

    Only refusals and problems are limited in number. Uploads, deletions and commands are always logged.
    """

    def __init__(self, *handlers: logging.Handler) -> None:
        super().__init__()
        self.handlers = handlers
        self.repeats = Repeats()

    def emit(self, record: logging.LogRecord) -> None:
        """Complete an event and pass it on. Before it, log how many other events were left out."""
        origin = CURRENT.get()
        client = origin.client[:LONGEST_FACT]
        record.request, record.client = origin.request, client
        # The message without its arguments: with a text from a client in it, each line would be a new event.
        event = cut(str(record.msg))
        shorten_record(record)
        self.sum_up(self.repeats.ended())
        limited = origin.is_request and (record.levelno >= logging.WARNING or event == REFUSED_EVENT)
        if not limited or self.repeats.admit(network(client), event, record.levelno):
            self.pass_on(record)

    def pass_on(self, record: logging.LogRecord) -> None:
        """Pass an event to each handler whose level allows it."""
        for handler in self.handlers:
            if record.levelno >= handler.level:
                handler.handle(record)

    def sum_up(self, windows: list[Window]) -> None:
        """Log one line for each window: how many events were left out."""
        for window in windows:
            text = f"{window.event} {window.left_out} more times"
            record = logging.LogRecord(__name__, window.level, __file__, 0, text, None, None)
            vars(record).update(request="-", client=window.client, times=window.left_out)
            self.pass_on(record)

    def close(self) -> None:
        """Log how many events were left out so far, and close all handlers."""
        self.sum_up(self.repeats.ended(all_of_them=True))
        for handler in self.handlers:
            handler.close()
        super().close()


def shorten_record(record: logging.LogRecord) -> None:
    """Shorten the texts of an event: a client may have chosen them."""
    record.msg, record.args = cut(record.getMessage()), None
    if record.exc_info and record.exc_info[0]:
        text = "".join(traceback.format_exception(*record.exc_info)).rstrip()
        # The error itself is at the end of a traceback.
        record.exc_text = text if len(text) <= LONGEST_TRACEBACK else f"…{text[-LONGEST_TRACEBACK:]}"
        record.exc_info = None
    facts = vars(record)
    for name, value in facts.items():
        if name not in STANDARD and not isinstance(value, int | float):
            facts[name] = cut(str(value), OWN_LENGTHS.get(name, LONGEST_FACT))


def cut(text: str, length: int = LONGEST_FACT) -> str:
    """Cut a text to ``length`` characters, and show that it was cut."""
    return text if len(text) <= length else f"{text[:length]}…"


class Console(logging.StreamHandler[TextIO]):
    """Writes each event to the current ``sys.stderr``."""

    def __init__(self) -> None:
        # StreamHandler's __init__ is not called: it would keep the current stream.
        logging.Handler.__init__(self)

    @property
    def stream(self) -> TextIO:  # type: ignore[override]  # like logging's own _StderrHandler
        """The current standard error stream."""
        return sys.stderr


class TextFormatter(logging.Formatter):
    """Writes time, level, request id, client, message, and the facts as ``name=value``."""

    converter = time.gmtime  # type: ignore[assignment]  # the standard library's own idiom

    def __init__(self) -> None:
        super().__init__(LINE_FORMAT, "%Y-%m-%dT%H:%M:%S")

    def format(self, record: logging.LogRecord) -> str:
        """Return an event as one line, including its traceback."""
        facts = {name: value for name, value in vars(record).items() if name not in STANDARD}
        if record.exc_text:
            facts["traceback"] = record.exc_text
        record.message = one_line(record.getMessage())
        record.client = quote(vars(record)["client"])
        record.asctime = self.formatTime(record, self.datefmt)
        return " ".join(
            [self.formatMessage(record), *(f"{name}={quote(str(facts[name]))}" for name in facts)]
        )


def quote(value: str) -> str:
    """Return a value in a form in which no part can be taken for another value or another line."""
    return (
        value
        if UNQUOTED.fullmatch(value) and value.isprintable()
        else one_line(json.dumps(value, ensure_ascii=False))
    )


def one_line(text: str) -> str:
    """Escape unprintable characters: line ends, terminal codes, marks that change the text direction."""
    if text.isprintable():
        return text
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in text
    )


def formatter(settings: Settings) -> logging.Formatter:
    """Return the formatter for ``LOG_FORMAT``."""
    if settings.log_format == "text":
        return TextFormatter()
    json_formatter = JsonFormatter(
        "%(asctime)s %(levelname)s %(request)s %(client)s %(message)s",
        "%Y-%m-%dT%H:%M:%SZ",
        rename_fields={"asctime": "time", "levelname": "level", "message": "event", "exc_info": "traceback"},
    )
    json_formatter.converter = time.gmtime
    return json_formatter


def start_logging(settings: Settings) -> None:
    """Send the package's events to the file and the console."""
    logger = logging.getLogger("imagehost")
    logger.setLevel(settings.log_level.upper())
    logger.propagate = False
    for old in list(logger.handlers):
        logger.removeHandler(old)
        old.close()
    console = Console()
    # Only events that a person must act on: others would hide the output of commands.
    console.setLevel(logging.WARNING)
    # Commands print their own errors.
    console.addFilter(lambda record: not record.name.startswith("imagehost.cli"))
    file = LineFile(settings.log_dir / "app.log", settings.log_max_size, settings.log_keep)
    for handler in (file, console):
        handler.setFormatter(formatter(settings))
    logger.addHandler(Gate(file, console))
