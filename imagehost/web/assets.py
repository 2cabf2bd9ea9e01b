"""Static files. Their addresses contain a hash of the content, so that browsers can keep them permanently."""

import hashlib
import importlib.util
from functools import cache
from pathlib import Path
from wsgiref.headers import Headers

from flask import Flask
from whitenoise import WhiteNoise

PACKAGE = Path(__file__).parent.parent
SOURCE_FOLDERS = (PACKAGE.parent / "static", PACKAGE.parent / "templates", PACKAGE / "translations")
SOURCES = {".css", ".html", ".js", ".po", ".png", ".svg"}
"""The suffixes of sources. Other files in the folders, such as compressed ones, are generated from them."""
ASSET_HEADERS = {
    # An SVG picture is a document if a browser opens it directly.
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


@cache
def release() -> str:
    """Return a hash of static files, templates and translations, which identifies the release."""
    hashed = hashlib.sha256(htmx().read_bytes())
    for folder in SOURCE_FOLDERS:
        for path in sorted(folder.rglob("*")):
            if path.suffix in SOURCES:
                hashed.update(f"{path.relative_to(folder)}\0".encode() + path.read_bytes())
    return hashed.hexdigest()[:16]


@cache
def htmx() -> Path:
    """Return the path of htmx in the package django-js-lib-htmx, which cannot be imported without Django.

    Raises RuntimeError if the package is not installed.
    """
    package = importlib.util.find_spec("js_lib_htmx")
    if package is None or not package.submodule_search_locations:
        raise RuntimeError("the package django-js-lib-htmx is not installed")
    return Path(package.submodule_search_locations[0]) / "static" / "htmx" / "htmx.min.js"


def script_modules() -> list[str]:
    """Return the modules that ``app.js`` imports, so that browsers can fetch all of them at once."""
    return sorted(
        path.relative_to(SOURCE_FOLDERS[0]).as_posix() for path in (SOURCE_FOLDERS[0] / "js").rglob("*.js")
    )


def protect(headers: Headers, _: str, __: str) -> None:
    """Add the security headers of a static file. Most headers of a page would have no effect on it."""
    for name, value in ASSET_HEADERS.items():
        headers[name] = value


def init_app(app: Flask) -> None:
    """Serve the files before Flask gets the request, compressed if ``make`` has compressed them."""
    prefix = f"/static/{release()}/"
    app.add_url_rule(f"{prefix}<path:filename>", "static", build_only=True)
    files = WhiteNoise(
        app.wsgi_app, allow_all_origins=False, add_headers_function=protect, immutable_file_test=f"^{prefix}"
    )
    files.add_files(str(SOURCE_FOLDERS[0]), prefix)
    files.add_file_to_dictionary(f"{prefix}htmx.min.js", str(htmx()))
    # Browsers request this if a page names no icon, for example if a picture is opened directly.
    files.add_file_to_dictionary("/favicon.ico", str(SOURCE_FOLDERS[0] / "icons" / "favicon.ico"))
    app.wsgi_app = files  # type: ignore[method-assign]  # as Flask documents
