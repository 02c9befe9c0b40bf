"""Know the browser that went to a provider again when it comes back, by a cookie; and the addresses it goes to."""

import secrets
from dataclasses import dataclass
from functools import cached_property

from pydantic import SecretStr
from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.routing import NoMatchFound

from dovetail.contrib.auth.providers.logins import LIFETIME
from dovetail.contrib.auth.setting_types.providers import AnyProvider
from dovetail.errors import NotFoundError
from dovetail.signing import Signer

# A path of our own, which no browser takes for another host: no //, no \\, nothing but visible ASCII.
OWN_PAGE = r"^/(?:[!-.0-\[\]-~][!-\[\]-~]*)?$"
CALLBACK = "finish_provider_login"  # the route's name


@dataclass(frozen=True)
class BrowserCookie:
    """The cookie that tells browsers apart for as long as a login takes.

    With `__Host-` no other host of the domain can plant one (RFC 6265bis, section 4.1.3.2); the end of the name is made
    of the site's key, so that two sites on one host do not take each other's for their own.
    """

    secret_key: SecretStr
    secure: bool

    @cached_property
    def name(self) -> str:
        """Return the name, which is the site's own."""
        site = Signer(self.secret_key, "dovetail.auth.cookies").signature(b"").hex()[:8]
        return f"{'__Host-' if self.secure else ''}dovetail-login-{site}"

    def read(self, connection: HTTPConnection) -> str:
        """Return the key of the browser that asks; empty if it has none."""
        return connection.cookies.get(self.name, "")

    def read_or_make(self, connection: HTTPConnection) -> str:
        """Return the key of the browser that asks, a fresh one if it has none: logins in several tabs share it."""
        return self.read(connection) or secrets.token_urlsafe(32)

    def write(self, response: Response, browser: str) -> None:
        """Let the browser keep its key for as long as a login takes; the way back from a provider carries it (Lax)."""
        response.set_cookie(
            self.name, browser, max_age=LIFETIME, path="/", secure=self.secure, httponly=True, samesite="lax"
        )


def is_sent_by_another_site(connection: HTTPConnection) -> bool:
    """Return True if a page of another site led the browser here: nobody there may begin a login for its user.

    A provider that remembers its users asks them nothing, so that they would be logged in without their doing.
    """
    return connection.headers.get("sec-fetch-site") == "cross-site"


def callback_address(connection: HTTPConnection, provider: AnyProvider) -> str:
    """Return where a provider sends browsers back to; it has to be registered there."""
    try:
        return str(connection.url_for(CALLBACK, name=provider.name))
    except NoMatchFound:
        raise NotFoundError("This site has dropped the routers auth.providers, so no provider leads back.") from None
