"""Errors as clients of Conduit read them: `{"errors": {"title": ["can't be blank"]}}`, in place of problem details."""

import json
import re
from collections.abc import Iterator

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

PATHS = re.compile(r"/api/(users?|profiles|articles|tags)(/|$)")
PROBLEM = "application/problem+json"
BLANK = {"missing", "string_too_short", "too_short", "value_error"}
THERE_IS_NO = re.compile(r"There is no (\w+) ")


class ConduitErrors:
    """Writes the problem details of Conduit's paths anew."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the application, and write its errors anew."""
        if scope["type"] != "http" or not PATHS.match(scope["path"]):
            await self._app(scope, receive, send)
            return
        begun: Message | None = None
        body = b""

        async def rewrite(message: Message) -> None:
            nonlocal begun, body
            if (
                message["type"] == "http.response.start"
                and Headers(raw=message["headers"]).get("content-type") == PROBLEM
            ):
                begun = message
            elif begun is None:
                await send(message)
            elif message["type"] == "http.response.body":
                body += message.get("body", b"")
                if not message.get("more_body"):
                    await _send_anew(scope, begun, body, send)

        await self._app(scope, receive, rewrite)


async def _send_anew(scope: Scope, begun: Message, body: bytes, send: Send) -> None:
    errors: dict[str, list[str]] = {}
    for name, text in _errors(scope, json.loads(body)):
        errors.setdefault(name, []).append(text)
    written = json.dumps({"errors": errors}).encode()
    headers = MutableHeaders(raw=list(begun["headers"]))
    headers["content-type"], headers["content-length"] = "application/json", str(len(written))
    await send({**begun, "headers": headers.raw})
    await send({"type": "http.response.body", "body": written})


def _errors(scope: Scope, problem: dict[str, object]) -> Iterator[tuple[str, str]]:
    """Yield the field, or what the request was about, and what is wrong with it."""
    status, detail, found = problem["status"], str(problem["detail"]), problem.get("errors")
    if isinstance(found, list) and found:
        yield from ((one["pointer"].rpartition("/")[2] or "body", _text(status, one)) for one in found)
    elif status == 401:
        yield "token", "is invalid" if "authorization" in Headers(scope=scope) else "is missing"
    elif status == 403:
        yield "comment" if "/comments/" in scope["path"] else "article", "forbidden"
    elif status == 404 and (said := THERE_IS_NO.match(detail)) is not None:
        yield said[1], "not found"
    else:
        yield "body", detail


def _text(status: object, error: dict[str, str]) -> str:
    if status == 409:
        return "has already been taken"
    return "can't be blank" if error["type"] in BLANK else error["detail"]
