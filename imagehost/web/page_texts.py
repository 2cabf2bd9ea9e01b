"""Settings and texts for the scripts of the pages, in the visitor's language."""

from functools import cache

from flask import url_for
from flask_babel import force_locale
from flask_babel import gettext as _

from imagehost.domain.errors import EmptyFile, TooLarge, UnsupportedType
from imagehost.domain.foreign_formats import DISALLOWED_FORMATS, FOREIGN_FORMATS, Foreign
from imagehost.domain.kinds import HEAD_SIZE, KINDS
from imagehost.settings.definitions import Settings
from imagehost.web import assets
from imagehost.web.binding import current_host
from imagehost.web.languages import current
from imagehost.web.messages import sentence

NAME_PLACEHOLDER = "{name}"
"""The placeholder that a script replaces by a file's name."""
PLACEHOLDER_FORMAT = Foreign("{what}", "", "{advice}")
"""A format with placeholders that a script replaces."""


def script_settings() -> dict[str, object]:
    """Return the settings that ``static/js/core/page.js`` reads: limits, addresses, texts."""
    settings = current_host().settings
    return {
        "release": assets.release(),
        "maxFileSize": settings.max_file_size,
        "head": HEAD_SIZE,
        "kinds": [KINDS[kind].signature for kind in settings.allowed_extensions],
        "formatsUrl": url_for("upload.formats"),
        "uploadUrl": url_for("upload.create"),
        "texts": {**refusals(settings), **progress(), **states(), **copying()},
    }


def other_formats() -> dict[str, object]:
    """Return the texts about files in other formats. A page requests them for the first such file."""
    return foreign_formats_for(current_host().settings.allowed_extensions, current())


@cache
def foreign_formats_for(allowed: tuple[str, ...], language: str) -> dict[str, object]:
    """Return the formats that are not allowed, each with signature, name, and index of its advice."""
    others = [*(other for kind, other in DISALLOWED_FORMATS.items() if kind not in allowed), *FOREIGN_FORMATS]
    with force_locale(language):
        advice = list(dict.fromkeys(_(other.advice) for other in others))
        return {
            "formats": [(other.signature, _(other.what), advice.index(_(other.advice))) for other in others],
            "advice": advice,
        }


def link_kinds() -> list[tuple[str, str, str]]:
    """Return the kinds of links, each with its key, its label, and its pattern, which contains ``{url}``."""
    return [
        ("link", _("Link"), "{url}"),
        ("markdown", "Markdown", "![]({url})"),
        ("html", "HTML", '<img src="{url}" alt="">'),
        ("bbcode", "BBCode", "[img]{url}[/img]"),
    ]


def refusals(settings: Settings) -> dict[str, str]:
    """Return the reasons to refuse a file before it is sent. They are the same sentences as the server's."""
    return {
        "tooLarge": sentence(TooLarge(settings.max_file_size)),
        "unsupported": sentence(UnsupportedType(NAME_PLACEHOLDER, None, settings.allowed_extensions)),
        "foreign": sentence(
            UnsupportedType(NAME_PLACEHOLDER, PLACEHOLDER_FORMAT, settings.allowed_extensions)
        ),
        "empty": sentence(EmptyFile(NAME_PLACEHOLDER)),
        "unreadable": _("{name} cannot be read: it is a folder, or it was moved. Choose the pictures again."),
        "unreachable": _("The server cannot be reached. Check your connection and try again."),
        "unexpected": _("The server sent an unexpected response (status {status}). Try again later."),
    }


def progress() -> dict[str, str]:
    """Return the texts about the progress of one upload."""
    return {
        "waiting": _("Waiting"),
        "sending": _("{percent}%"),
        "checking": _("Sent. The server is checking the picture."),
        "canceled": _("Canceled"),
        "uploaded": _("{name} was uploaded."),
    }


def states() -> dict[str, str]:
    """Return the texts about the state of the area where pictures are dropped."""
    return {
        "idle": _("Drop pictures here or paste them"),
        "over": _("Release to upload"),
        "busy": _("Uploading: {done} of {all} done"),
        "done": _("Upload complete. You can add more pictures."),
        "refused": _("Some pictures were not uploaded. See the list below."),
    }


def copying() -> dict[str, str]:
    """Return the texts about the result of a copy, and of clearing the data that the browser keeps."""
    return {
        "copied": _("Copied"),
        "selected": _("Press Ctrl+C"),
        "copiedStatus": _("Copied to the clipboard."),
        "selectedStatus": _("The browser does not allow copying. The text is selected: press Ctrl+C."),
        "forgotten": _("The imagehost data in this browser was cleared."),
    }
