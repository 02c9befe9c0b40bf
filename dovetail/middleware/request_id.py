"""A request has one id: in the answer's header, in problem details and in every log record."""

import os
import re
from collections.abc import Awaitable
from contextvars import ContextVar

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dovetail.middleware.headers import header

HEADER = b"x-request-id"
# What proxies send, and nothing that could forge a line of a log.
ACCEPTED = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:=+/@-]{0,127}", re.ASCII)

current_request_id: ContextVar[str | None] = ContextVar("current_request_id", default=None)


class RequestIdMiddleware:
    """Keep the id a proxy sent in `X-Request-ID`, or make one; the answer carries it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the application with an id."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        request_id = _request_id(scope)
        scope.setdefault("state", {})["request_id"] = request_id

        def send_with_id(message: Message) -> Awaitable[None]:
            if message["type"] == "http.response.start":
                others = [pair for pair in message.get("headers", ()) if pair[0] != HEADER]
                message["headers"] = [*others, (HEADER, request_id.encode())]
            return send(message)

        token = current_request_id.set(request_id)
        try:
            await self.app(scope, receive, send_with_id)
        finally:
            current_request_id.reset(token)


def _request_id(scope: Scope) -> str:
    given = header(scope, HEADER)
    return given if given and ACCEPTED.fullmatch(given) else os.urandom(16).hex()
