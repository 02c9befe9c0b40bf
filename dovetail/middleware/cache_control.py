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
    """The headers of requests that may hold a credential."""

    names: Sequence[str] = ("Authorization",)
    own: frozenset[bytes] = field(init=False)  # in small letters, without the cookie
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


def cache_headers(told: Values, scope: Scope, sent: Values) -> Pairs:
    """Return `Cache-Control: no-store` for a personal response, and `Vary` with the headers of credentials.

    A response is personal if the request has a token or a cookie, or changes something, as a login does, or if the
    response sets a cookie. A response with a `Cache-Control` of its own keeps it; one that is public does not vary.
    `told` are the headers of the response, `sent` those of the request.
    """
    app = scope.get("app")
    try:
        headers = AUTHORIZATION if app is None else app.state[CREDENTIAL_HEADERS.name]
    except KeyError:
        headers = AUTHORIZATION
    if CACHE_CONTROL in told:
        return () if b"public" in told[CACHE_CONTROL] else headers.vary
    return headers.no_store if SET_COOKIE in told or _is_personal(scope, sent, headers) else headers.vary


def _is_personal(scope: Scope, sent: Values, headers: CredentialHeaders) -> bool:
    if scope["method"] not in SAFE_METHODS or b"authorization" in sent or not headers.own.isdisjoint(sent):
        return True
    # A browser sends its cookies for files too, which are the same for everybody.
    return b"cookie" in sent and not isinstance(scope.get("endpoint"), StaticFiles)
