"""Refuses, before any route sees them, values no schema thinks of: NUL, broken UTF-8, JSON that is not quite JSON."""

from collections import deque
from collections.abc import Awaitable, Callable
from urllib.parse import unquote_to_bytes

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from project.errors import BadRequestError, InvalidInputError
from project.middleware.headers import header
from project.middleware.json_body import check_json

URL_ENCODED = "application/x-www-form-urlencoded"


class CleanInputMiddleware:
    """Checks path, query, JSON and form bodies; plugin authors then need not.

    PostgreSQL cannot store a NUL, and what is not UTF-8 would be altered silently. Such bodies are read here, within
    the limit that BodyLimitMiddleware sets, and handed on; others, such as uploads, stream through untouched.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Run the application. Raises BadRequestError for the URL, InvalidInputError for the body."""
        if scope["type"] != "http":
            return self.app(scope, receive, send)
        _check_url(scope)
        kind = _content_type(scope)
        if _is_json(kind):
            return self._run_with_body(check_json, scope, receive, send)
        if kind == URL_ENCODED:
            return self._run_with_body(_check_form, scope, receive, send)
        return self.app(scope, receive, send)

    async def _run_with_body(self, check: Callable[[bytes], None], scope: Scope, receive: Receive, send: Send) -> None:
        messages = await _read(receive)
        check(b"".join(message.get("body", b"") for message in messages))
        await self.app(scope, _replay(messages, receive), send)


def _check_url(scope: Scope) -> None:
    for part, raw in (("path", scope.get("raw_path") or scope["path"].encode()), ("query", scope["query_string"])):
        if not _is_clean(raw):
            raise BadRequestError(f"The {part} of the URL is not valid UTF-8, or contains a NUL character.")


def _check_form(body: bytes) -> None:
    if not _is_clean(body):
        raise InvalidInputError("The form is not valid UTF-8, or contains a NUL character.")


def _is_clean(encoded: bytes) -> bool:
    plain = unquote_to_bytes(encoded) if b"%" in encoded else encoded
    try:
        plain.decode()
    except UnicodeDecodeError:
        return False
    return b"\0" not in plain


def _content_type(scope: Scope) -> str:
    return header(scope, b"content-type").partition(";")[0].strip().lower()


def _is_json(kind: str) -> bool:
    main, _, sub = kind.partition("/")
    return main == "application" and (sub == "json" or sub.endswith("+json"))


async def _read(receive: Receive) -> deque[Message]:
    messages: deque[Message] = deque()
    while True:
        message = await receive()
        messages.append(message)
        if not message.get("more_body", False):  # a client that hung up has no more either
            return messages


def _replay(messages: deque[Message], receive: Receive) -> Receive:
    async def replay() -> Message:
        return messages.popleft() if messages else await receive()

    return replay
