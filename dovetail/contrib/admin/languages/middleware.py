"""Activate the language and the time zone of each request to the back office, as Django's LocaleMiddleware does.

The language is the user's choice (a cookie, which a login sets in each browser), or else one that the browser accepts,
or else that of the site.
"""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dovetail.contrib.admin.web.cookies import Cookies
from dovetail.translation.accepted import accepted_language
from dovetail.translation.catalogs import Language, Languages
from dovetail.translation.texts import override_language
from dovetail.translation.zones import find_zone, in_zone


def language_of(connection: HTTPConnection, languages: Languages, cookies: Cookies) -> Language:
    """Return the language of the response to a request."""
    chosen = languages.known.get(connection.cookies.get(cookies.language, ""))
    accepted = None if chosen else accepted_language(connection.headers.get("accept-language", ""), languages)
    return chosen or accepted or languages.default


@dataclass(frozen=True)
class LanguageMiddleware:
    """Translates pages and sets `Content-Language`; files below `static_paths` have no language."""

    app: ASGIApp
    languages: Languages
    zone: ZoneInfo
    cookies: Cookies
    static_paths: tuple[str, ...]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the application in the language and time zone of the request."""
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

        with override_language(language), in_zone(zone):
            await self.app(scope, receive, send_with_headers)
