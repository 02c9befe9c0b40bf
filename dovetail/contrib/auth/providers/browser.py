"""Recognize the browser that returns from a provider, by a cookie; and build the URLs involved."""

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

# A path on this site that browsers cannot take for another host: no //, no \\, only visible ASCII.
OWN_PAGE = r"^/(?:[!-.0-\[\]-~][!-\[\]-~]*)?$"
CALLBACK = "finish_provider_login"  # the name of the route


@dataclass(frozen=True)
class BrowserCookie:
    """The cookie that identifies a browser during a login.

    The prefix `__Host-` prevents other hosts of the domain from setting it (RFC 6265bis, section 4.1.3.2). The name
    ends with a value derived from the site's key, so that two sites on one host do not share it.
    """

    secret_key: SecretStr
    secure: bool

    @cached_property
    def name(self) -> str:
        """Return the name, which is specific to the site."""
        site = Signer(self.secret_key, "dovetail.auth.cookies").signature(b"").hex()[:8]
        return f"{'__Host-' if self.secure else ''}dovetail-login-{site}"

    def read(self, connection: HTTPConnection) -> str:
        """Return the key of the browser; "" if it has none."""
        return connection.cookies.get(self.name, "")

    def read_or_make(self, connection: HTTPConnection) -> str:
        """Return the key of the browser, or a new one if it has none. Logins in several tabs share it."""
        return self.read(connection) or secrets.token_urlsafe(32)

    def write(self, response: Response, browser: str) -> None:
        """Set the cookie for the duration of a login; SameSite=Lax lets the redirect from the provider send it."""
        response.set_cookie(
            self.name, browser, max_age=LIFETIME, path="/", secure=self.secure, httponly=True, samesite="lax"
        )


def is_sent_by_another_site(connection: HTTPConnection) -> bool:
    """Return whether a page of another site caused the request; other sites may not start a login.

    A provider may log in a user it remembers without asking, so the user would be logged in without intending it.
    """
    return connection.headers.get("sec-fetch-site") == "cross-site"


def callback_address(connection: HTTPConnection, provider: AnyProvider) -> str:
    """Return the callback URL, which has to be registered at the provider."""
    try:
        return str(connection.url_for(CALLBACK, name=provider.name))
    except NoMatchFound:
        raise NotFoundError("This site has dropped the routers auth.providers, so no provider leads back.") from None
