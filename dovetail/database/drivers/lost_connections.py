"""Tell from an error of a database that a connection is lost, or that all connections of its age are.

A connection that is thrown away costs some milliseconds; one that is kept fails every request that gets it.
"""

import sys
from typing import TYPE_CHECKING

from sqlalchemy import Engine, exc
from sqlalchemy.pool import ManagesConnection

from dovetail.database.drivers.sqlalchemy_private import invalidate_older

if TYPE_CHECKING:
    from dovetail.database.drivers.asyncpg_connections import Connector

CONNECTOR = "dovetail_connector"  # an execution option of an engine: its Connector

# https://www.postgresql.org/docs/current/errcodes-appendix.html: connection, resources (53300 is "too many clients"),
# a standby that is not ready, read-only, shutdown, input and output; 25P03 is a session that was idle for too long.
POSTGRESQL_LOST = ("08", "53", "55000", "25006", "25P03", "57P", "58")
# https://www.sqlite.org/rescode.html: READONLY, IOERR, FULL, CANTOPEN, PROTOCOL, NOTADB
SQLITE_LOST = (8, 10, 13, 14, 15, 26)
# A prepared statement that is not there, or that somebody else has already made: PgBouncer before 1.21 mixes them up.
MIXED_UP = ("26000", "42P05")
LOCAL = (*MIXED_UP, "53", "55000")  # what says nothing of other connections


def is_lost(error: object) -> bool:
    """Return whether a driver's error means that its connection is of no more use."""
    return is_stale(error) or code_of(error).startswith(POSTGRESQL_LOST) or sqlite_code(error) in SQLITE_LOST


def is_stale(error: object) -> bool:
    """Return whether a prepared statement or a type is no longer what it was, as after ALTER COLUMN TYPE."""
    driver_error = getattr(error, "__cause__", None)  # SQLAlchemy's own class for it does not hold the original
    stale = driver_errors("InvalidCachedStatementError", "OutdatedSchemaCacheError")
    return (
        isinstance(driver_error, stale)
        or code_of(error) in MIXED_UP
        or (code_of(error) == "XX000" and "cache lookup failed" in str(error))
    )


def asks_for_another_try(error: BaseException | None) -> bool:
    """Return whether what failed can succeed at once on a new connection, if nothing of it was written."""
    while isinstance(error, ExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    return isinstance(error, exc.DBAPIError) and is_stale(error.orig)


def may_be_read_again(error: exc.DBAPIError) -> bool:
    """Return whether a read that failed may succeed on another connection, as after a restart of the database.

    What waited in vain would wait as long again.
    """
    return error.connection_invalidated and not waited_in_vain(error)


def waited_in_vain(error: Exception) -> bool:
    """Return whether no connection came free, or no answer came, in time."""
    return isinstance(error, exc.TimeoutError) or isinstance(getattr(error, "orig", None), TimeoutError)


def is_local(error: object) -> bool:
    """Return whether the loss of a connection says nothing of the others in the pool."""
    return code_of(error).startswith(LOCAL)


def throw_away(engine: Engine, managed: ManagesConnection, error: BaseException) -> None:
    """Throw a connection away, and those that are as old or older as soon as they come back to the pool."""
    renew_statements(engine, managed.driver_connection, error)
    if not is_local(error):
        invalidate_older(engine.pool, managed)
    managed.invalidate(error)


def renew_statements(engine: Engine, driver: object, error: object) -> None:
    """Let new connections prepare other statements, if those of the newest ones turned out to be stale."""
    connector: Connector | None = engine.get_execution_options().get(CONNECTOR)
    if connector is not None and is_stale(error):
        connector.renew(driver)


def code_of(error: object) -> str:
    """Return PostgreSQL's code of five characters, SQLite's name of the code, or an empty text."""
    return str(getattr(error, "sqlstate", None) or getattr(error, "sqlite_errorname", None) or "")


def sqlite_code(error: object) -> int | None:
    """Return SQLite's primary result code (https://www.sqlite.org/rescode.html), None for another database's error."""
    code: int | None = getattr(error, "sqlite_errorcode", None)
    return None if code is None else code & 0xFF


def driver_errors(*names: str) -> tuple[type[BaseException], ...]:
    """Return asyncpg's classes of errors of these names; none if nobody has imported asyncpg.

    On SQLite nobody imports it, and then nobody has raised one of them.
    """
    asyncpg = sys.modules.get("asyncpg")
    return () if asyncpg is None else tuple(getattr(asyncpg, name) for name in names)
