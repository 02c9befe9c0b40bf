"""Believe a trusted proxy who asked, over which scheme and below which path, under every ASGI server."""

import logging
import re
import sys
from collections.abc import Awaitable, Sequence
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from dovetail.validators import UNIX_SOCKET

PREFIX = re.compile(r"(/(?!\.{1,2}(/|$))[A-Za-z0-9._~-]+)+", re.ASCII)
LONGEST_PREFIX = 200
logger = logging.getLogger("dovetail.forwarded")


class ForwardedMiddleware:
    """Believes X-Forwarded-For, -Proto and -Prefix if the peer is one of `trusted`, and nobody else's.

    `trusted` holds addresses, networks (`10.0.0.0/8`), `unix` for a Unix socket, or `*` for everybody. The prefix is
    what the proxy took off the front of the path, as Traefik's StripPrefix and nginx's `proxy_pass http://site/;` do.
    """

    def __init__(self, app: ASGIApp, *, trusted: Sequence[str]) -> None:
        # Imported here: the middleware is made when requests come, and commands that serve nothing need no server.
        from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

        self.app = app
        self._trusts_socket = UNIX_SOCKET in trusted
        # The algorithm is uvicorn's: of those that X-Forwarded-For names, the last one whom we do not trust.
        self._proxied = ProxyHeadersMiddleware(app, list(trusted))  # type: ignore[arg-type]  # ASGI, typed in two ways

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Run the application with what the proxy said."""
        if scope["type"] == "lifespan":
            _switch_off_around_us(type(self._proxied))
            return self.app(scope, receive, send)
        for name, _ in scope["headers"]:
            if name.startswith(b"x-forwarded-"):
                return self._run_forwarded(scope, receive, send)
        return self.app(scope, receive, send)

    def _run_forwarded(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if scope.get("client") is None and self._trusts_socket:
            scope["client"] = (UNIX_SOCKET, 0)
        client = scope.get("client")
        if (client[0] if client else None) in self._proxied.trusted_hosts:
            _add_prefix(scope)
        return self._proxied(scope, receive, send)  # type: ignore[arg-type]  # as above


def _add_prefix(scope: Scope) -> None:
    prefixes = [value.decode("latin-1").strip() for name, value in scope["headers"] if name == b"x-forwarded-prefix"]
    prefix = ",".join(prefixes).rstrip("/")
    if not prefix:
        return
    if len(prefix) > LONGEST_PREFIX or not PREFIX.fullmatch(prefix):
        logger.warning("ignored the X-Forwarded-Prefix %r: it is not one path such as /shop", prefix[:LONGEST_PREFIX])
        return
    # https://asgi.readthedocs.io/en/latest/specs/www.html: the path has root_path in front.
    scope["root_path"] = prefix + scope.get("root_path", "")
    scope["path"] = prefix + scope["path"]
    if scope.get("raw_path"):
        scope["raw_path"] = prefix.encode() + scope["raw_path"]


def _switch_off_around_us(proxied: type[Any]) -> None:
    """Let uvicorn's middleware around this application trust nobody: it was told of other proxies than we, if of any.

    uvicorn puts it there by default, gunicorn's uvicorn worker too; what it changed could not be told from the truth.
    It calls us, and so stands in one of the frames above this one.
    """
    frame = sys._getframe()  # noqa: SLF001 - documented, for CPython
    while frame.f_back is not None:
        frame = frame.f_back
        around = frame.f_locals.get("self")
        if isinstance(around, proxied):
            around.trusted_hosts = type(around.trusted_hosts)([])
