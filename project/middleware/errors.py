"""The one place where an exception becomes an answer, inside everything that adds headers and logs."""

from collections.abc import Awaitable, Callable

from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class ErrorMiddleware:
    """Answers any exception with what `respond` makes of it.

    Starlette's own handler for unforeseen errors stands outside every middleware, so that its answer would carry
    neither the request's id nor the security headers.
    """

    def __init__(self, app: ASGIApp, *, respond: Callable[[HTTPConnection, Exception], Response]) -> None:
        self.app = app
        self.respond = respond

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the application. Raises what it raises if the answer has begun: the server then cuts the connection."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        begun = False

        def send_and_note(message: Message) -> Awaitable[None]:
            nonlocal begun
            begun = begun or message["type"] == "http.response.start"
            return send(message)

        try:
            await self.app(scope, receive, send_and_note)
        except Exception as error:
            response = self.respond(HTTPConnection(scope), error)
            if begun:
                raise
            await response(scope, receive, send)
