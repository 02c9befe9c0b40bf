"""The authentication schemes; AUTH_SCHEMES lists those that a site accepts."""

import re
from difflib import get_close_matches
from enum import StrEnum

from dovetail.errors import quoted_setting


class Scheme(StrEnum):
    """A way to send a credential in a request."""

    BEARER = "Bearer"  # `Authorization: Bearer ...` (RFC 6750)
    TOKEN = "Token"  # noqa: S105 - `Authorization: Token ...`, as clients of Django REST framework send it
    API_KEY = "ApiKey"  # the header AUTH_API_KEY_HEADER
    SESSION = "Session"  # the cookie of the back office, sent by pages of the same origin


LONGEST = 20  # characters that are compared with the names: comparing takes quadratic time
BY_NAME = {scheme.lower(): scheme for scheme in Scheme}
TOKEN_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")  # RFC 9110, section 5.1
# Headers that have another meaning; a secret in one of them could end up in logs.
TAKEN_HEADERS = frozenset(
    {
        *("accept", "authorization", "connection", "content-length", "content-type", "cookie", "host"),
        *("idempotency-key", "if-match", "if-none-match", "origin", "referer", "transfer-encoding", "user-agent"),
        *("x-csrf-token", "x-request-id"),
    }
)


def read_schemes(names: tuple[str, ...]) -> tuple[Scheme, ...]:
    """Return the schemes with these names, in any case. Raise ValueError for an unknown name, or if there is none."""
    if not names:
        raise ValueError(f"AUTH_SCHEMES names no scheme, expected some of {', '.join(Scheme)}")
    found: list[Scheme] = []
    for name in names:
        scheme = BY_NAME.get(name.lower())
        if scheme is None:
            near = get_close_matches(name[:LONGEST].lower(), BY_NAME, n=1, cutoff=0)
            expected = f"expected some of {', '.join(Scheme)}{_ask(near)}"
            raise ValueError(f"AUTH_SCHEMES names {quoted_setting(name)}, {expected}")
        if scheme in found:
            raise ValueError(f"AUTH_SCHEMES names {scheme.value} twice; name it once")
        found.append(scheme)
    return tuple(found)


def check_header(name: str) -> str:
    """Return the name of a header for API keys. Raise ValueError if it is invalid or has another meaning."""
    if TOKEN_NAME.fullmatch(name) is None or name.lower() in TAKEN_HEADERS:
        raise ValueError(f"AUTH_API_KEY_HEADER is {quoted_setting(name)}, expected a header of its own, as X-API-Key")
    return name


def _ask(near: list[str]) -> str:
    return f"; did you mean {BY_NAME[near[0]].value!r}?" if near else ""
