"""No body larger than we accept, whether its length is announced or it comes in chunks."""

from starlette.exceptions import HTTPException
from starlette.types import Message, Receive, Scope

from dovetail.errors import PayloadTooLargeError
from dovetail.middleware.errors import REFUSAL
from dovetail.middleware.headers import Values

MOST_DIGITS = 18  # of a number that is worth reading


class BodyLimit:
    """Refuses a body of more than `maximum` bytes; it is never held in memory."""

    def __init__(self, maximum: int) -> None:
        self._maximum = maximum
        self._detail = f"The request body is larger than the {maximum} bytes this server accepts."

    def around(self, receive: Receive, scope: Scope, sent: Values) -> Receive:
        """Return what receives the body; if its announced length is too large, the request is refused at once."""
        announced = sent.get(b"content-length")
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
        return digits.isdigit() and (len(digits) > MOST_DIGITS or int(digits) > self._maximum)

    async def _receive_nothing(self) -> Message:
        raise self._too_large()

    def _too_large(self) -> HTTPException:
        # FastAPI turns any other exception that meets it while it reads a body into a 400.
        return HTTPException(PayloadTooLargeError.status, self._detail)
