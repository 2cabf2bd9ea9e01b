"""What a web server in front gives without asking: static files, and pages for the errors that are its own.

Also the types of images and the host names that are always allowed, which the web server has to know.

Nothing of it depends on settings, so that it can be made before there are any. Where an error tells the limit
of an upload or the number of a request, the web server writes it: ``nginx/templates/errors.conf.template``.
"""

import gzip
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from babel.numbers import get_decimal_symbol
from flask import current_app
from flask_babel import force_locale
from werkzeug.exceptions import default_exceptions

from imagehost.domain import host_names
from imagehost.domain.errors import ImageHostError, RateLimited, Unavailable, WrongHost
from imagehost.domain.failures import Failure
from imagehost.domain.kinds import KINDS
from imagehost.domain.upload_errors import TooLarge
from imagehost.web import assets, problem, responses
from imagehost.web.languages import LANGUAGES, current
from imagehost.web.responses import Shape

STATIC = assets.FOLDERS[0]
DERIVED = {".gz", ".br"}
COMPRESSIBLE = {".css", ".js", ".svg"}

REQUEST_ID = "@request-id"
LIMIT = "@limit"
RETRY_AFTER = Unavailable.retry_after or 0

OURS: dict[int, ImageHostError] = {
    413: TooLarge(0, readable=lambda _: LIMIT + get_decimal_symbol(current())),
    421: WrongHost(),
    429: RateLimited(RETRY_AFTER),
    502: Unavailable("host"),
    503: Unavailable("host"),
    504: Unavailable("host"),
}
PAGE = "errors/alone.html"
FOREIGN = (400, 404, 405, 414, 431, 501, 505)
FAULT = 500
TYPES = "types.conf"
NAMES = "hosts.conf"


def write(folder: Path) -> int:
    """Write all of it, each file whole or not at all; give how many. What older releases wrote stays.

    Raises Failure.
    """
    files = {**dict(static_files()), **dict(error_files()), TYPES: types()}
    files[NAMES] = host_names.map_of_nginx().encode()
    try:
        for name, content in files.items():
            put(folder, folder / name, content)
    except OSError as error:
        raise Failure(f"{folder} cannot be written to ({error.strerror}).") from error
    return len(files)


def static_files() -> Iterator[tuple[str, bytes]]:
    """Give the static files by their addresses, and compressed ones beside those that gain by it."""
    paths = {path.relative_to(STATIC).as_posix(): path for path in sorted(STATIC.rglob("*.*"))}
    named = {f"static/{assets.release()}/{name}": path for name, path in paths.items()}
    named[f"static/{assets.release()}/{assets.htmx().name}"] = assets.htmx()
    named["favicon.ico"] = STATIC / "icons" / "favicon.ico"
    for name, path in named.items():
        if path.suffix not in DERIVED:
            content = path.read_bytes()
            yield name, content
            if path.suffix in COMPRESSIBLE:
                # Without the time, so that it is the same each time.
                yield f"{name}.gz", gzip.compress(content, mtime=0)


def error_files() -> Iterator[tuple[str, bytes]]:
    """Give the errors as ``errors/<language>/<status>.<shape>``."""
    for language in LANGUAGES:
        # Each language needs its own context: a context looks up the texts of one language.
        with current_app.app_context(), current_app.test_request_context(), force_locale(language):
            for status, code, message, facts in told_errors():
                for shape in Shape:
                    answer = responses.write(
                        shape,
                        problem.described(code, message, **facts),
                        problem.PLAIN.get(status, PAGE),
                        problem.FRAGMENT,
                        {"message": message, "code": status},
                    )
                    yield f"errors/{language}/{status}.{shape.value}", answer.get_data()


def types() -> bytes:
    """Write the types of images as nginx reads them."""
    lines = "".join(f"    {kind.mime_type} {kind.extension};\n" for kind in KINDS.values())
    return f"types {{\n{lines}}}\n".encode()


def told_errors() -> Iterator[tuple[int, str, str, dict[str, object]]]:
    """Give status, code, message and further facts of each, in the language spoken here and now."""
    for status in FOREIGN:
        code, message = problem.named(default_exceptions[status]())
        yield status, code, str(message), {}
    for status, error in OURS.items():
        yield status, error.code, str(error.message), {}
    code, message, facts = problem.fault(REQUEST_ID)
    yield FAULT, code, str(message), facts


def put(folder: Path, path: Path, content: bytes) -> None:
    """Write a file and move it to its place, unless it is there already."""
    if path.is_file() and path.read_bytes() == content:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, draft = tempfile.mkstemp(prefix=".draft-", dir=folder)
    try:
        with os.fdopen(descriptor, "wb") as file:
            # The web server may run as another user, in this user's group.
            os.fchmod(descriptor, 0o640)
            file.write(content)
        Path(draft).replace(path)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise
