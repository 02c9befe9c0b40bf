"""One line a request on the logger `dovetail.access`."""

import logging
from time import perf_counter
from urllib.parse import quote

from starlette.types import ASGIApp, Message, Receive, Scope, Send

LINE = "%s %s %d %.1f ms"
logger = logging.getLogger("dovetail.access")


class AccessLogMiddleware:
    """Logs method, path, status and duration of each request, never its query: secrets travel there."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the application and log what came of it; the duration includes sending the answer."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started, status = perf_counter(), 0

        async def send_and_note(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, send_and_note)
        finally:
            if logger.isEnabledFor(logging.INFO):
                milliseconds = (perf_counter() - started) * 1000
                # Quoted, so that a line feed in a path cannot forge a line. Status 0: no answer was begun.
                values = (scope["method"], quote(scope["path"]), status, milliseconds)
                # logger.info() would look through the stack for its caller, which is always this line.
                logger.handle(logger.makeRecord(logger.name, logging.INFO, __file__, 0, LINE, values, None))
