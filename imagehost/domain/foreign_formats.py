"""Formats that are not hosted: their signatures, their names, and advice for the user.

Signatures are regular expressions in the syntax that Python (for bytes) and JavaScript (for text in Latin-1)
share, since the page recognises a file before it is sent. So they have no flags and no lookbehind, they do
not use elements that differ (``$`` and the class of spaces), and they take linear time.
"""

import re
from dataclasses import dataclass

from imagehost.domain.kinds import KINDS
from imagehost.domain.kinds import translatable as _

CONVERT = _("Convert it in an image editor and try again.")
IPHONE = _(
    "Convert it in an image editor and try again. "
    "On an iPhone, choose Most Compatible in Settings, Camera, Formats."
)
SCREENSHOT = _("Take a screenshot of it and upload the screenshot.")
UNPACK = _("Unpack it and upload the pictures in it.")
PICTURE_ITSELF = _("Save the picture itself instead of the page that shows it.")
OTHER_FILE = _("Choose a picture.")

ISO_BRANDS = r"^[\s\S]{4}ftyp(?:[\s\S]{4}){0,60}?"
"""The brands of a file of ISO boxes: the major brand, the version, the compatible brands."""
PROLOG = (
    r"^(?:\xef\xbb\xbf)?(?:[ \t\r\n]"  # byte order mark, spaces
    r"|<\?(?:[^?]|\?(?!>))*\?>"  # XML declaration, processing instructions
    r"|<!--(?:[^-]|-(?!->))*-->"  # comments
    r"|<!(?!--)[^>\[]*(?:\[[^\]]*\][^>]*)?>)*"  # document type, with an internal subset
)
"""The text that may come before the first element of SVG and HTML."""
HTML_ELEMENTS = ("html", "head", "body", "title", "meta", "script")
"""The elements that HTML files without a document type begin with."""


def any_case(word: str) -> str:
    """Return a pattern that matches a word in capital and small letters."""
    return "".join(f"[{letter.upper()}{letter}]" if letter.isalpha() else letter for letter in word)


@dataclass(frozen=True, slots=True)
class Foreign:
    """A format that is not hosted.

    Args:
        what: continues "photo.jpg is ".
        signature: matches the first bytes.
        advice: a sentence that says what to do.
    """

    what: str
    signature: str
    advice: str


DISALLOWED_FORMATS: dict[str, Foreign] = {
    kind.extension: Foreign(kind.named, kind.signature, CONVERT) for kind in KINDS.values()
}
"""Formats that can be hosted, for hosts that do not allow them."""

FOREIGN_FORMATS: tuple[Foreign, ...] = (
    # If several signatures match, the first one counts.
    Foreign(_("a HEIC picture"), ISO_BRANDS + r"(?:hei[cmsx]|hev[cmsx])", IPHONE),
    Foreign(_("a HEIF picture"), ISO_BRANDS + r"(?:mi[af]f|mif[12]|msf1)", IPHONE),
    Foreign(_("a JPEG XL picture"), r"^(?:\xff\x0a|\x00\x00\x00\x0cJXL \r\n\x87\n)", CONVERT),
    Foreign(_("a JPEG 2000 picture"), r"^(?:\x00\x00\x00\x0cjP  \r\n\x87\n|\xff\x4f\xff\x51)", CONVERT),
    Foreign(
        _("a camera raw image"),
        # Canon's CR2, DNG by its tag DNGVersion, Canon's CR3; Olympus, Panasonic, Fujifilm.
        r"^(?:II\*\x00[\s\S]{4}CR|II\*\x00[\s\S]*?\x12\xc6\x01\x00\x04\x00\x00\x00"
        r"|MM\x00\*[\s\S]*?\xc6\x12\x00\x01\x00\x00\x00\x04|[\s\S]{4}ftypcrx "
        r"|IIR[OS]|MMOR|IIU\x00|FUJIFILMCCD-RAW)",
        CONVERT,
    ),
    Foreign(_("a TIFF picture"), r"^(?:II[*+]\x00|MM\x00[*+])", CONVERT),
    Foreign(_("a BMP picture"), r"^BM[\s\S]{4}\x00{4}[\s\S]{2}\x00\x00", CONVERT),
    Foreign(_("an ICO picture"), r"^\x00\x00[\x01\x02]\x00[\x01-\xff]\x00[\s\S]{3}\x00", CONVERT),
    Foreign(_("a PSD picture"), r"^8BPS\x00[\x01\x02]", CONVERT),
    Foreign(
        _("an HTML page"),
        PROLOG
        + f"<(?:!{any_case('doctype')}[ \\t\\r\\n]+{any_case('html')}"
        + f"|(?:{'|'.join(map(any_case, HTML_ELEMENTS))})[ \\t\\r\\n/>])",
        PICTURE_ITSELF,
    ),
    Foreign(_("an SVG picture"), PROLOG + r"<(?:[A-Za-z_][\w.-]*:)?svg[ \t\r\n/>]", CONVERT),
    Foreign(_("a PDF document"), r"^(?:\xef\xbb\xbf)?[ \t\r\n]*%PDF-", SCREENSHOT),
    Foreign(
        _("an Office document"),
        # ZIP archives that begin with a part of Office Open XML or OpenDocument, and the older format.
        r"^(?:PK\x03\x04[\s\S]{26}(?:\[Content_Types\]\.xml|_rels/|docProps/"
        r"|mimetypeapplication/vnd\.oasis)|\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1)",
        SCREENSHOT,
    ),
    Foreign(
        _("a MOV video"),
        r"^(?:[\s\S]{4}ftypqt  |\x00[\s\S]{3}(?:moov|mdat|wide|pnot|(?:free|skip)[\s\S]*?mdat))",
        SCREENSHOT,
    ),
    Foreign(_("an M4A audio file"), r"^[\s\S]{4}ftypM4[ABP] ", OTHER_FILE),
    Foreign(_("an MP4 video"), r"^[\s\S]{4}ftyp", SCREENSHOT),
    Foreign(_("a WebM video"), r"^\x1aE\xdf\xa3[\s\S]{0,60}?webm", SCREENSHOT),
    Foreign(_("a Matroska video"), r"^\x1aE\xdf\xa3", SCREENSHOT),
    Foreign(_("an AVI video"), r"^RIFF[\s\S]{4}AVI ", SCREENSHOT),
    Foreign(_("a WAV audio file"), r"^RIFF[\s\S]{4}WAVE", OTHER_FILE),
    Foreign(_("an MP3 audio file"), r"^(?:ID3[\x02-\x04]|\xff[\xf2\xf3\xfa\xfb])", OTHER_FILE),
    Foreign(_("a ZIP archive"), r"^PK(?:\x03\x04|\x05\x06|\x07\x08)", UNPACK),
    Foreign(_("a GZIP archive"), r"^\x1f\x8b\x08", UNPACK),
    Foreign(_("a 7z archive"), r"^7z\xbc\xaf\x27\x1c", UNPACK),
    Foreign(_("a RAR archive"), r"^Rar!\x1a\x07", UNPACK),
)

_FOREIGN_SIGNATURES = [
    (re.compile(foreign.signature.encode("ascii")), foreign)
    for foreign in (*DISALLOWED_FORMATS.values(), *FOREIGN_FORMATS)
]


def recognise(head: bytes) -> Foreign | None:
    """Return the format of a file that is not hosted, or None if it is unknown.

    ``head`` is the first ``kinds.HEAD_SIZE`` bytes of the file.
    """
    return next((foreign for signature, foreign in _FOREIGN_SIGNATURES if signature.match(head)), None)
