"""Write the files that nginx serves without the application: static files, and pages for nginx's own errors.

Also the types of images and the host names that are always allowed, both in the syntax of nginx.

The files do not depend on settings, so that they can be written before there are any. If an error contains
the limit of an upload or the id of a request, nginx inserts it: ``nginx/templates/errors.conf.template``.
"""

import gzip
from collections.abc import Iterator
from pathlib import Path

from babel.numbers import get_decimal_symbol
from flask import current_app
from flask_babel import force_locale
from werkzeug.exceptions import default_exceptions

from imagehost.domain import host_names
from imagehost.domain.error_object import error_object
from imagehost.domain.errors import ImageHostError, RateLimited, TooLarge, Unavailable
from imagehost.domain.failures import Failure
from imagehost.domain.kinds import KINDS
from imagehost.files.atomic_files import replacing
from imagehost.web import assets, error_sentences, messages, problem, responses
from imagehost.web.errors import WrongHost
from imagehost.web.languages import LANGUAGES, current
from imagehost.web.responses import Shape

STATIC = assets.SOURCE_FOLDERS[0]
DERIVED = {".gz", ".br"}
COMPRESSIBLE = {".css", ".js", ".svg"}

REQUEST_ID = "@request-id"
LIMIT = "@limit"
RETRY_AFTER = Unavailable.retry_after or 0

OWN_ERRORS: dict[int, ImageHostError] = {
    421: WrongHost(),
    429: RateLimited(RETRY_AFTER),
    502: Unavailable("host"),
    503: Unavailable("host"),
    504: Unavailable("host"),
}
STANDALONE_PAGE = "errors/alone.html"
NGINX_STATUSES = (400, 404, 405, 414, 431, 501, 505)
FAULT_STATUS = 500
TYPES_FILE = "types.conf"
HOST_NAMES_FILE = "hosts.conf"


def write_nginx_files(folder: Path) -> int:
    """Write all files, each one completely or not at all. Return their number. Files of older releases stay.

    Raises Failure.
    """
    files = {**dict(static_files()), **dict(error_files()), TYPES_FILE: types()}
    files[HOST_NAMES_FILE] = host_names.map_of_nginx().encode()
    try:
        for name, content in files.items():
            put(folder / name, content)
    except OSError as error:
        raise Failure(f"The files for nginx cannot be written to {folder} ({error.strerror}).") from error
    return len(files)


def static_files() -> Iterator[tuple[str, bytes]]:
    """Yield path and content of each static file, and of a compressed copy if its type is compressible."""
    paths = {path.relative_to(STATIC).as_posix(): path for path in sorted(STATIC.rglob("*.*"))}
    named = {f"static/{assets.release()}/{name}": path for name, path in paths.items()}
    named[f"static/{assets.release()}/{assets.htmx().name}"] = assets.htmx()
    named["favicon.ico"] = STATIC / "icons" / "favicon.ico"
    for name, path in named.items():
        if path.suffix not in DERIVED:
            content = path.read_bytes()
            yield name, content
            if path.suffix in COMPRESSIBLE:
                # Without a time stamp, so that the same content results in the same bytes.
                yield f"{name}.gz", gzip.compress(content, mtime=0)


def error_files() -> Iterator[tuple[str, bytes]]:
    """Yield the path ``errors/<language>/<status>.<shape>`` and the content of each error page."""
    for language in LANGUAGES:
        # Each language needs its own context: a context looks up the texts of one language.
        with current_app.app_context(), current_app.test_request_context(), force_locale(language):
            for status, code, message, facts in told_errors():
                for shape in Shape:
                    answer = responses.write_shape(
                        shape,
                        error_object(code, message, **facts),
                        problem.PLAIN_PAGES.get(status, STANDALONE_PAGE),
                        problem.ERROR_FRAGMENT,
                        {"message": message, "code": status},
                    )
                    yield f"errors/{language}/{status}.{shape.value}", answer.get_data()


def types() -> bytes:
    """Return the types of images in the syntax of nginx."""
    lines = "".join(f"    {kind.mime_type} {kind.extension};\n" for kind in KINDS.values())
    return f"types {{\n{lines}}}\n".encode()


def told_errors() -> Iterator[tuple[int, str, str, dict[str, object]]]:
    """Yield status, code, message and further facts of each error, in the current language."""
    for status in NGINX_STATUSES:
        code, message = problem.code_and_message(default_exceptions[status]())
        yield status, code, str(message), {}
    for status, error in OWN_ERRORS.items():
        yield status, error.code, messages.sentence(error), {}
    too_large = error_sentences.too_large_for(LIMIT + get_decimal_symbol(current()))
    yield 413, TooLarge.code, too_large, {}
    code, message, facts = problem.fault(REQUEST_ID)
    yield FAULT_STATUS, code, str(message), facts


def put(path: Path, content: bytes) -> None:
    """Write a file, unless it exists with this content. Its group, such as the web server, may read it."""
    if path.is_file() and path.read_bytes() == content:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as file:
        file.write(content)
