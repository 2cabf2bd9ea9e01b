"""What gunicorn itself says on the console, in bounded size and number: a stranger chooses much of it."""

import logging
import re
from typing import Any

from gunicorn import glogging

from imagehost.logs import LONGEST_TRACEBACK, cut, one_line
from imagehost.ratelimit import network
from imagehost.repeats import Repeats, Window

LONGEST = 500
LONGEST_OF_OURS = 2000
"""Events that no client's address stands in: what goes wrong at a start, say."""
CLIENT = re.compile(r"(Invalid request) from ip=([0-9A-Fa-f:.]*[0-9A-Fa-f]): ")


class Bounded(logging.Filter):
    """Cuts events, and counts what one client repeats instead of letting it through."""

    def __init__(self, logger: logging.Logger) -> None:
        super().__init__()
        self.logger = logger
        self.repeats = Repeats()

    def filter(self, record: logging.LogRecord) -> bool:
        """Tell whether an event is to be written."""
        if record.levelno < logging.WARNING or "times" in vars(record):
            return True
        text = record.getMessage()
        found = CLIENT.match(text)
        client, event = (network(found[2]), found[1]) if found else ("-", cut(str(record.msg)))
        # Line ends stay, as people read them in what goes wrong at a start; a client cannot send any.
        whole = "\n".join(map(one_line, text.splitlines()))
        record.msg, record.args = cut(whole, LONGEST if found else LONGEST_OF_OURS), None
        if record.exc_info:
            trace = logging.Formatter().formatException(record.exc_info)
            record.exc_text = trace[-LONGEST_TRACEBACK:]
        self.sum_up(self.repeats.ended())
        return self.repeats.admit(client, event, record.levelno)

    def sum_up(self, windows: list[Window]) -> None:
        """Write one line for all that was left out of a window."""
        for window in windows:
            self.logger.log(
                window.level,
                "%s from ip=%s: %d times more",
                cut(one_line(window.event), LONGEST),
                window.client,
                window.left_out,
                extra={"times": window.left_out},
            )


class Logger(glogging.Logger):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn's logger, bounded."""

    def setup(self, cfg: Any) -> None:
        """Attach the bound to what gunicorn writes errors with."""
        super().setup(cfg)
        for bounded in [each for each in self.error_log.filters if isinstance(each, Bounded)]:
            self.error_log.removeFilter(bounded)
        self.error_log.addFilter(Bounded(self.error_log))
