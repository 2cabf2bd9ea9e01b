"""The request that a log line belongs to."""

from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RequestOrigin:
    """The id of a request, and the address of its client."""

    request: str = "-"
    client: str = "-"

    @property
    def is_request(self) -> bool:
        """Whether this is a request, and not other work of the host."""
        return self is not NO_REQUEST


NO_REQUEST = RequestOrigin()
CURRENT: ContextVar[RequestOrigin] = ContextVar("imagehost.logs.context", default=NO_REQUEST)
"""Set by ``web.request_ids`` while a thread answers a request."""
