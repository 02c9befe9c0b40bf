"""Answer HEAD wherever there is a GET (RFC 9110, section 9.1); FastAPI's routes only have GET."""

from collections.abc import Awaitable

from starlette.types import Message, Scope, Send


def as_get(scope: Scope) -> Scope:
    """Return the scope of the same request as a GET."""
    return {**scope, "method": "GET"}


def without_body(send: Send) -> Send:
    """Return a `send` that omits the response body."""

    def send_without_body(message: Message) -> Awaitable[None]:
        if message["type"] == "http.response.body":
            message = {**message, "body": b""}
        return send(message)

    return send_without_body
