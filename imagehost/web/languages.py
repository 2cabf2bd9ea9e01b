"""The languages of pages and messages: English, which is in the code, and its translations."""

from pathlib import Path

from babel.support import Translations
from flask import Flask, Response, g
from flask_babel import Babel, force_locale, get_domain, get_locale
from werkzeug.datastructures import LanguageAccept

from imagehost.web.binding import current_request, is_answering

ENGLISH = "en"
CATALOGUES = Path(__file__).parent.parent.glob("translations/*/LC_MESSAGES/messages.mo")
LANGUAGES = (ENGLISH, *sorted(path.parts[-3] for path in CATALOGUES))
"""English, and the languages whose translations ``make`` has compiled."""


def choose() -> str:
    """Return the language that the client prefers, and record that the answer depends on it."""
    if not is_answering():
        return ENGLISH
    # Use the first part of each tag: best_match compares whole tags first, and takes en in "de-DE, en;q=0.5".
    tags = current_request().accept_languages
    liked = LanguageAccept([(tag.partition("-")[0], quality) for tag, quality in tags])
    language: str = liked.best_match(LANGUAGES, ENGLISH)
    g.language = language
    return language


def current() -> str:
    """Return the current language. Outside of requests, it is English."""
    return str(get_locale() or ENGLISH)


def in_english_text(message: object) -> str:
    """Return a lazy text in English, regardless of the client's language."""
    with force_locale(ENGLISH):
        return str(message)


def catalogue() -> Translations:
    """Return the texts in the client's language, looked up once per request: a page needs a hundred."""
    if "catalogue" not in g:
        g.catalogue = get_domain().get_translations()
    found: Translations = g.catalogue
    return found


def send_language(answer: Response) -> Response:
    """Add Content-Language, and Accept-Language to Vary, if the answer depends on the client's language."""
    if "language" in g:
        answer.vary.add("Accept-Language")
        answer.headers["Content-Language"] = g.language
    return answer


def init_app(app: Flask) -> None:
    """Let messages and templates use the client's language. Templates get its name as ``language``."""
    Babel(app, default_locale=ENGLISH, locale_selector=choose)
    app.jinja_env.globals["get_locale"] = get_locale
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]  # Jinja's extension i18n has it
        lambda text: catalogue().ugettext(text),
        lambda one, many, number: catalogue().ungettext(one, many, number),
        newstyle=True,
    )
    app.context_processor(lambda: {"language": current()})
    app.after_request(send_language)
