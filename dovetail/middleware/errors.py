"""Turn exceptions into responses, inside of the middleware that adds headers and writes the access log."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TypeAlias

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocketDisconnect

from dovetail.errors import CLIENT_HUNG_UP

Respond: TypeAlias = Callable[[Request, Exception], Awaitable[Response]]

REFUSAL = "dovetail.refusal"  # scope key: an exception to respond with, instead of running the application
FAILURE = "dovetail.failure"  # scope key: id() of an exception that was already logged, and closes the connection


class ErrorMiddleware:
    """Responds to exceptions with what `respond` returns; if `refuses` is set, also to REFUSAL in the scope.

    Starlette's handler for unexpected errors is outside of every middleware, so its response would have neither a
    request id nor security headers. There are two ErrorMiddlewares: one inside the middleware of plugins, so that it
    sees error responses, and one outside, for exceptions that this middleware itself raises.
    """

    def __init__(self, app: ASGIApp, *, respond: Respond, refuses: bool) -> None:
        self.app = app
        self.respond = respond
        self.refuses = refuses

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the application. Re-raise an exception if the response has begun, so that the server disconnects.

        A client that disconnects is not an error; the access log shows the status CLIENT_HUNG_UP.
        """
        if scope["type"] != "http":
            with suppress(WebSocketDisconnect):  # the client disconnected, which is not an error
                await self.app(scope, receive, send)
            return
        begun = False

        def send_and_note(message: Message) -> Awaitable[None]:
            nonlocal begun
            begun = begun or message["type"] == "http.response.start"
            return send(message)

        try:
            if self.refuses and REFUSAL in scope:
                raise scope[REFUSAL]  # noqa: TRY301 - handled like an exception of the application
            await self.app(scope, receive, send_and_note)
        except ClientDisconnect:
            if not begun:  # only the access log sees it
                await Response(status_code=CLIENT_HUNG_UP)(scope, receive, send)
        except (Exception, SystemExit) as raised:
            # sys.exit() in a plugin would stop the server, and with it all other requests.
            error = raised if isinstance(raised, Exception) else RuntimeError(f"sys.exit({raised.code!r}) was called")
            if scope.get(FAILURE) == id(error):
                raise
            response = await self.respond(Request(scope, receive), error)
            if begun:
                scope[FAILURE] = id(error)
                raise error from raised.__cause__
            await response(scope, receive, send)
