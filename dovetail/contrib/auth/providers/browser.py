"""Know the browser that went to a provider again when it comes back, by a cookie; and the addresses it goes to."""

import secrets

from starlette.datastructures import URL
from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.routing import NoMatchFound

from dovetail.contrib.auth.providers.logins import LIFETIME
from dovetail.contrib.auth.setting_types.providers import AnyProvider
from dovetail.errors import ConfigurationError
from dovetail.settings import SETTINGS
from dovetail.signing import Signer

# A path of our own, which no browser takes for another host: no //, no \, nothing but visible ASCII.
OWN_PAGE = r"^/(?:[!-.0-\[\]-~][!-\[\]-~]*)?$"
CALLBACK = "finish_provider_login"  # the route's name


def cookie_name(connection: HTTPConnection) -> str:
    """Return the name of the cookie; with `__Host-` no other host of the domain can plant one (RFC 6265bis)."""
    settings = SETTINGS.get(connection.app)
    site = Signer(settings.secret_key, "dovetail.auth.cookies").signature(b"").hex()[:8]
    return f"{'' if settings.debug else '__Host-'}dovetail-login-{site}"


def browser_of(connection: HTTPConnection) -> str:
    """Return the key of the browser that asks; empty if it has none."""
    return connection.cookies.get(cookie_name(connection), "")


def new_browser(connection: HTTPConnection) -> str:
    """Return the key of the browser that asks, a fresh one if it has none: logins in several tabs share it."""
    return browser_of(connection) or secrets.token_urlsafe(32)


def remember_browser(connection: HTTPConnection, response: Response, browser: str) -> None:
    """Let the browser keep its key for as long as a login takes; the way back from a provider carries it (Lax)."""
    response.set_cookie(
        cookie_name(connection),
        browser,
        max_age=LIFETIME,
        path="/",
        secure=not SETTINGS.get(connection.app).debug,
        httponly=True,
        samesite="lax",
    )


def callback_address(connection: HTTPConnection, provider: AnyProvider) -> str:
    """Return where a provider sends browsers back to; it has to be registered there."""
    try:
        url: URL = connection.url_for(CALLBACK, name=provider.name)
    except NoMatchFound:
        raise ConfigurationError("The routers auth.providers are not mounted, so no provider can answer.") from None
    return str(url)
