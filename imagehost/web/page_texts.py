"""What the scripts of the pages need to know and say, in the visitor's language."""

from functools import cache

from flask import url_for
from flask_babel import force_locale
from flask_babel import gettext as _

from imagehost.domain.foreign_formats import FOREIGN, KNOWN, Foreign
from imagehost.domain.kinds import HEAD, KINDS
from imagehost.domain.upload_errors import EmptyFile, TooLarge, UnsupportedType
from imagehost.extensions import settings
from imagehost.web import assets
from imagehost.web.languages import current

NAME = "{name}"
"""Where a script puts a file's name."""
ANY = Foreign("{what}", "", "{advice}")
"""A format that a script fills in."""


def script_settings() -> dict[str, object]:
    """Give what ``static/js/page.js`` reads: limits, addresses, texts."""
    return {
        "release": assets.release(),
        "maxFileSize": settings.max_file_size,
        "head": HEAD,
        "kinds": [KINDS[kind].signature for kind in settings.allowed_extensions],
        "formatsUrl": url_for("upload.formats"),
        "uploadUrl": url_for("upload.create"),
        "texts": {**refusals(), **progress(), **states(), **copying()},
    }


def other_formats() -> dict[str, object]:
    """Give what the page says of files in other formats; it asks for this when it meets the first one."""
    return formats(settings.allowed_extensions, current())


@cache
def formats(allowed: tuple[str, ...], language: str) -> dict[str, object]:
    """Give the signature, the name and the number of an advice of each format that is not allowed."""
    others = [*(other for kind, other in KNOWN.items() if kind not in allowed), *FOREIGN]
    with force_locale(language):
        advice = list(dict.fromkeys(str(other.advice) for other in others))
        return {
            "formats": [
                (other.signature, str(other.what), advice.index(str(other.advice))) for other in others
            ],
            "advice": advice,
        }


def link_kinds() -> list[tuple[str, str, str]]:
    """Give the kinds of links: how each is called, and how it is written around ``{url}``."""
    return [
        ("link", _("Link"), "{url}"),
        ("markdown", "Markdown", "![]({url})"),
        ("html", "HTML", '<img src="{url}" alt="">'),
        ("bbcode", "BBCode", "[img]{url}[/img]"),
    ]


def refusals() -> dict[str, str]:
    """Say what stands in a file's way before it is sent, in the words that the server has for it."""
    return {
        "tooLarge": str(TooLarge(settings.max_file_size).message),
        "unsupported": str(UnsupportedType(NAME, None, settings.allowed_extensions).message),
        "foreign": str(UnsupportedType(NAME, ANY, settings.allowed_extensions).message),
        "empty": str(EmptyFile(NAME).message),
        "unreadable": _("{name} cannot be read: it is a folder, or it was moved. Choose the pictures again."),
        "unreachable": _("The server cannot be reached. Check your connection and try again."),
        "unexpected": _("The server answered in a way that is not understood ({status}). Try again later."),
    }


def progress() -> dict[str, str]:
    """Say how far one upload is."""
    return {
        "waiting": _("Waiting"),
        "sending": _("{percent} %"),
        "checking": _("Sent; the server is checking it"),
        "canceled": _("Canceled"),
        "uploaded": _("{name} is uploaded."),
    }


def states() -> dict[str, str]:
    """Say what the place where pictures are dropped is doing."""
    return {
        "idle": _("Drop pictures here or paste them"),
        "over": _("Let go to upload"),
        "busy": _("Uploading: {done} of {all} done"),
        "done": _("Done. Drop more, if you like"),
        "refused": _("Not all could be uploaded: see below"),
    }


def copying() -> dict[str, str]:
    """Say what became of a copy, and of what the browser keeps."""
    return {
        "copied": _("Copied"),
        "selected": _("Press Ctrl+C"),
        "copiedStatus": _("Copied to the clipboard."),
        "selectedStatus": _("The browser does not allow copying. The text is selected: press Ctrl+C."),
        "forgotten": _("What this browser kept of imagehost is cleared."),
    }
