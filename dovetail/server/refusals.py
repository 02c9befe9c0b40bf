"""Responses of the server itself, to requests that never reach the application."""

import json
from collections.abc import Iterable
from http import HTTPStatus

from dovetail.api.problems import MEDIA_TYPE, problem_type


def refusal(status: int, detail: str, headers: Iterable[tuple[bytes, bytes]] = ()) -> bytes:
    """Return a whole HTTP/1.1 response with problem details, after which the connection is closed."""
    phrase = HTTPStatus(status).phrase
    problem = {"type": problem_type(status), "title": phrase, "status": status, "detail": detail, "errors": []}
    body = json.dumps(problem).encode()
    own = [
        (b"content-type", MEDIA_TYPE.encode()),
        (b"content-length", b"%d" % len(body)),
        (b"x-content-type-options", b"nosniff"),
        (b"connection", b"close"),
    ]
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        own.append((b"retry-after", b"1"))
    lines = [b"%s: %s\r\n" % pair for pair in (*headers, *own)]
    return b"".join([b"HTTP/1.1 %d %s\r\n" % (status, phrase.encode()), *lines, b"\r\n", body])
