"""Run the application again, if it has written nothing, in two cases where a second try succeeds.

1. A prepared statement became invalid, since a table was changed: the request is tried once more, on a new connection.
2. Another request with the same `Idempotency-Key` is at work. Requests of this process wait for it in turn, without a
   connection; if it is in another process, one of them tries again now and then, without a connection in between.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from time import monotonic
from typing import Any, TypeAlias
from weakref import WeakValueDictionary

from fastapi import FastAPI
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dovetail.database.drivers.retries import try_twice
from dovetail.database.error_translation import is_busy
from dovetail.errors import RequestInProgressError

TRIED = "dovetail.tried"  # in a scope: the request was tried once already
IDEMPOTENCY_KEY = b"idempotency-key"
PAUSES = (0.05, 0.5)  # seconds between two tries: the first, and the longest
Key: TypeAlias = tuple[bytes, bytes]


class Repeating:
    """Runs an ASGI application, more than once where that helps."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._turns: WeakValueDictionary[Key, asyncio.Lock] = WeakValueDictionary()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the application. Raise what it raises in the end."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        run = _Run(self.app, scope, receive, send)
        key = _idempotency_key(scope) if scope["method"] == "POST" else None
        if key is None:
            await run.run_with_retry()
            return
        patience = scope["app"].state.settings.database_command_timeout
        async with self._turn(key, patience):
            await _ask_until_answered(run, patience)

    @asynccontextmanager
    async def _turn(self, key: Key, patience: float) -> AsyncIterator[None]:
        lock = self._turns.setdefault(key, asyncio.Lock())
        try:
            async with asyncio.timeout(patience):
                await lock.acquire()
        except TimeoutError:
            raise RequestInProgressError from None
        try:
            yield
        finally:
            lock.release()


@dataclass(frozen=True)
class Raise:
    """Lets an exception meet the application's handlers, as that of an endpoint does."""

    error: Exception
    app: FastAPI

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as the handler does; raise the exception if there is none."""
        known = {key: handler for key, handler in self.app.exception_handlers.items() if key not in {500, Exception}}
        handlers: Any = known  # FastAPI's handlers take several kinds of requests and exceptions

        async def fail(*_: object) -> None:
            raise self.error

        await ExceptionMiddleware(fail, handlers, debug=self.app.debug)(scope, receive, send)


class _Run:
    """A request that can be answered more than once, as long as no answer has begun."""

    def __init__(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        self.has_begun = False
        self._app = app
        self._scope = scope
        self._given = dict(scope)  # routing writes into it
        self._receive = receive
        self._send = send
        self._received: list[Message] = []

    async def run_with_retry(self) -> None:
        """Run the application. Raise what it raises in the end."""
        if self._scope.pop(TRIED, False):
            await self._run()
        else:
            await try_twice(self._run, lambda: not self.has_begun)

    async def _run(self) -> None:
        self._scope.clear()
        self._scope.update(self._given)
        position = 0

        async def receive() -> Message:
            nonlocal position
            if position == len(self._received):
                self._received.append(await self._receive())
            position += 1
            return self._received[position - 1]

        await self._app(self._scope, receive, self._note_and_send)

    def _note_and_send(self, message: Message) -> Awaitable[None]:
        self.has_begun = self.has_begun or message["type"] == "http.response.start"
        return self._send(message)


async def _ask_until_answered(run: _Run, patience: float) -> None:
    until, (pause, longest) = monotonic() + patience, PAUSES
    while True:
        try:
            await run.run_with_retry()
        except Exception as error:
            is_at_work = isinstance(error, RequestInProgressError) or is_busy(error)
            if run.has_begun or not is_at_work or monotonic() + pause > until:
                raise
        else:
            return
        await asyncio.sleep(pause)
        pause = min(pause * 2, longest)


def _idempotency_key(scope: Scope) -> Key | None:
    """Return the key and whose it is, as far as can be told before anybody is authenticated."""
    headers = dict(scope["headers"])
    key: bytes | None = headers.get(IDEMPOTENCY_KEY)
    return None if key is None else (key, headers.get(b"authorization", b""))
