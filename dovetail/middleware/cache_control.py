"""Let no cache store what is one person's, and say what depends on the token (RFC 9111; RFC 6749, section 5.1)."""

from collections.abc import Awaitable

from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
CACHE_CONTROL, SET_COOKIE = b"cache-control", b"set-cookie"
NO_STORE = (CACHE_CONTROL, b"no-store")
VARY = (b"vary", b"Authorization")


class CacheControlMiddleware:
    """Adds `Cache-Control: no-store` to answers that are somebody's own, and `Vary: Authorization` to what may be kept.

    Somebody's own is the answer to a request that brings a token or a cookie or that changes something, as a login
    does, and one that sets a cookie. An answer with a `Cache-Control` of its own keeps it; one that calls itself public
    is the same for everybody, whatever they send.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Run the application and complete the headers of its answer."""
        if scope["type"] != "http":
            return self.app(scope, receive, send)

        def send_with_headers(message: Message) -> Awaitable[None]:
            if message["type"] == "http.response.start":
                headers = message.get("headers", ())
                told = dict(headers)
                if CACHE_CONTROL not in told and (SET_COOKIE in told or _is_personal(scope)):
                    message["headers"] = [*headers, NO_STORE, VARY]
                elif b"public" not in told.get(CACHE_CONTROL, b""):
                    message["headers"] = [*headers, VARY]
            return send(message)

        return self.app(scope, receive, send_with_headers)


def _is_personal(scope: Scope) -> bool:
    if scope["method"] not in SAFE_METHODS:
        return True
    sent = dict(scope["headers"])
    # A browser sends its cookies for files too, which are the same for everybody.
    return b"authorization" in sent or (b"cookie" in sent and not isinstance(scope.get("endpoint"), StaticFiles))
