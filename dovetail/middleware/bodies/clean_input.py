"""Refuse input that no schema checks for, before a route sees it: NUL, invalid UTF-8 and JSON that is not standard."""

import re
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from functools import partial
from typing import TypeAlias
from urllib.parse import quote_from_bytes

from python_multipart.multipart import parse_options_header
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dovetail.errors import BadRequestError, InvalidInputError, PayloadTooLargeError, UnsupportedMediaTypeError
from dovetail.middleware.bodies.json_body import (
    check_encoding,
    check_json,
    has_more_items,
    is_suspicious,
    too_many_items,
)
from dovetail.middleware.bodies.multipart_body import NOT_CLEAN, check_parts
from dovetail.middleware.bodies.percent import decode
from dovetail.middleware.headers import MAXIMUM_FIELDS, header, is_utf_8
from dovetail.translation.texts import gettext_lazy

Check: TypeAlias = Callable[[], None]
# Runs a check: on paths that require a login only after the user is known, on all others immediately.
AfterLogin: TypeAlias = Callable[[Scope, Check], AbstractContextManager[None]]

BROKEN_PATH = gettext_lazy("The path of the URL is not valid UTF-8, or contains a NUL character.")
BROKEN_QUERY = gettext_lazy("The query of the URL is not valid UTF-8, or contains a NUL character.")
URL_ENCODED = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"
ASCII = bytes(range(128)).decode()
PLAIN = re.compile(rb"[!-$&-~]*")  # URLs that need no further check: visible ASCII without percent-encoding


class CleanInputMiddleware:
    """Checks the path, the query and JSON and form bodies, so that plugins need not.

    PostgreSQL cannot store NUL, and invalid UTF-8 would be altered silently. JSON and URL-encoded forms are read
    completely, up to the limit of BodyLimit, and passed on; multipart forms are checked as they stream, and other
    bodies, such as uploads, are not checked. JSON may contain at most `maximum_items` values. Larger or suspicious
    bodies are examined only after authentication.
    """

    def __init__(self, app: ASGIApp, *, maximum_items: int, after_login: AfterLogin) -> None:
        self.app = app
        self.maximum_items = maximum_items
        self.after_login = after_login

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Run the application. Raise BadRequestError for a bad URL, and another 4xx error for a bad body."""
        if scope["type"] != "http":
            return self.app(scope, receive, send)
        _check_url(scope)
        content_type = header(scope, b"content-type")
        return (
            self._run_with_body(content_type, scope, receive, send) if content_type else self.app(scope, receive, send)
        )

    async def _run_with_body(self, content_type: str, scope: Scope, receive: Receive, send: Send) -> None:
        kind = content_type.partition(";")[0].strip().lower()
        parameters = _parameters(content_type)
        if not is_utf_8(parameters.get(b"charset", b"utf-8")) and (_is_json(kind) or kind in {URL_ENCODED, MULTIPART}):
            raise UnsupportedMediaTypeError
        if _is_json(kind):
            await self._run_with_json(scope, receive, send)
        elif kind == URL_ENCODED:
            messages = await _read(receive)
            form = _body(messages)
            _check_form(form)
            if not form.isascii():  # escape it, since Starlette would decode raw bytes as Latin-1
                messages = deque([{"type": "http.request", "body": quote_from_bytes(form, safe=ASCII).encode()}])
            await self.app(scope, _replay(messages, receive), send)
        elif kind == MULTIPART:
            await self.app(scope, check_parts(parameters.get(b"boundary", b""), receive), send)
        else:
            await self.app(scope, receive, send)

    async def _run_with_json(self, scope: Scope, receive: Receive, send: Send) -> None:
        messages = await _read(receive)
        body = _body(messages)
        check_encoding(body)
        check: Check | None = None
        if has_more_items(body, self.maximum_items):
            check = self._refuse
            messages = deque([{"type": "http.request", "body": b"null"}])  # so that the body is not parsed
        elif is_suspicious(body):
            check = partial(check_json, body)
        if check is None:
            await self.app(scope, _replay(messages, receive), send)
        else:
            with self.after_login(scope, check):
                await self.app(scope, _replay(messages, receive), send)

    def _refuse(self) -> None:
        raise too_many_items(self.maximum_items)


def _check_url(scope: Scope) -> None:
    path, query = scope.get("raw_path") or scope["path"].encode(), scope["query_string"]
    for raw, message in ((path, BROKEN_PATH), (query, BROKEN_QUERY)):
        if not PLAIN.fullmatch(raw) and not _is_clean(raw):
            raise BadRequestError(message)
    if len(query) > MAXIMUM_FIELDS and query.count(b"&") >= MAXIMUM_FIELDS:
        raise BadRequestError(f"The query has more than {MAXIMUM_FIELDS} parameters.")


def _check_form(body: bytes) -> None:
    if body.count(b"&") >= MAXIMUM_FIELDS:
        raise PayloadTooLargeError(f"The form has more than {MAXIMUM_FIELDS} fields.")
    if not _is_clean(body):
        raise InvalidInputError(NOT_CLEAN)


def _is_clean(encoded: bytes) -> bool:
    plain = decode(encoded)
    try:
        plain.decode()
    except UnicodeDecodeError:
        return False
    return b"\0" not in plain


def _parameters(content_type: str) -> dict[bytes, bytes]:
    # The parser that Starlette itself uses for the charset and the boundary.
    return parse_options_header(content_type)[1] if ";" in content_type else {}


def _is_json(kind: str) -> bool:
    main, _, sub = kind.partition("/")
    return main == "application" and (sub == "json" or sub.endswith("+json"))


async def _read(receive: Receive) -> deque[Message]:
    messages: deque[Message] = deque()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        messages.append(message)
        if not message.get("more_body", False):
            return messages


def _body(messages: deque[Message]) -> bytes:
    return b"".join(message.get("body", b"") for message in messages)


def _replay(messages: deque[Message], receive: Receive) -> Receive:
    async def replay() -> Message:
        return messages.popleft() if messages else await receive()

    return replay
