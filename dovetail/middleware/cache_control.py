"""Let no cache store what is one person's, and say what depends on the token (RFC 9111; RFC 6749, section 5.1)."""

from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from dovetail.middleware.headers import Pairs, Values

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
CACHE_CONTROL, SET_COOKIE = b"cache-control", b"set-cookie"
VARY = ((b"vary", b"Authorization"),)
NO_STORE = ((CACHE_CONTROL, b"no-store"), *VARY)


def cache_headers(told: Values, scope: Scope, sent: Values) -> Pairs:
    """Return `Cache-Control: no-store` for what is somebody's own, and `Vary: Authorization` for what may be kept.

    Somebody's own is the answer to a request that brings a token or a cookie or that changes something, as a login
    does, and one that sets a cookie. An answer with a `Cache-Control` of its own keeps it; one that calls itself public
    is the same for everybody, whatever they send. `told` are the headers of the answer, `sent` those of the request.
    """
    if CACHE_CONTROL in told:
        return () if b"public" in told[CACHE_CONTROL] else VARY
    return NO_STORE if SET_COOKIE in told or _is_personal(scope, sent) else VARY


def _is_personal(scope: Scope, sent: Values) -> bool:
    if scope["method"] not in SAFE_METHODS or b"authorization" in sent:
        return True
    # A browser sends its cookies for files too, which are the same for everybody.
    return b"cookie" in sent and not isinstance(scope.get("endpoint"), StaticFiles)
