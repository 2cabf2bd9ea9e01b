"""Forms, read by the library multipart: a fraction of the cost of Werkzeug's parser (docs/decisions/0009)."""

from collections.abc import Iterator
from typing import IO

from multipart import MultipartSegment, ParserLimitReached, PushMultipartParser
from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.formparser import FormDataParser
from werkzeug.http import parse_options_header

BLOCK = 256 * 1024
"""Bytes of a body that are read at once."""
LONGEST_HEADER = 64 * 1024
"""Of a part: a file may have a long name."""

Form = tuple[IO[bytes], MultiDict[str, str], MultiDict[str, FileStorage]]


class FormParser(FormDataParser):
    """Reads the parts of a form: files to what ``stream_factory`` opens, texts into memory."""

    def _parse_multipart(
        self, stream: IO[bytes], _: str, content_length: int | None, options: dict[str, str]
    ) -> Form:
        """Take the place of Werkzeug's. Raises ValueError for a broken form, RequestEntityTooLarge."""
        texts: MultiDict[str, str] = MultiDict()
        files: MultiDict[str, FileStorage] = MultiDict()
        parser = PushMultipartParser(
            options.get("boundary", ""),
            max_header_size=LONGEST_HEADER,
            max_segment_count=self.max_form_parts or 0,
        )
        events = parser.parse_blocking(stream.read, BLOCK)
        try:
            for part in events:
                assert isinstance(part, MultipartSegment)  # noqa: S101  # then bytes, then None
                # Werkzeug knows what the library does not: filename*, of RFC 5987.
                names = parse_options_header(part.header("Content-Disposition"))[1]
                blocks = iter(events.__next__, None)
                if "filename" in names:
                    file = self.stream_factory(content_length, part.content_type, names["filename"], None)
                    files.add(names.get("name", ""), FileStorage(write(blocks, file), names["filename"]))
                else:
                    texts.add(names.get("name", ""), self._text(blocks))
        except ParserLimitReached as error:
            raise RequestEntityTooLarge from error
        return stream, texts, files

    def _text(self, blocks: Iterator[bytes]) -> str:
        """Read a text."""
        text = bytearray()
        for block in blocks:
            text += block
            if len(text) > (self.max_form_memory_size or 0):
                raise RequestEntityTooLarge
        return text.decode(errors="replace")


def write(blocks: Iterator[bytes], file: IO[bytes]) -> IO[bytes]:
    """Write blocks to a file, and go back to where it begins."""
    for block in blocks:
        file.write(block)
    file.seek(0)
    return file
