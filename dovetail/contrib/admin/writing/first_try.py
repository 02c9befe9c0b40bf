"""Change many rows without savepoints first; if something fails, repeat the whole request with savepoints.

SQLite copies each page that is changed after a savepoint, or by a statement that may have to be rolled back alone, to a
journal file: a quarter of the cost of an UPDATE of many rows. Failures are rare. A failed transaction is rolled back
and repeated with savepoints, which find the row that fails.
"""

from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime
from typing import TypeVar

from sqlalchemy import Column, ColumnElement, Update, case, literal
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request

from dovetail.database.column_types import later_than
from dovetail.database.engine.sqlite_transactions import keep_more_pages
from dovetail.state import StateKey

T = TypeVar("T")
# Rows, each with its page and with those of some indexes: fewer fit into the usual memory, and more into none.
FITTING = range(100, 1_501)
FAILED = StateKey["FirstTryError"]("admin_first_try")  # in a request; what came of it, if it failed


class FirstTryError(Exception):
    """Something failed without savepoints: its transaction must be rolled back, and the request done once more."""


def may_do_without(request: Request, session: AsyncSession) -> bool:
    """Return whether to do without savepoints: on SQLite, where they cost much, unless that has failed already."""
    return session.get_bind().dialect.name == "sqlite" and FAILED.find(request) is None


async def prepare(session: AsyncSession, rows: int) -> None:
    """Let SQLite keep the pages in memory that an action on so many rows is going to change, if they may fit."""
    if rows in FITTING:
        await (await session.connection()).run_sync(keep_more_pages)


async def with_second_try(request: Request, run: Callable[[], Awaitable[T]]) -> T:
    """Return what `run` returns, which answers a request in a transaction of its own; do it again after a first try."""
    try:
        return await run()
    except FirstTryError as error:
        FAILED.set(request, error)
    return await run()


def stopping_midway(statement: Update) -> Update:
    """Return an UPDATE that keeps what it did so far when it fails, so that SQLite copies no page for it."""
    return statement.prefix_with("OR FAIL", dialect="sqlite")


def moments(columns: Iterable[ColumnElement[object]]) -> dict[Column[object], ColumnElement[object]]:
    """Return what an UPDATE sets in those columns that note when a row was changed, without a function of SQLite's.

    It copies pages for a statement that calls one. A row that was changed later than now gets no value, so that the
    statement fails; a column that takes NULL is left as it is.
    """
    now = datetime.now(UTC)
    noting = [one for one in columns if isinstance(one, Column) and not one.nullable and _is_noted(one)]
    return {one: case((one < literal(now, one.type), literal(now, one.type))) for one in noting}


def _is_noted(column: Column[object]) -> bool:
    return isinstance(getattr(column.onupdate, "arg", None), later_than)
