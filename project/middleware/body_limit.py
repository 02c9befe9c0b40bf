"""No body larger than we accept, whether its length is announced or it comes in chunks."""

from collections.abc import Awaitable

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from project.errors import PayloadTooLargeError
from project.middleware.headers import header


class BodyLimitMiddleware:
    """Refuses a body of more than `maximum` bytes; it is never held in memory."""

    def __init__(self, app: ASGIApp, *, maximum: int) -> None:
        self.app = app
        self.maximum = maximum

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Run the application. Raises PayloadTooLargeError at once if the announced length is too large."""
        if scope["type"] != "http":
            return self.app(scope, receive, send)
        announced = header(scope, b"content-length")
        if announced.isdecimal() and int(announced) > self.maximum:
            raise PayloadTooLargeError(self._detail)
        received = 0

        async def receive_limited() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self.maximum:
                # FastAPI turns any other exception that meets it while it reads a body into a 400.
                raise HTTPException(PayloadTooLargeError.status, self._detail)
            return message

        return self.app(scope, receive_limited, send)

    @property
    def _detail(self) -> str:
        return f"The request body is larger than the {self.maximum} bytes this server accepts."
