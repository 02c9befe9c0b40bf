"""A time limit for each statement of some connections, shorter than the general one.

PostgreSQL enforces it (https://www.postgresql.org/docs/current/runtime-config-client.html, `statement_timeout`). On
SQLite a timer interrupts the statement (https://www.sqlite.org/c3ref/interrupt.html). Either way the connection remains
usable.
"""

import asyncio
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, ExceptionContext, event
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from dovetail.database.drivers.aiosqlite_connections import interrupt_of
from dovetail.errors import UnavailableError
from dovetail.state import InfoKey

STATEMENT_LIMIT = "dovetail_statement_limit"  # an execution option of a connection: a StatementLimit
TIMER = InfoKey[asyncio.TimerHandle]("timer")  # in a connection's info: the timer that interrupts the statement
STOPPED = frozenset({"57014", "SQLITE_INTERRUPT"})  # the error codes: query_canceled, and SQLite's


class StatementTimeoutError(UnavailableError):
    """The database needed too long for this, so it was stopped and nothing was changed."""


@dataclass
class StatementLimit:
    """The seconds that each statement of a unit of work may take, and whether one took longer."""

    seconds: float
    was_exceeded: bool = False


def with_statement_limit(engine: AsyncEngine, limit: StatementLimit) -> AsyncEngine:
    """Return an engine with the same pool whose statements raise StatementTimeoutError if they exceed the limit.

    Its event listeners are its own, so that statements of the original engine do not pass through them.
    """
    limited = engine.execution_options(**{STATEMENT_LIMIT: limit})
    _keep_limits(limited.sync_engine)
    return limited


async def shorten_limit(session: AsyncSession, seconds: float) -> None:
    """Shorten the time limit of a unit of work's further statements, if they have one."""
    connection = (await session.connection()).sync_connection
    limit = None if connection is None else _limit(connection)
    if connection is None or limit is None or limit.seconds <= seconds:
        return
    limit.seconds = seconds
    if connection.dialect.name == "postgresql":
        await session.run_sync(lambda _session: _tell_postgresql(connection))


def _keep_limits(engine: Engine) -> None:
    event.listen(engine, "before_cursor_execute", _refuse_more)
    if engine.dialect.name == "postgresql":
        event.listen(engine, "begin", _tell_postgresql)
    else:
        event.listen(engine, "before_cursor_execute", _start_timer)
        event.listen(engine, "after_cursor_execute", _stop_timer)

    @event.listens_for(engine, "handle_error")
    def _explain(context: ExceptionContext) -> None:
        connection = context.connection
        limit = _limit(connection) if connection is not None else None
        if connection is None or limit is None:
            return
        _stop_timer(connection)
        error: object = context.original_exception
        if STOPPED & {getattr(error, "sqlstate", None), getattr(error, "sqlite_errorname", None)}:
            limit.was_exceeded = True
            raise StatementTimeoutError


def _limit(connection: Connection) -> StatementLimit | None:
    found: StatementLimit | None = connection.get_execution_options().get(STATEMENT_LIMIT)
    return found


def _refuse_more(connection: Connection, *_: object) -> None:
    # SQLite rolls back the transaction of an interrupted write: later statements would be stored without earlier ones.
    if (limit := _limit(connection)) is not None and limit.was_exceeded:
        raise StatementTimeoutError


def _tell_postgresql(connection: Connection) -> None:
    if (limit := _limit(connection)) is not None:
        # LOCAL, for this transaction only: behind PgBouncer another client may use the connection next.
        connection.exec_driver_sql(f"SET LOCAL statement_timeout = {max(round(limit.seconds * 1000), 1)}")


def _start_timer(connection: Connection, *_: object) -> None:
    if (limit := _limit(connection)) is not None:
        stop = interrupt_of(connection.connection.driver_connection)
        TIMER.set(connection.info, asyncio.get_running_loop().call_later(limit.seconds, stop))


def _stop_timer(connection: Connection, *_: object) -> None:
    if timer := connection.info.pop(TIMER, None):
        timer.cancel()
