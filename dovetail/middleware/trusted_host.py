"""Only hosts we answer for: a forged Host header would otherwise end up in links and caches."""

import re
from collections.abc import Awaitable, Collection, Sequence
from functools import lru_cache

from starlette.types import ASGIApp, Receive, Scope, Send

from dovetail.api.fastapi_private import path_within
from dovetail.errors import BadRequestError
from dovetail.middleware.errors import REFUSAL
from dovetail.middleware.headers import header

# A name or an address, an IPv6 address in brackets; then perhaps the root's dot and a port.
HOST = re.compile(r"(?P<name>\[[0-9a-f:.]+\]|[^\[\]:@/\s]*?)\.?(:\d+)?")


class TrustedHostMiddleware:
    """Refuses a request whose Host is none of `allowed_hosts`: `example.com`, `*.example.com`, or `*` for any.

    What stands between here and the answer, as a plugin's middleware does, sees the request without that Host.
    """

    def __init__(self, app: ASGIApp, *, allowed_hosts: Sequence[str], probes: Collection[str] = ()) -> None:
        self.app = app
        self.allowed_hosts = tuple(pattern.lower() for pattern in allowed_hosts)
        # Load balancers and orchestrators probe by address; what these paths answer does not depend on the host.
        self._probes = frozenset(probes)
        self._allows = lru_cache(maxsize=100)(self._find)  # the same few hosts are named again and again

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Run the application, which answers BadRequestError to such a host; a websocket is closed."""
        if scope["type"] == "lifespan" or self._allows(header(scope, b"host")) or path_within(scope) in self._probes:
            return self.app(scope, receive, send)
        if scope["type"] == "websocket":
            return send({"type": "websocket.close", "code": 1008})
        others = [pair for pair in scope["headers"] if pair[0] != b"host"]
        refusal = BadRequestError("This server does not answer for the host you named.")
        return self.app({**scope, "headers": others, REFUSAL: refusal}, receive, send)

    def _find(self, named: str) -> bool:
        found = HOST.fullmatch(named.lower())
        host = found["name"] if found else ""
        return any(
            pattern in ("*", host) or (pattern.startswith("*.") and host.endswith(pattern[1:]))
            for pattern in self.allowed_hosts
        )
