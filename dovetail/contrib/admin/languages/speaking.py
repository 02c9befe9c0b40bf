"""Answer each request to the back office in the language and the time zone of who asks.

That is what they chose (a cookie, which the login brings into each browser), what their browser accepts, or the site's.
"""

import json
import sys
from dataclasses import dataclass
from gettext import NullTranslations
from http import HTTPStatus
from types import FrameType
from zoneinfo import ZoneInfo

from jinja2 import Environment, pass_context
from jinja2.runtime import Context
from markupsafe import Markup
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dovetail.contrib.admin.web.cookies import Cookies
from dovetail.translation import formats
from dovetail.translation.accepted import accepted_language
from dovetail.translation.catalogs import Language, Languages
from dovetail.translation.texts import active_language, in_sentence, said, said_of_number, speaking
from dovetail.translation.words import choice_in_words
from dovetail.translation.zones import find_zone, in_zone, zone_name


def language_of(connection: HTTPConnection, languages: Languages, cookies: Cookies) -> Language:
    """Return the language to answer in."""
    chosen = languages.known.get(connection.cookies.get(cookies.language, ""))
    accepted = None if chosen else accepted_language(connection.headers.get("accept-language", ""), languages)
    return chosen or accepted or languages.default


@dataclass(frozen=True)
class SpeakLanguages:
    """Middleware that translates pages, and says into what language; files below `static_paths` are in none."""

    app: ASGIApp
    languages: Languages
    zone: ZoneInfo
    cookies: Cookies
    static_paths: tuple[str, ...]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the application in the language of the request."""
        path = scope["path"].removeprefix(scope.get("root_path", "")) if scope["type"] == "http" else "/"
        if scope["type"] != "http" or path.startswith(self.static_paths):
            await self.app(scope, receive, send)
            return
        connection = HTTPConnection(scope)
        language = language_of(connection, self.languages, self.cookies)
        zone = find_zone(connection.cookies.get(self.cookies.zone, "")) or self.zone

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["Content-Language"] = language.code
                headers.add_vary_header("Accept-Language, Cookie")
            await send(message)

        with speaking(language), in_zone(zone):
            await self.app(scope, receive, send_with_headers)


def translate_templates(environment: Environment) -> None:
    """Let templates translate with `{% trans %}`, `_()`, `ngettext()` and `pgettext()`."""
    environment.add_extension("jinja2.ext.i18n")
    environment.policies["ext.i18n.trimmed"] = True
    environment.install_gettext_callables(  # type: ignore[attr-defined]  # the extension adds it
        _gettext, _ngettext, newstyle=True, pgettext=_pgettext, npgettext=_npgettext
    )
    # Jinja's own ask for the context, and in a loop for a copy of all it holds.
    environment.globals |= {"_": _translated, "gettext": _translated}
    environment.globals["language"] = active_language
    environment.globals |= {"zone_name": zone_name, "day_format": formats.day_format}
    environment.filters |= {
        "in_sentence": in_sentence,
        "begin_sentence": _begin_sentence,
        "choice_in_words": choice_in_words,
        "translated": _said,
        "number": formats.number,
        "day": formats.day,
        "iso_day": formats.iso_day,
        "typed_iso_day": formats.typed_iso_day,
    }
    environment.filters |= {"moment": formats.moment, "clock": formats.clock, "exact": formats.exact}


def _translated(text: str, /, **values: object) -> Markup:
    """Return a text of the code in the language of the request, with `%(name)s` filled in and escaped."""
    found = Markup(said(_messages(), text))  # noqa: S704 - it is no user's
    return found % values if values or "%" in found else found


@pass_context  # so that Jinja does not say it once and for all, of what stands in the template itself
def _said(_context: Context, text: str) -> str:
    return said(_messages(), text)


def _gettext(text: str) -> str:
    return said(_messages(), text)


def _ngettext(singular: str, plural: str, number: int) -> str:
    return said_of_number(_messages(), singular, plural, number)


def _pgettext(context: str, text: str) -> str:
    return said(_messages(), text, context)


def _npgettext(context: str, singular: str, plural: str, number: int) -> str:
    return said_of_number(_messages(), singular, plural, number, context)


def _messages() -> NullTranslations:
    """Return what says the texts of the template that asks this module for one."""
    language = active_language()
    return language.messages_in(_template(sys._getframe(2))) if language.own else language.messages  # noqa: SLF001 - as `logging` does


def _template(frame: FrameType | None) -> str:
    """Return the file of the template that calls, perhaps by functions of Jinja; what is made of one has no name."""
    while frame is not None and "__name__" in frame.f_globals:
        frame = frame.f_back
    return "" if frame is None else frame.f_code.co_filename


def _begin_sentence(text: str) -> str:
    """Return a text with a capital at its beginning, and all else as it is: German has capitals within, too."""
    return text[:1].upper() + text[1:]


@dataclass(frozen=True)
class ScriptTexts:
    """Hands the texts of scripts to a page, which names its language in the address."""

    languages: Languages

    async def give(self, request: Request) -> Response:
        """Return the script. Raise HTTPException (404) for a language that the site does not have."""
        found = self.languages.known.get(request.path_params["language"])
        if found is None:
            raise HTTPException(404)
        etag = f'"{found.script_hash}"'
        if etag in request.headers.get("if-none-match", ""):
            return Response(status_code=HTTPStatus.NOT_MODIFIED, headers={"ETag": etag})
        return Response(found.script, media_type="text/javascript", headers={"ETag": etag})


@dataclass(frozen=True)
class PluginTexts:
    """Hands `gettext` and `ngettext` to the scripts of a plugin, which say what is its own as its catalog has it."""

    package: str

    async def give(self, _request: Request) -> Response:
        """Return the module, which stands as `texts.js` beside the plugin's files."""
        bound = f"export const {{ gettext, ngettext }} = textsOf({json.dumps(self.package)});"
        source = f'import {{ textsOf }} from "../../assets/texts.js";\n\n{bound}\n'
        return Response(source, media_type="text/javascript")
