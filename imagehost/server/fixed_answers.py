"""Small answers that the main thread sends without the application, in English, as JSON."""

import json
from http import HTTPStatus

from imagehost.domain.error_object import error_object
from imagehost.server.connection import SECONDS_FOR_HEAD

CODES = {
    HTTPStatus.BAD_REQUEST: "bad_request",
    HTTPStatus.REQUEST_TIMEOUT: "request_timeout",
    HTTPStatus.INTERNAL_SERVER_ERROR: "internal_error",
    HTTPStatus.SERVICE_UNAVAILABLE: "unavailable",
}


def fixed_answer(status: HTTPStatus, message: str, *fields: str) -> bytes:
    """Build a whole answer. It is the last one on its connection."""
    body = json.dumps(error_object(CODES[status], message)) + "\n"
    head = [
        f"HTTP/1.1 {status.value} {status.phrase}",
        "Connection: close",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        *fields,
    ]
    return ("\r\n".join([*head, "", ""]) + body).encode()


UNREADABLE = fixed_answer(
    HTTPStatus.BAD_REQUEST,
    "The request cannot be read. It may be incomplete; send it again.",
)
TOO_SLOW = fixed_answer(
    HTTPStatus.REQUEST_TIMEOUT,
    f"The headers of the request did not arrive within {SECONDS_FOR_HEAD:.0f} seconds. "
    "Send the request again.",
)
TOO_MANY = fixed_answer(
    HTTPStatus.SERVICE_UNAVAILABLE,
    "This server has too many connections at the moment. Try again in a few seconds.",
    "Retry-After: 5",
)
INTERNAL_ERROR = fixed_answer(
    HTTPStatus.INTERNAL_SERVER_ERROR,
    "The server could not answer this request because of an internal error. Try again later.",
)
