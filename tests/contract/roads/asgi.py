"""Requests as a server hands them to an application, byte by byte, and all that comes of one."""

import asyncio
import logging
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, TypeAlias
from urllib.parse import unquote

from starlette.types import ASGIApp, Message

Headers: TypeAlias = tuple[tuple[bytes, bytes], ...]
DURATION = re.compile(r" \d+\.\d ms")
_log: "ContextVar[Log | None]" = ContextVar("log", default=None)


@dataclass(frozen=True, kw_only=True)
class Request:
    """A request; `parts` are the messages in which its body comes, `name` is what a failing test calls it."""

    name: str
    method: str = "GET"
    target: str = "/"  # path and query as they are sent
    headers: Headers = ()
    parts: tuple[bytes, ...] = ()
    root_path: str = ""
    client: tuple[str, int] | None = ("127.0.0.1", 50_000)
    hangs_up: bool = False  # within its body
    has_id: bool = True

    def scope(self) -> dict[str, Any]:
        """The scope, as uvicorn makes it."""
        path, _, query = self.target.partition("?")
        own: Headers = ((b"host", b"testserver"),) if b"host" not in dict(self.headers) else ()
        own += ((b"x-request-id", b"one"),) if self.has_id else ()
        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "server": ("testserver", 80),
            "client": self.client,
            "scheme": "http",
            "method": self.method,
            "root_path": self.root_path,
            "path": unquote(path),
            "raw_path": path.encode("ascii"),
            "query_string": query.encode("ascii"),
            "headers": [*own, *self.headers],
            "state": {},
        }


@dataclass
class Record:
    """What came of a request: the messages of its answer, what was logged, and what was raised out of everything."""

    request: Request
    messages: list[Message] = field(default_factory=list)
    log: list[str] = field(default_factory=list)
    raised: str = ""

    @property
    def status(self) -> int:
        return int(self.messages[0]["status"]) if self.messages else 0

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.messages)

    def header(self, name: str) -> str:
        """The value of a header of the answer; a text without one character if there is none."""
        found = dict(self.messages[0]["headers"]) if self.messages else {}
        return found.get(name.encode(), b"").decode("latin-1")

    def lines(self) -> list[str]:
        """All that has to be the same on both roads, as texts."""
        right = f"content-length: {len(self.body)}"  # which differs where a moment has no fraction, and is right then
        told = (line for message in self.messages for line in _lines_of(message))
        return [*("content-length: right" if line == right else line for line in told), *self.log, self.raised]


class Log(logging.Handler):
    """Keeps what the application logs, and of others what is a warning or worse.

    What is sent or written beside requests, mails say, comes in a context of its own, and whenever there is time.
    """

    def __init__(self) -> None:
        super().__init__()
        self.kept: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if _log.get() is not self:
            return
        if record.name.startswith("dovetail") or record.levelno >= logging.WARNING:
            told = DURATION.sub("", record.getMessage())
            error = record.exc_info[0] if record.exc_info else None
            self.kept.append(f"log {record.levelname} {record.name}: {told} {error.__name__ if error else ''}")


@contextmanager
def logged() -> Iterator[Log]:
    """Keep what is logged within the block."""
    log = Log()
    before = _log.set(log)
    logging.getLogger().addHandler(log)
    try:
        yield log
    finally:
        logging.getLogger().removeHandler(log)
        _log.reset(before)


async def send(app: ASGIApp, request: Request) -> Record:
    """Send a request and wait for the end of its answer."""
    record, done = Record(request), asyncio.Event()
    with logged() as log:
        try:
            await app(request.scope(), _receiver(request, done), _sender(record, done))
        except Exception as error:  # noqa: BLE001 - it is part of what came of the request
            record.raised = f"raised {type(error).__name__}"
    record.log = log.kept
    return record


def _receiver(request: Request, done: asyncio.Event) -> Callable[[], Any]:
    parts: Sequence[bytes] = request.parts or (b"",)
    waiting = iter(
        {"type": "http.request", "body": part, "more_body": request.hangs_up or number < len(parts)}
        for number, part in enumerate(parts, 1)
    )

    async def receive() -> Message:
        message = next(waiting, None)
        if message is None and not request.hangs_up:
            await done.wait()  # the client waits for its answer
        return message or {"type": "http.disconnect"}

    return receive


def _sender(record: Record, done: asyncio.Event) -> Callable[[Message], Any]:
    async def note(message: Message) -> None:
        record.messages.append(dict(message))
        if message["type"] == "http.response.body" and not message.get("more_body", False):
            done.set()

    return note


def _lines_of(message: Message) -> Iterator[str]:
    if message["type"] == "http.response.start":
        yield f"status {message['status']}"
        yield from (f"{name.decode('latin-1')}: {value.decode('latin-1')}" for name, value in message["headers"])
    else:
        told = message.get("body", b"").decode("utf-8", "backslashreplace")
        yield f"{message['type']} more={message.get('more_body', False)} {told}"
