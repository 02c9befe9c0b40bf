"""No body larger than we accept, whether its length is announced or it comes in chunks."""

from collections.abc import Awaitable

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dovetail.errors import PayloadTooLargeError
from dovetail.middleware.errors import REFUSAL
from dovetail.middleware.headers import header


class BodyLimitMiddleware:
    """Refuses a body of more than `maximum` bytes; it is never held in memory."""

    def __init__(self, app: ASGIApp, *, maximum: int) -> None:
        self.app = app
        self.maximum = maximum

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Run the application, which answers PayloadTooLargeError at once if the announced length is too large."""
        if scope["type"] != "http":
            return self.app(scope, receive, send)
        announced = header(scope, b"content-length")
        if announced.isdecimal() and int(announced) > self.maximum:
            scope.setdefault(REFUSAL, PayloadTooLargeError(self._detail))
            return self.app(scope, self._receive_nothing, send)
        received = 0

        async def receive_limited() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self.maximum:
                raise self._too_large()
            return message

        return self.app(scope, receive_limited, send)

    async def _receive_nothing(self) -> Message:
        raise self._too_large()

    def _too_large(self) -> HTTPException:
        # FastAPI turns any other exception that meets it while it reads a body into a 400.
        return HTTPException(PayloadTooLargeError.status, self._detail)

    @property
    def _detail(self) -> str:
        return f"The request body is larger than the {self.maximum} bytes this server accepts."
