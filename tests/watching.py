"""See what a request holds while it waits: whoever waits for something that is no database must hold no connection.

A coroutine that waits gives control back to the event loop. `watched` stands between an application and the loop, so
that it sees each of these moments, what is waited for, and how many connections of the pool are out meanwhile.
"""

import asyncio
import gc
import inspect
from collections.abc import Awaitable, Callable, Generator, Iterator
from dataclasses import dataclass, field
from types import CodeType
from typing import Any

from fastapi import FastAPI
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dovetail.database.pool.fair_pool import FairPool
from dovetail.database.unit_of_work import Database

# Whoever waits in one of these waits for the database.
DATABASE = ("/sqlalchemy/", "/asyncpg/", "/aiosqlite/", "/dovetail/database/")
TOOLS = ("/asyncio/", "/anyio/", "/contextlib.py")  # which do not say what is waited for; who uses them does
# Writing a page or rows of an export is work and no wait, though others have their turns. It comes
# before the commit: a page that cannot be written undoes everything.
WORK = (
    "/dovetail/contrib/admin/templating/waiting.py",
    "/dovetail/contrib/admin/exporting/export.py",
)


@dataclass
class Seen:
    """What was seen of some requests."""

    waits: set[str] = field(default_factory=set)  # the functions in which anybody waited
    offences: list[str] = field(default_factory=list)
    most_connections: int = 0


def watched(app: FastAPI, seen: Seen) -> ASGIApp:
    """`app`, which notes in `seen` what it holds while it waits; its client is slow in sending and in reading."""
    database: Database = app.state.database

    async def run(scope: Scope, receive: Receive, send: Send) -> None:
        async def receive_slowly() -> Message:
            await _client_is_slow()
            return await receive()

        async def send_slowly(message: Message) -> None:
            await _client_is_slow()
            await send(message)

        what = f"{scope['method']} {scope['path']}"
        # With this version Starlette streams without tasks of its own, which nobody would watch.
        scope["asgi"] = {"version": "3.0", "spec_version": "2.4"}
        await _Watched(app(scope, receive_slowly, send_slowly), database, seen, what)

    return run


async def _client_is_slow() -> None:
    await asyncio.sleep(0)


class _Watched:
    def __init__(self, work: Awaitable[Any], database: Database, seen: Seen, what: str) -> None:
        self._work: Any = work
        self._database = database
        self._seen = seen
        self._what = what

    def __await__(self) -> Generator[Any, Any, Any]:
        step: Callable[[], Any] = lambda: self._work.send(None)  # noqa: E731 - what comes next, either of two
        while True:
            try:
                waited_for = step()
            except StopIteration as done:
                return done.value
            self._look()
            try:
                value = yield waited_for
                step = lambda value=value: self._work.send(value)  # noqa: E731 - as above
            except BaseException as error:  # noqa: BLE001 - cancelled, say: it is the application's affair
                step = lambda error=error: self._work.throw(error)  # noqa: E731 - as above

    def _look(self) -> None:
        codes = list(_awaiting(self._work))
        pool = self._database.engine.sync_engine.pool
        assert isinstance(pool, FairPool)
        held = pool.checkedout()
        turns = self._database._turns
        has_turn = turns is not None and turns._lock.locked()
        self._seen.waits |= {code.co_name for code in codes}
        self._seen.most_connections = max(self._seen.most_connections, held)
        if (held or has_turn) and not _is_allowed(codes):
            where = " > ".join(code.co_qualname for code in codes[-4:])
            holds = f"{held} connections" + (" and SQLite's turn to write" if has_turn else "")
            self._seen.offences.append(f"{self._what} holds {holds} while it waits in {where}")


def _is_allowed(codes: list[CodeType]) -> bool:
    files = [code.co_filename for code in reversed(codes)]
    waiting = next((file for file in files if not any(part in file for part in TOOLS)), "")
    return any(part in waiting for part in (*DATABASE, *WORK))


def _awaiting(awaitable: Any) -> Iterator[CodeType]:
    """The code of what waits, from the outside to the inside."""
    while awaitable is not None:
        if inspect.iscoroutine(awaitable):
            yield awaitable.cr_code
            awaitable = awaitable.cr_await
        elif inspect.isgenerator(awaitable):
            yield awaitable.gi_code
            awaitable = awaitable.gi_yieldfrom
        elif inspect.isasyncgen(awaitable):
            yield awaitable.ag_code
            awaitable = awaitable.ag_await
        else:  # what `__await__`, `asend` and `athrow` give only refers to what waits
            inner = (one for one in gc.get_referents(awaitable) if _can_wait(one))
            awaitable = next(inner, None)


def _can_wait(thing: Any) -> bool:
    return inspect.iscoroutine(thing) or inspect.isgenerator(thing) or inspect.isasyncgen(thing)
