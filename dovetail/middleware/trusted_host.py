"""Refuse requests for hosts other than the site's: a forged Host header would end up in links and caches."""

import re
from collections.abc import Collection, Sequence
from functools import lru_cache

from starlette.types import Scope

from dovetail.api.fastapi_private import path_within
from dovetail.errors import BadRequestError
from dovetail.middleware.errors import REFUSAL
from dovetail.middleware.headers import Values

# A name or address, or an IPv6 address in brackets; optionally followed by the root's dot and a port.
HOST = re.compile(r"(?P<name>\[[0-9a-f:.]+\]|[^\[\]:@/\s]*?)\.?(:\d+)?")


class TrustedHosts:
    """The hosts matching `patterns`: `example.com`, `*.example.com`, or `*` for any. Paths in `probes` allow any host.

    Load balancers and orchestrators probe by IP address, and the responses of these paths do not depend on the host.
    """

    def __init__(self, patterns: Sequence[str], probes: Collection[str] = ()) -> None:
        self._patterns = tuple(pattern.lower() for pattern in patterns)
        self._probes = frozenset(probes)
        self._allows = lru_cache(maxsize=100)(self._find)

    def include(self, scope: Scope, request_headers: Values) -> bool:
        """Return whether the request's Host is allowed, and the only one (RFC 9112, section 3.2)."""
        if len(request_headers) != len(scope["headers"]) and _names_several_hosts(scope):
            return False
        return self._allows(request_headers.get(b"host", b"")) or path_within(scope) in self._probes

    def _find(self, named: bytes) -> bool:
        found = HOST.fullmatch(named.decode("latin-1").lower())
        host = found["name"] if found else ""
        return any(
            pattern in ("*", host) or (pattern.startswith("*.") and host.endswith(pattern[1:]))
            for pattern in self._patterns
        )


def refuse_host(scope: Scope) -> Scope:
    """Return a scope for which BadRequestError is the response, without the forged Host header."""
    others = [pair for pair in scope["headers"] if pair[0] != b"host"]
    refusal = BadRequestError("This server does not answer for the host you named.")
    return {**scope, "headers": others, REFUSAL: refusal}


def _names_several_hosts(scope: Scope) -> bool:
    return [name for name, _ in scope["headers"]].count(b"host") > 1
