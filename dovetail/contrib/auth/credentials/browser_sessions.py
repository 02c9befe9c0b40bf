"""The scheme Session: a browser sends the cookie of the back office, and a page of ours vouches for the request.

A browser sends a cookie along with whatever any site makes it send. So the cookie counts only where the browser says
that a page of this very origin asks, and whatever changes something brings the page's CSRF token in a header as well:
https://cheatsheetseries.owasp.org/cheatsheets/Cross-Site_Request_Forgery_Prevention_Cheat_Sheet.html
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
    """The cookie that holds the token of a session, and its CSRF tokens: whoever keeps such sessions sets this."""

    cookie: Callable[[], str]  # its name, by HTTPS another one than by HTTP
    csrf_token: Callable[[int, int], str]  # of the user and the session with these keys
    is_csrf_token: Callable[[str, int, int], bool]  # whether a text is the token of these


BROWSER_SESSIONS = StateKey[BrowserSessions]("browser_sessions", "add dovetail.contrib.admin to the plugins")


def cookie_of(connection: HTTPConnection) -> str | None:
    """Return the cookie's token, if a page of this origin sent it; None if there is none, or another site made it come.

    Raise PermissionDeniedError for a request that changes something and brings no CSRF token; whether it is that of the
    session, `check_csrf` finds out.
    """
    sessions = BROWSER_SESSIONS.get(connection.app)
    token = connection.cookies.get(sessions.cookie())
    if not token or not is_same_origin(connection):
        return None
    if _is_unsafe(connection) and CSRF_HEADER not in connection.headers:
        raise bad_csrf_token()
    return token


def check_csrf(connection: HTTPConnection, user_id: int, session_id: int) -> None:
    """Raise PermissionDeniedError for a request that changes something without the CSRF token of this session."""
    given = connection.headers.get(CSRF_HEADER, "")
    if _is_unsafe(connection) and not BROWSER_SESSIONS.get(connection.app).is_csrf_token(given, user_id, session_id):
        raise bad_csrf_token()


def bad_csrf_token() -> PermissionDeniedError:
    """Return the error for a request with a cookie and without the right CSRF token."""
    return PermissionDeniedError(
        f"With the cookie of a session, send the header {CSRF_HEADER} too: the token from GET /auth/csrf."
    )


def is_same_origin(connection: HTTPConnection) -> bool:
    """Return True if the browser says that a page of this origin asks: by Sec-Fetch-Site, or else by Origin."""
    site = connection.headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    origin = connection.headers.get("origin")
    return origin is not None and split_url(origin).netloc == connection.headers.get("host")


def _is_unsafe(connection: HTTPConnection) -> bool:
    return connection.scope.get("method", "GET") not in SAFE_METHODS
