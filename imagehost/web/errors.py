"""Refusals of requests that are caused only by the form of the request. ``messages`` has their sentences."""

from flask_babel import LazyString

from imagehost.domain.errors import EmptyFile, Refused, TooLarge


class BadRequest(Refused):
    """A body or a parameter cannot be read; ``message`` says why and is translated when it is written."""

    code = "bad_request"

    def __init__(self, message: LazyString) -> None:
        super().__init__(message)
        self.message = message


class CrossSite(Refused):
    """A page of another site tried to change something here."""

    code = "cross_site"


class WrongHost(Refused):
    """A request names a host that is not this one."""

    code = "wrong_host"

    def __init__(self, name: str = "") -> None:
        super().__init__(name)
        self.name = name


class TooSlow(Refused):
    """A body arrives too slowly."""

    code = "request_timeout"


class NoFile(Refused):
    """A form has no part named ``file``, or that part is empty."""

    code = EmptyFile.code


class NotAForm(NoFile):
    """A body is not a form; it may be the bare bytes of a picture."""


class NoBoundary(Refused):
    """The type of a form has no boundary, so its parts cannot be found."""

    code = BadRequest.code


class TooManyFiles(Refused):
    """A form has more than one part named ``file``."""

    code = "too_many_files"


class FormTooLarge(Refused):
    """A form has more or larger parts in addition to the picture than any form of imagehost."""

    code = TooLarge.code


class NoSuchFormat(Refused):
    """An oEmbed answer is asked for in another format than JSON."""

    code = "not_implemented"
