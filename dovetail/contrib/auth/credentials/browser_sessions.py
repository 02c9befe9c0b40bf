"""The scheme Session: requests from pages of the same origin, authenticated by the cookie of the back office.

Browsers send cookies with requests that other sites cause. So the cookie is only accepted if the browser says that the
request comes from a page of this origin, and unsafe requests also need a CSRF token in a header
(https://cheatsheetseries.owasp.org/cheatsheets/Cross-Site_Request_Forgery_Prevention_Cheat_Sheet.html).
"""

from collections.abc import Callable
from dataclasses import dataclass

from starlette.requests import HTTPConnection

from dovetail.database.session import SAFE_METHODS
from dovetail.errors import PermissionDeniedError
from dovetail.state import StateKey
from dovetail.validators import split_url

CSRF_HEADER = "X-CSRF-Token"


@dataclass(frozen=True, kw_only=True)
class BrowserSessions:
    """Access to the session cookie and its CSRF tokens; set by the plugin that manages browser sessions."""

    cookie: Callable[[], str]  # returns the name of the cookie, which differs between HTTPS and HTTP
    csrf_token: Callable[[int, int], str]  # returns the token for (user id, session id)
    is_csrf_token: Callable[[str, int, int], bool]  # returns whether a text is the token for (user id, session id)


BROWSER_SESSIONS = StateKey[BrowserSessions]("browser_sessions", "add dovetail.contrib.admin to the plugins")


def cookie_of(connection: HTTPConnection) -> str | None:
    """Return the token in the session cookie; None without one, or if the request is not from a page of this origin.

    Raise PermissionDeniedError for an unsafe request without a CSRF token. `check_csrf` checks whether the token is
    right.
    """
    sessions = BROWSER_SESSIONS.get(connection.app)
    token = connection.cookies.get(sessions.cookie())
    if not token or not is_same_origin(connection):
        return None
    if _is_unsafe(connection) and CSRF_HEADER not in connection.headers:
        raise bad_csrf_token()
    return token


def check_csrf(connection: HTTPConnection, user_id: int, session_id: int) -> None:
    """Raise PermissionDeniedError for an unsafe request without the CSRF token of this session."""
    given = connection.headers.get(CSRF_HEADER, "")
    if _is_unsafe(connection) and not BROWSER_SESSIONS.get(connection.app).is_csrf_token(given, user_id, session_id):
        raise bad_csrf_token()


def bad_csrf_token() -> PermissionDeniedError:
    """Return the error for a request with a session cookie and without the right CSRF token."""
    return PermissionDeniedError(
        f"With the cookie of a session, send the header {CSRF_HEADER} too: the token from GET /auth/csrf."
    )


def is_same_origin(connection: HTTPConnection) -> bool:
    """Return whether the browser says that a page of this origin made the request (Sec-Fetch-Site, or else Origin)."""
    site = connection.headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    origin = connection.headers.get("origin")
    return origin is not None and split_url(origin).netloc == connection.headers.get("host")


def _is_unsafe(connection: HTTPConnection) -> bool:
    return connection.scope.get("method", "GET") not in SAFE_METHODS
