"""Static files: their addresses hold a hash of what they are, so that browsers keep them for good."""

import hashlib
import importlib.util
from functools import cache
from pathlib import Path
from wsgiref.headers import Headers

from flask import Flask
from whitenoise import WhiteNoise

PACKAGE = Path(__file__).parent.parent
FOLDERS = (PACKAGE.parent / "static", PACKAGE.parent / "templates", PACKAGE / "translations")
SOURCES = {".css", ".html", ".js", ".po", ".png", ".svg"}
"""What they hold beside these was made from it: compressed files, for instance."""
HEADERS = {
    # A picture in SVG is a document where it is opened by itself.
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


@cache
def release() -> str:
    """Name what this host shows by its content: static files, templates and translations."""
    hashed = hashlib.sha256(htmx().read_bytes())
    for folder in FOLDERS:
        for path in sorted(folder.rglob("*")):
            if path.suffix in SOURCES:
                hashed.update(f"{path.relative_to(folder)}\0".encode() + path.read_bytes())
    return hashed.hexdigest()[:16]


@cache
def htmx() -> Path:
    """Find htmx in the package django-js-lib-htmx, which cannot be imported without Django, and need not."""
    package = importlib.util.find_spec("js_lib_htmx")
    if package is None or not package.submodule_search_locations:
        raise RuntimeError("the package django-js-lib-htmx is not installed")
    return Path(package.submodule_search_locations[0]) / "static" / "htmx" / "htmx.min.js"


def script_modules() -> list[str]:
    """Name the modules that ``app.js`` consists of, which browsers then fetch at once."""
    return sorted(f"js/{path.name}" for path in (FOLDERS[0] / "js").glob("*.js") if path.name != "first.js")


def protect(headers: Headers, _: str, __: str) -> None:
    """Add what protects a reader of a file; of a page's headers most mean nothing here, and weigh."""
    for name, value in HEADERS.items():
        headers[name] = value


def init_app(app: Flask) -> None:
    """Serve the files, compressed where ``make`` made them so, before Flask sees the request."""
    prefix = f"/static/{release()}/"
    app.add_url_rule(f"{prefix}<path:filename>", "static", build_only=True)
    files = WhiteNoise(
        app.wsgi_app, allow_all_origins=False, add_headers_function=protect, immutable_file_test=f"^{prefix}"
    )
    files.add_files(str(FOLDERS[0]), prefix)
    files.add_file_to_dictionary(f"{prefix}htmx.min.js", str(htmx()))
    # Asked for where a page names no icon: beside a picture that is opened by itself, say.
    files.add_file_to_dictionary("/favicon.ico", str(FOLDERS[0] / "icons" / "favicon.ico"))
    app.wsgi_app = files  # type: ignore[method-assign]  # as Flask documents
