"""The request class, which writes the files of a form directly to the storage."""

from typing import IO

from flask import Flask, Request
from flask_babel import lazy_gettext as _
from gunicorn.http.errors import ParseException
from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import ClientDisconnected

from imagehost.domain import image_names
from imagehost.services import images
from imagehost.settings.definitions import FORM_OVERHEAD, Settings
from imagehost.storage.spool import Incoming
from imagehost.web.binding import current_host
from imagehost.web.errors import BadRequest, NoBoundary, NoFile, NotAForm, TooManyFiles, TooSlow
from imagehost.web.forms import FIELD, FormParser


class UploadRequest(Request):
    """A request whose file parts are written once, to temporary files of the storage."""

    form_data_parser_class = FormParser

    def make_form_data_parser(self) -> FormParser:
        """Return a parser that raises an error for an incomplete form, instead of returning an empty one."""
        parser = super().make_form_data_parser()
        parser.silent = False
        return parser  # type: ignore[return-value]  # see form_data_parser_class

    def _get_stream_for_parsing(self) -> IO[bytes]:
        """Return the server's stream, which ends at the declared length. Werkzeug's would copy the bytes."""
        if self.content_length is not None and "wsgi.input_terminated" in self.environ:
            body: IO[bytes] = self.environ["wsgi.input"]
            return body
        return super()._get_stream_for_parsing()

    def _get_file_stream(
        self,
        total_content_length: int | None,
        content_type: str | None,
        filename: str | None = None,
        content_length: int | None = None,
    ) -> IO[bytes]:
        """Open the temporary file that the form parser writes a part to."""
        incoming = images.receive_upload(current_host())
        self._opened().append(incoming)
        return incoming

    def _opened(self) -> list[Incoming]:
        """Return the temporary files of this request."""
        opened: list[Incoming] = self.__dict__.setdefault("opened", [])
        return opened

    def close(self) -> None:
        """Close temporary files, including those of an incomplete form."""
        super().close()
        for incoming in self._opened():
            incoming.close()


def init_app(app: Flask, settings: Settings) -> None:
    """Let Flask use this class, and limit each request to one picture and the rest of a form."""
    app.request_class = UploadRequest
    app.config["MAX_CONTENT_LENGTH"] = settings.max_file_size + FORM_OVERHEAD


def uploaded_file(request: Request) -> tuple[Incoming, str]:
    """Return the one picture of the form: its bytes, and the name that the client gave it or an empty string.

    Raises NotAForm and NoBoundary before it reads anything. Raises BadRequest, NoFile, TooManyFiles, TooSlow,
    and the errors of ``Incoming``.
    """
    if request.mimetype != "multipart/form-data":
        raise NotAForm
    if not request.mimetype_params.get("boundary"):
        raise NoBoundary
    try:
        files: list[FileStorage] = request.files.getlist(FIELD)
    except TimeoutError as error:
        raise TooSlow from error
    except ClientDisconnected as error:
        # Werkzeug reports all errors of a chunked body like this.
        if isinstance(error.__context__, TimeoutError):
            raise TooSlow from error
        raise
    except (ValueError, OSError, ParseException) as error:
        # A broken form, or a client that stopped sending. Errors of the storage are imagehost's own errors.
        raise BadRequest(
            _("The form cannot be read: it is incomplete, malformed or not encoded in UTF-8. Send it again.")
        ) from error
    # A form whose file field was left empty sends a part without a name and without bytes.
    sent = [file for file in files if file.filename or file.stream.written]  # type: ignore[attr-defined]  # Incoming
    if not sent:
        raise NoFile
    if len(sent) > 1:
        raise TooManyFiles
    stream = sent[0].stream
    assert isinstance(stream, Incoming)  # noqa: S101  # see _get_file_stream
    name = sent[0].filename or ""
    return stream, "" if image_names.is_name_missing(name) else name
