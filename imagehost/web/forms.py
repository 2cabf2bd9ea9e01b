"""Read forms with the library multipart, in a fraction of the time that Werkzeug takes (docs/decisions/0009).

Because of the limits on parts, headers and texts, no form takes longer to read than a picture of equal size.
"""

import re
from collections.abc import Iterator
from typing import IO
from urllib.parse import unquote

from flask_babel import LazyString
from flask_babel import lazy_gettext as _
from multipart import MultipartSegment, ParserError, ParserLimitReached, PushMultipartParser
from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.formparser import FormDataParser
from werkzeug.http import unquote_header_value

from imagehost.web.errors import BadRequest, FormTooLarge
from imagehost.web.readable import readable_size

FIELD = "file"
"""The field whose files are saved. Files in other fields are skipped."""
FORM_BLOCK_SIZE = 256 * 1024
"""Bytes of a body that are read at once."""
MOST_PARTS = 64
MOST_HEADERS = 16 * 1024
"""Bytes of all part headers of a form."""
MOST_LINES = 16
"""Header lines of one part. For each folded line, the parser copies the lines before it."""
LONGEST_BOUNDARY = 256
"""Characters; RFC 2046 allows 70."""

HEADER_WORD = r"[\w!#$%&'*+.^`|~-]"
PARAMETER = re.compile(
    rf';[ \t]*+({HEADER_WORD}++)=({HEADER_WORD}++|"[^"\\]*+(?:\\.[^"\\]*+)*+")', re.ASCII | re.DOTALL
)
"""A parameter of a header: its name and its raw value (RFC 9110, section 5.6.6)."""
EXTENDED = re.compile(
    r"(?P<charset>utf-8|iso-8859-1|us-ascii)'[^']*'(?P<value>.*)", re.IGNORECASE | re.DOTALL
)
"""A value that names its charset (RFC 5987)."""

Form = tuple[IO[bytes], MultiDict[str, str], MultiDict[str, FileStorage]]
Part = tuple[MultipartSegment, Iterator[bytes]]
"""The headers of a part, and its bytes."""


class Parser(PushMultipartParser):  # type: ignore[misc]  # the library has no types
    """A parser that limits the headers of a form line by line, while it reads them."""

    def __init__(self, boundary: str) -> None:
        if len(boundary) > LONGEST_BOUNDARY:
            raise ParserError("Boundary too long")
        super().__init__(boundary, max_header_size=MOST_HEADERS, max_header_count=MOST_LINES)
        self._bytes_left = MOST_HEADERS
        self._lines_left = MOST_LINES

    def _on_segment_start(self) -> None:
        self._lines_left = MOST_LINES
        super()._on_segment_start()

    def _on_segment_headerline(self, line: bytes) -> None:
        self._bytes_left -= len(line)
        self._lines_left -= 1
        if self._bytes_left < 0:
            raise ParserLimitReached
        if self._lines_left < 0:
            raise ParserError("Too many header lines")
        super()._on_segment_headerline(line)

    def _create_segment(self, headerlist: list[tuple[str, str]]) -> MultipartSegment:
        """Return a part. The parameters of its headers are parsed by ``names_in_disposition``."""
        segment = MultipartSegment([])
        segment.headerlist = headerlist
        if segment.header("Content-Disposition", "").partition(";")[0].strip().lower() != "form-data":
            raise ParserError("Not a part of a form")
        return segment


class FormParser(FormDataParser):
    """Reads a form: pictures into the streams of ``stream_factory``, texts into memory. Skips other files."""

    def _parse_multipart(
        self, stream: IO[bytes], _: str, content_length: int | None, options: dict[str, str]
    ) -> Form:
        """Replace Werkzeug's parser. Raises the errors of ``read_parts`` and ``read_text``."""
        texts: MultiDict[str, str] = MultiDict()
        files: MultiDict[str, FileStorage] = MultiDict()
        left = self.max_form_memory_size or 0
        for part, blocks in read_parts(stream, options.get("boundary", "")):
            field, filename = names_in_disposition(part.header("Content-Disposition"))
            if filename is None:
                text = read_text(blocks, left)
                left -= len(text)
                texts.add(field, text.decode(errors="replace"))
            elif field == FIELD:
                file = self.stream_factory(content_length, None, filename, None)
                files.add(field, FileStorage(write_part(blocks, file), filename))
        return stream, texts, files

    def _parse_urlencoded(self, stream: IO[bytes], *_: object) -> Form:
        """Return an empty form, unread: it has no picture, and Werkzeug needs 1 s for 1 MiB of ``&a``."""
        return stream, MultiDict(), MultiDict()


def read_parts(stream: IO[bytes], boundary: str) -> Iterator[Part]:
    """Read a form part by part, and skip the bytes that the caller does not take.

    Raises ValueError for a broken form. Raises BadRequest as soon as a limit is exceeded, then reads no more.
    """
    events = Parser(boundary).parse_blocking(stream.read, FORM_BLOCK_SIZE)
    try:
        for number, part in enumerate(events, start=1):
            if number > MOST_PARTS:
                raise BadRequest(
                    _("The form has more than %(limit)s parts. Send only the picture.", limit=MOST_PARTS)
                )
            blocks = iter(events.__next__, None)
            yield part, blocks
            for _block in blocks:
                pass
    except ParserLimitReached as error:
        raise BadRequest(
            _(
                "The part headers of the form are larger than %(limit)s. "
                "Send only the picture, with a shorter file name.",
                limit=LazyString(readable_size, MOST_HEADERS),
            )
        ) from error


def names_in_disposition(disposition: str) -> tuple[str, str | None]:
    """Return a field's name, and its filename or None for a text (RFC 7578, and filename* of RFC 5987).

    Werkzeug's parser needs 13 ms for a name of 15 kB.
    """
    given = {name.lower(): value for name, value in PARAMETER.findall(disposition)}
    field, filename = (
        unquote_header_value(given[name]).replace("%22", '"') if name in given else None
        for name in ("name", "filename")
    )
    if extended := EXTENDED.fullmatch(given.get("filename*", "")):
        filename = unquote(extended["value"], extended["charset"], "replace")
    return field or "", filename


def read_text(blocks: Iterator[bytes], limit: int) -> bytes:
    """Read a text field. Raises FormTooLarge if it exceeds the limit."""
    text = bytearray()
    for block in blocks:
        text += block
        if len(text) > limit:
            raise FormTooLarge
    return bytes(text)


def write_part(blocks: Iterator[bytes], file: IO[bytes]) -> IO[bytes]:
    """Write blocks to a file, and seek to its beginning."""
    for block in blocks:
        file.write(block)
    file.seek(0)
    return file
