"""Parameters of addresses. If a program sends an invalid parameter, the refusal contains its name."""

import base64
import binascii
import struct

from flask_babel import lazy_gettext as _
from werkzeug.datastructures import MultiDict

from imagehost.domain.unix_time import moment_at, unix_microseconds
from imagehost.services.lists import Position
from imagehost.web.errors import BadRequest

CURSOR = struct.Struct(">qI")
"""Microseconds since the epoch, and an id."""
LONGEST_NUMBER = 4000
"""The maximum number of digits: fewer than int() refuses, and about as many as fit in a request line."""


def allow_only(given: MultiDict[str, str], *names: str) -> None:
    """Refuse a request with other parameters than these, or with one of them twice. Raises BadRequest."""
    for name, values in given.lists():
        facts = {"name": shown(name), "known": ", ".join(names)}
        if name not in names:
            raise BadRequest(
                _(
                    "This address does not support the parameter %(name)s. Supported parameters: %(known)s.",
                    **facts,
                )
                if names
                else _("This address does not support parameters. Remove the parameter %(name)s.", **facts)
            )
        if len(values) > 1:
            raise BadRequest(_("The parameter %(name)s is given more than once. Give it once.", **facts))


def shown(text: str) -> str:
    """Return a client's text, shortened and quoted for use in a sentence."""
    return repr(text[:40])


def whole_number(text: str) -> int | None:
    """Return the whole number in a text, or None if the text is not a whole number from 1 up."""
    return (
        int(text) if text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER and int(text) else None
    )


def number_up_to(most: int, given: MultiDict[str, str], name: str) -> int | None:
    """Return a parameter that is a number from 1 to ``most``; None if it is not given. Raises BadRequest."""
    text = given.get(name)
    if text is None:
        return None
    number = whole_number(text)
    if number is None or number > most:
        raise BadRequest(
            _(
                "%(name)s is %(value)s: it must be a whole number from 1 to %(most)s.",
                name=name,
                value=shown(text),
                most=most,
            )
        )
    return number


def write_cursor(place: Position) -> str:
    """Return a position in the list as a text for the parameter ``after``."""
    moment, image_id = place
    return base64.urlsafe_b64encode(CURSOR.pack(unix_microseconds(moment), image_id)).decode()


def read_cursor(given: MultiDict[str, str], name: str) -> Position | None:
    """Return a parameter that is a position in the list, or None if it is not given. Raises BadRequest."""
    text = given.get(name)
    if text is None:
        return None
    try:
        microseconds, image_id = CURSOR.unpack(base64.b64decode(text, altchars=b"-_", validate=True))
        return moment_at(microseconds), image_id
    except (ValueError, binascii.Error, struct.error, OverflowError) as error:
        raise BadRequest(
            _(
                "%(name)s is %(value)s, which is not a position in this list. "
                "Use the value from the Link header of a response.",
                name=name,
                value=shown(text),
            )
        ) from error
