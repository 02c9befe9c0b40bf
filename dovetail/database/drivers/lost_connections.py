"""Decide from a database error whether a connection is lost, and whether other connections are as well.

Discarding a connection costs some milliseconds; keeping a broken one fails every request that gets it.
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
# A prepared statement does not exist, or exists already: PgBouncer before 1.21 mixes up those of its clients.
MIXED_UP = ("26000", "42P05")
AT_COMMIT = "The COMMIT looked at this."  # a note on an error of SQLite's, whose statement is another one
LOCAL = (*MIXED_UP, "53", "55000")  # codes that concern one connection only


def is_lost(error: object) -> bool:
    """Return True if a driver's error means that its connection must not be used any more."""
    return is_stale(error) or code_of(error).startswith(POSTGRESQL_LOST) or sqlite_code(error) in SQLITE_LOST


def is_stale(error: object) -> bool:
    """Return True if a prepared statement or a cached type became invalid, as after ALTER COLUMN TYPE."""
    driver_error = getattr(error, "__cause__", None)  # SQLAlchemy's error has asyncpg's only as its cause
    stale = driver_errors("InvalidCachedStatementError", "OutdatedSchemaCacheError")
    return (
        isinstance(driver_error, stale)
        or code_of(error) in MIXED_UP
        or (code_of(error) == "XX000" and "cache lookup failed" in str(error))
    )


def asks_for_another_try(error: BaseException | None) -> bool:
    """Return True if the work can succeed at once on a new connection, provided that it has not written anything."""
    while isinstance(error, ExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    return isinstance(error, exc.DBAPIError) and is_stale(error.orig)


def may_be_read_again(error: exc.DBAPIError) -> bool:
    """Return True if a failed read may succeed on another connection, as after a restart of the database.

    Not after a timeout: the second attempt would wait as long again.
    """
    return error.connection_invalidated and not is_timeout(error)


def is_timeout(error: Exception) -> bool:
    """Return True for a timeout: no connection became free, or the server did not answer, in time."""
    return isinstance(error, exc.TimeoutError) or isinstance(getattr(error, "orig", None), TimeoutError)


def is_local(error: object) -> bool:
    """Return True if the error concerns this connection only, and not the others in the pool."""
    return code_of(error).startswith(LOCAL)


def discard_connection(engine: Engine, managed: ManagesConnection, error: BaseException) -> None:
    """Discard a connection, and those that are as old or older when they are next taken from the pool."""
    renew_statements(engine, managed.driver_connection, error)
    if not is_local(error):
        invalidate_older(engine.pool, managed)
    managed.invalidate(error)


def renew_statements(engine: Engine, driver: object, error: object) -> None:
    """Make new connections use new statement texts if the error says that a prepared statement became invalid."""
    connector: Connector | None = engine.get_execution_options().get(CONNECTOR)
    if connector is not None and is_stale(error):
        connector.renew(driver)


def code_of(error: object) -> str:
    """Return PostgreSQL's SQLSTATE of five characters, the name of SQLite's error code, or an empty string."""
    return str(getattr(error, "sqlstate", None) or getattr(error, "sqlite_errorname", None) or "")


def sqlite_code(error: object) -> int | None:
    """Return SQLite's primary result code (https://www.sqlite.org/rescode.html), None for another database's error."""
    code: int | None = getattr(error, "sqlite_errorcode", None)
    return None if code is None else code & 0xFF


def is_of_reference(error: object) -> bool:
    """Return whether SQLite refused a row for a foreign key."""
    return getattr(error, "sqlite_errorname", "") == "SQLITE_CONSTRAINT_FOREIGNKEY"


def driver_errors(*names: str) -> tuple[type[BaseException], ...]:
    """Return asyncpg's error classes with these names; none if asyncpg has not been imported.

    On SQLite it is not imported, and so cannot have raised any of them.
    """
    asyncpg = sys.modules.get("asyncpg")
    return () if asyncpg is None else tuple(getattr(asyncpg, name) for name in names)
