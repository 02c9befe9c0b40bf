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
# Numbers of rows with their table and index pages: fewer fit into the default cache, and more into no cache.
FITTING = range(100, 1_501)
FAILED = StateKey["WithoutSavepointsError"]("admin_first_try")  # of a request: the error of the first try


class WithoutSavepointsError(Exception):
    """An error occurred without savepoints: the transaction must be rolled back, and the request repeated."""


def may_do_without(request: Request, session: AsyncSession) -> bool:
    """Return whether to try without savepoints: on SQLite, where they are expensive, unless that has failed already."""
    return session.get_bind().dialect.name == "sqlite" and FAILED.find(request) is None


async def prepare(session: AsyncSession, rows: int) -> None:
    """Enlarge SQLite's cache for an action that changes so many rows, if their pages may fit."""
    if rows in FITTING:
        await (await session.connection()).run_sync(keep_more_pages)


async def with_second_try(request: Request, run: Callable[[], Awaitable[T]]) -> T:
    """Return the result of `run`, which handles a request in a transaction; repeat it with savepoints if it fails."""
    try:
        return await run()
    except WithoutSavepointsError as error:
        FAILED.set(request, error)
    return await run()


def stopping_midway(statement: Update) -> Update:
    """Return an UPDATE OR FAIL, which does not roll back its own changes, so that SQLite copies no pages for it."""
    return statement.prefix_with("OR FAIL", dialect="sqlite")


def moments(columns: Iterable[ColumnElement[object]]) -> dict[Column[object], ColumnElement[object]]:
    """Return the values that an UPDATE sets in `onupdate` timestamps, without a function of SQLite.

    It copies pages for a statement that calls one. A row with a later timestamp than now gets no value, so that the
    statement fails; nullable columns are not changed.
    """
    now = datetime.now(UTC)
    noting = [one for one in columns if isinstance(one, Column) and not one.nullable and _is_noted(one)]
    return {one: case((one < literal(now, one.type), literal(now, one.type))) for one in noting}


def _is_noted(column: Column[object]) -> bool:
    return isinstance(getattr(column.onupdate, "arg", None), later_than)
