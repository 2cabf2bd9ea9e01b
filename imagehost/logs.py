"""What happened, one line an event: in ``LOG_DIR/app.log`` and on the console."""

import io
import json
import logging
import re
import secrets
import sys
import time
from logging.handlers import WatchedFileHandler
from pathlib import Path

from flask import Flask, g, has_request_context, request
from pythonjsonlogger.json import JsonFormatter

from imagehost.config import Settings

STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {
    "message",
    "asctime",
    "taskName",
    "request",
    "client",
}
WHOLE_LINE = 1024 * 1024
PLAIN = re.compile(r"[^\s\"'=\\]+")
GIVEN_ID = re.compile(r"[A-Za-z0-9-]{8,64}")
FORMAT = "%(asctime)s.%(msecs)03dZ %(levelname)s %(request)s %(client)s %(message)s"


class LineFile(WatchedFileHandler):
    """Appends each event by one write, so that processes never mix; reopens the file after a rotation."""

    complained = False

    def _open(self) -> io.TextIOWrapper:
        return Path(self.baseFilename).open("a", buffering=WHOLE_LINE, encoding="utf-8")

    def emit(self, record: logging.LogRecord) -> None:
        """Write an event; one that cannot be written, since the folder is gone, say, stops no request."""
        try:
            super().emit(record)
        except OSError:
            self.handleError(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  # the standard library's name
        """Say once that nothing can be written; the console has what matters."""
        error = sys.exception()
        if not isinstance(error, OSError):
            super().handleError(record)
        elif not self.complained:
            self.complained = True
            sys.stderr.write(f"imagehost: {self.baseFilename} cannot be written: {error.strerror}\n")


class RequestFilter(logging.Filter):
    """Adds to each event the request that it belongs to."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Set ``request``, its id, and ``client``, its address; ``-`` outside of requests."""
        inside = has_request_context()
        record.request = g.get("request_id", "-") if inside else "-"
        record.client = request.remote_addr or "-" if inside else "-"
        return True


class TextFormatter(logging.Formatter):
    """Writes time, level, request id, client, message, and what it was about as ``name=value``."""

    converter = time.gmtime  # type: ignore[assignment]  # the standard library's own idiom

    def __init__(self) -> None:
        super().__init__(FORMAT, "%Y-%m-%dT%H:%M:%S")

    def format(self, record: logging.LogRecord) -> str:
        """Make one line of an event, its traceback included."""
        facts = {name: value for name, value in vars(record).items() if name not in STANDARD}
        if record.exc_info:
            facts["traceback"] = self.formatException(record.exc_info)
        record.message = one_line(record.getMessage())
        record.asctime = self.formatTime(record, self.datefmt)
        return " ".join(
            [self.formatMessage(record), *(f"{name}={quote(str(facts[name]))}" for name in facts)]
        )


def quote(value: str) -> str:
    """Write a value so that nothing in it passes for another one, or for another line."""
    return (
        value
        if PLAIN.fullmatch(value) and value.isprintable()
        else one_line(json.dumps(value, ensure_ascii=False))
    )


def one_line(text: str) -> str:
    """Escape what is not printable: line ends, terminal codes, marks that turn the writing round."""
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in text
    )


def begin_request() -> None:
    """Give the request its id; one that a trusted proxy gave is kept."""
    given = request.headers.get("X-Request-ID", "")
    trusted = bool(request.environ.get("werkzeug.proxy_fix.orig"))
    g.request_id = given if trusted and GIVEN_ID.fullmatch(given) else secrets.token_hex(8)


def formatter(settings: Settings) -> logging.Formatter:
    """Choose by ``LOG_FORMAT``."""
    if settings.log_format == "text":
        return TextFormatter()
    json_formatter = JsonFormatter(
        "%(asctime)s %(levelname)s %(request)s %(client)s %(message)s",
        "%Y-%m-%dT%H:%M:%SZ",
        rename_fields={"asctime": "time", "levelname": "level", "message": "event", "exc_info": "traceback"},
    )
    json_formatter.converter = time.gmtime
    return json_formatter


def init_app(app: Flask, settings: Settings) -> None:
    """Send the package's events to the file and the console."""
    logger = logging.getLogger("imagehost")
    logger.setLevel(settings.log_level.upper())
    logger.propagate = False
    for old in list(logger.handlers):
        logger.removeHandler(old)
        old.close()
    console = logging.StreamHandler(sys.stderr)
    # What needs somebody; the rest would drown what commands print.
    console.setLevel(logging.WARNING)
    # Commands say in their own words what they could not do.
    console.addFilter(lambda record: not record.name.startswith("imagehost.cli"))
    for handler in (LineFile(settings.log_dir / "app.log", delay=True), console):
        handler.setFormatter(formatter(settings))
        handler.addFilter(RequestFilter())
        logger.addHandler(handler)
    app.before_request(begin_request)
