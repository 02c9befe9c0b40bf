"""Limit the size of request bodies, both by their Content-Length and by the bytes actually received."""

from starlette.exceptions import HTTPException
from starlette.types import Message, Receive, Scope

from dovetail.errors import PayloadTooLargeError
from dovetail.middleware.errors import REFUSAL
from dovetail.middleware.headers import Values

MAX_DIGITS = 18  # a Content-Length with more digits is too large without parsing it


class BodyLimit:
    """Refuses bodies of more than `maximum` bytes, without keeping them in memory."""

    def __init__(self, maximum: int) -> None:
        self._maximum = maximum
        self._detail = f"The request body is larger than the {maximum} bytes this server accepts."

    def around(self, receive: Receive, scope: Scope, request_headers: Values) -> Receive:
        """Return a `receive` that enforces the limit; if Content-Length exceeds it, mark the request as refused."""
        announced = request_headers.get(b"content-length")
        if announced and self._is_exceeded(announced):
            scope.setdefault(REFUSAL, PayloadTooLargeError(self._detail))
            return self._receive_nothing
        received = 0

        async def receive_limited() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self._maximum:
                raise self._too_large()
            return message

        return receive_limited

    def _is_exceeded(self, announced: bytes) -> bool:
        digits = announced.lstrip(b"0")
        return digits.isdigit() and (len(digits) > MAX_DIGITS or int(digits) > self._maximum)

    async def _receive_nothing(self) -> Message:
        raise self._too_large()

    def _too_large(self) -> HTTPException:
        # An HTTPException, since FastAPI turns any other exception raised while it reads a body into a 400.
        return HTTPException(PayloadTooLargeError.status, self._detail)
