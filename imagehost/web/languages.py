"""The languages of pages and messages: English as it stands in the code, others as they are translated."""

from pathlib import Path

from babel.support import Translations
from flask import Flask, Response, g, has_request_context, request
from flask_babel import Babel, force_locale, get_domain, get_locale
from werkzeug.datastructures import LanguageAccept

ENGLISH = "en"
CATALOGUES = Path(__file__).parent.parent.glob("translations/*/LC_MESSAGES/messages.mo")
LANGUAGES = (ENGLISH, *sorted(path.parts[-3] for path in CATALOGUES))
"""Those that ``make`` compiled: what is not there is not offered."""


def choose() -> str:
    """Pick the language that the client likes best, and remember that the answer depends on it."""
    if not has_request_context():
        return ENGLISH
    # By the first part of each tag: best_match compares whole tags first, and takes en for "de-DE, en;q=0.5".
    liked = LanguageAccept([(tag.partition("-")[0], quality) for tag, quality in request.accept_languages])
    language: str = liked.best_match(LANGUAGES, ENGLISH)
    g.language = language
    return language


def current() -> str:
    """Tell the language to speak here and now: English outside of requests."""
    return str(get_locale() or ENGLISH)


def in_english(message: object) -> str:
    """Write a message for the log, whatever the client reads."""
    with force_locale(ENGLISH):
        return str(message)


def catalogue() -> Translations:
    """Give the texts of the client's language, looked up once a request: a page asks for a hundred."""
    if "catalogue" not in g:
        g.catalogue = get_domain().get_translations()
    found: Translations = g.catalogue
    return found


def tell(answer: Response) -> Response:
    """Say what language an answer is in, if it has any, and that others may get it in another."""
    if "language" in g:
        answer.vary.add("Accept-Language")
        answer.headers["Content-Language"] = g.language
    return answer


def init_app(app: Flask) -> None:
    """Let messages and templates speak the client's language; templates get its name as ``language``."""
    Babel(app, default_locale=ENGLISH, locale_selector=choose)
    app.jinja_env.globals["get_locale"] = get_locale
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]  # the extension's
        lambda text: catalogue().ugettext(text),
        lambda one, many, number: catalogue().ungettext(one, many, number),
        newstyle=True,
    )
    app.context_processor(lambda: {"language": current()})
    app.after_request(tell)
