"""`Cache-Control` and `Vary`: no cache may store a response that is for one user (RFC 9111; RFC 6749, section 5.1)."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from dovetail.middleware.headers import Pairs, Values
from dovetail.state import StateKey

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
CACHE_CONTROL, SET_COOKIE = b"cache-control", b"set-cookie"


@dataclass(frozen=True)
class CredentialHeaders:
    """The request headers that may carry a credential."""

    names: Sequence[str] = ("Authorization",)
    own: frozenset[bytes] = field(init=False)  # in lower case, without Cookie
    vary: Pairs = field(init=False)
    no_store: Pairs = field(init=False)

    def __post_init__(self) -> None:
        vary = ((b"vary", ", ".join(self.names).encode()),)
        own = frozenset(name.lower().encode() for name in self.names if name != "Cookie")
        object.__setattr__(self, "own", own)
        object.__setattr__(self, "vary", vary)
        object.__setattr__(self, "no_store", ((CACHE_CONTROL, b"no-store"), *vary))


AUTHORIZATION = CredentialHeaders()
CREDENTIAL_HEADERS = StateKey[CredentialHeaders]("credential_headers")


def cache_headers(response_headers: Values, scope: Scope, request_headers: Values) -> Pairs:
    """Return `Cache-Control: no-store` for a personal response, and `Vary` with the credential headers.

    A response is personal if the request has a token or a cookie, or an unsafe method (a login, for instance), or if
    the response sets a cookie. A response that already has `Cache-Control` keeps it; a public one gets no `Vary`.
    """
    app = scope.get("app")
    try:
        headers = AUTHORIZATION if app is None else app.state[CREDENTIAL_HEADERS.name]
    except KeyError:
        headers = AUTHORIZATION
    if CACHE_CONTROL in response_headers:
        return () if b"public" in response_headers[CACHE_CONTROL] else headers.vary
    is_personal = SET_COOKIE in response_headers or _is_personal(scope, request_headers, headers)
    return headers.no_store if is_personal else headers.vary


def _is_personal(scope: Scope, request_headers: Values, headers: CredentialHeaders) -> bool:
    if (
        scope["method"] not in SAFE_METHODS
        or b"authorization" in request_headers
        or not headers.own.isdisjoint(request_headers)
    ):
        return True
    # Browsers send cookies for static files, too, but these are the same for everybody.
    return b"cookie" in request_headers and not isinstance(scope.get("endpoint"), StaticFiles)
