"""The one place where an exception becomes a response; it is inside of the middleware that adds headers and logs."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TypeAlias

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocketDisconnect

from dovetail.errors import CLIENT_HUNG_UP

Respond: TypeAlias = Callable[[Request, Exception], Awaitable[Response]]

REFUSAL = "dovetail.refusal"  # in a scope: the exception with which the request is answered, without being run
FAILURE = "dovetail.failure"  # in a scope: the id of an exception that was logged already, and closes the connection


class ErrorMiddleware:
    """Answers an exception with the response that `respond` makes; if it `refuses`, it also answers REFUSAL.

    Starlette's own handler for unforeseen errors is outside of every middleware, so its response would have neither the
    request's id nor the security headers. There are two ErrorMiddlewares: one inside of the middleware of plugins, so
    that it sees the responses, and one outside of it, for what it raises itself.
    """

    def __init__(self, app: ASGIApp, *, respond: Respond, refuses: bool) -> None:
        self.app = app
        self.respond = respond
        self.refuses = refuses

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the application. Once the response has begun, raise what it raises: the server closes the connection.

        A client that hung up is no error: the access log has the status CLIENT_HUNG_UP.
        """
        if scope["type"] != "http":
            with suppress(WebSocketDisconnect):  # the client hung up, which is no error
                await self.app(scope, receive, send)
            return
        begun = False

        def send_and_note(message: Message) -> Awaitable[None]:
            nonlocal begun
            begun = begun or message["type"] == "http.response.start"
            return send(message)

        try:
            if self.refuses and REFUSAL in scope:
                raise scope[REFUSAL]  # noqa: TRY301 - it is answered as if the application had raised it
            await self.app(scope, receive, send_and_note)
        except ClientDisconnect:
            if not begun:  # for the access log alone
                await Response(status_code=CLIENT_HUNG_UP)(scope, receive, send)
        except (Exception, SystemExit) as raised:
            # A plugin that calls sys.exit() while it answers would end the server, and every other answer with it.
            error = raised if isinstance(raised, Exception) else RuntimeError(f"sys.exit({raised.code!r}) was called")
            if scope.get(FAILURE) == id(error):
                raise
            response = await self.respond(Request(scope, receive), error)
            if begun:
                scope[FAILURE] = id(error)
                raise error from raised.__cause__
            await response(scope, receive, send)
