"""Apply X-Forwarded-* headers of trusted proxies (client, scheme, path prefix), under every ASGI server."""

import logging
import re
import sys
from collections.abc import Sequence
from typing import Any

from starlette.types import Scope

from dovetail.validators import UNIX_SOCKET

PREFIX = re.compile(r"(/(?!\.{1,2}(/|$))[A-Za-z0-9._~-]+)+", re.ASCII)
LONGEST_PREFIX = 200
FORWARDED = frozenset({b"x-forwarded-for", b"x-forwarded-proto", b"x-forwarded-prefix"})
logger = logging.getLogger("dovetail.forwarded")


class ForwardedHeaders:
    """Applies X-Forwarded-For, -Proto and -Prefix if the peer is one of `trusted`, and ignores them otherwise.

    `trusted` contains addresses, networks (`10.0.0.0/8`), `unix` for Unix sockets, or `*` for every peer. The prefix is
    what the proxy removed from the path, as Traefik's StripPrefix and nginx's `proxy_pass http://site/;` do.
    """

    def __init__(self, trusted: Sequence[str]) -> None:
        # Imported here, since this is only created to serve requests, and commands should not import the server.
        from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

        self._trusts_socket = UNIX_SOCKET in trusted
        # uvicorn's algorithm: the client is the last address in X-Forwarded-For that is not trusted.
        self._proxied = ProxyHeadersMiddleware(_do_nothing, list(trusted))

    async def apply(self, scope: Scope) -> None:
        """Update the scope with what the proxy sent."""
        if scope.get("client") is None and self._trusts_socket:
            scope["client"] = (UNIX_SOCKET, 0)
        client = scope.get("client")
        if (client[0] if client else None) in self._proxied.trusted_hosts:
            _add_prefix(scope)
        await self._proxied(scope, _do_nothing, _do_nothing)  # type: ignore[arg-type]  # ASGI, typed in two ways


def disable_proxy_headers() -> None:
    """Make uvicorn's own ProxyHeadersMiddleware around this application trust nobody.

    uvicorn and gunicorn's uvicorn worker add it by default, with their own list of trusted proxies, and its changes
    could not be told apart from the real values. It calls this application, so it is in one of the stack frames above.
    """
    from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

    frame = sys._getframe()  # noqa: SLF001 - documented, for CPython
    while frame.f_back is not None:
        frame = frame.f_back
        around = frame.f_locals.get("self")
        if isinstance(around, ProxyHeadersMiddleware):
            around.trusted_hosts = type(around.trusted_hosts)([])


async def _do_nothing(*_: Any) -> None:
    pass


def _add_prefix(scope: Scope) -> None:
    prefixes = [value.decode("latin-1").strip() for name, value in scope["headers"] if name == b"x-forwarded-prefix"]
    prefix = ",".join(prefixes).rstrip("/")
    if not prefix:
        return
    if len(prefix) > LONGEST_PREFIX or not PREFIX.fullmatch(prefix):
        logger.warning("ignored the X-Forwarded-Prefix %r: it is not one path such as /shop", prefix[:LONGEST_PREFIX])
        return
    # The path includes root_path: https://asgi.readthedocs.io/en/latest/specs/www.html.
    scope["root_path"] = prefix + scope.get("root_path", "")
    scope["path"] = prefix + scope["path"]
    if scope.get("raw_path"):
        scope["raw_path"] = prefix.encode() + scope["raw_path"]
