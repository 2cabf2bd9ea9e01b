"""Parameters of addresses: what is not understood is refused by name, where a program asks."""

import base64
import binascii
import struct
from datetime import UTC, datetime, timedelta

from flask import request
from flask_babel import lazy_gettext as _

from imagehost.domain.errors import BadRequest
from imagehost.services.lists import Position
from imagehost.web.converters import whole_number

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
CURSOR = struct.Struct(">qI")
"""Microseconds since the epoch, and an id."""


def allow_only(*names: str) -> None:
    """Refuse a request with other parameters than these, or with one of them twice. Raises BadRequest."""
    for name, values in request.args.lists():
        facts = {"name": shown(name), "known": ", ".join(names)}
        if name not in names:
            raise BadRequest(
                _("There is no parameter %(name)s here. There are: %(known)s.", **facts)
                if names
                else _("There is no parameter %(name)s here, and no other. Leave it out.", **facts)
            )
        if len(values) > 1:
            raise BadRequest(_("The parameter %(name)s is given more than once. Give it once.", **facts))


def shown(text: str) -> str:
    """Write what a client sent as a sentence can bear it."""
    return repr(text[:40])


def number_up_to(most: int, name: str) -> int | None:
    """Read a parameter that is a whole number from 1 up; None where it is not given. Raises BadRequest."""
    text = request.args.get(name)
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
    """Write a place in the list as a text for ``after``."""
    moment, image_id = place
    return base64.urlsafe_b64encode(CURSOR.pack((moment - EPOCH) // MICROSECOND, image_id)).decode()


def read_cursor(name: str) -> Position | None:
    """Read a parameter that is a place in the list; None where it is not given. Raises BadRequest."""
    text = request.args.get(name)
    if text is None:
        return None
    try:
        microseconds, image_id = CURSOR.unpack(base64.b64decode(text, altchars=b"-_", validate=True))
        return EPOCH + microseconds * MICROSECOND, image_id
    except (ValueError, binascii.Error, struct.error, OverflowError) as error:
        raise BadRequest(
            _(
                "%(name)s is %(value)s, which is no place in this list. Take it from the Link of an answer.",
                name=name,
                value=shown(text),
            )
        ) from error
