"""What a failure of the database means to whoever asked: bad input, a conflict, or a database that is away."""

from typing import Any

import asyncpg
from sqlalchemy import exc
from sqlalchemy.orm.exc import StaleDataError

from project.errors import ConflictError, DovetailError, InvalidInputError, StaleWriteError, UnavailableError

# https://www.postgresql.org/docs/current/errcodes-appendix.html
POSTGRESQL_AWAY = ("08", "53", "57", "40", "55P03")  # connection, resources, shutdown or cancel, rollback, lock
POSTGRESQL_BAD_DATA = ("22",)
# https://www.sqlite.org/rescode.html: BUSY, LOCKED, IOERR, FULL, CANTOPEN, NOTADB
SQLITE_AWAY = (5, 6, 10, 13, 14, 26)

NOT_UNIQUE = "Something with this value already exists."
BROKEN_REFERENCE = "This refers to something that does not exist, or something else still refers to it."
CONFLICTS = {
    "23505": NOT_UNIQUE,
    "SQLITE_CONSTRAINT_UNIQUE": NOT_UNIQUE,
    "SQLITE_CONSTRAINT_PRIMARYKEY": NOT_UNIQUE,
    "23503": BROKEN_REFERENCE,
    "SQLITE_CONSTRAINT_FOREIGNKEY": BROKEN_REFERENCE,
}


def explain_failure(error: Exception) -> DovetailError | None:
    """The error that `error` means to a client, without SQL and values; None if it is no failure of a database.

    A failure that is a mistake of ours (no such table, a closed session) is None too.
    """
    if isinstance(error, StaleDataError):
        return StaleWriteError()
    if isinstance(error, exc.TimeoutError):
        return UnavailableError("All database connections are busy; try again shortly.")
    return _explain_driver_error(error) if isinstance(error, exc.DBAPIError) else None


def _explain_driver_error(error: exc.DBAPIError) -> DovetailError | None:
    if isinstance(error, exc.IntegrityError):
        return ConflictError(CONFLICTS.get(_code(error.orig)))
    if _is_bad_data(error):
        return InvalidInputError("A value cannot be stored: it is too large, too long or not valid text.")
    if _is_away(error):
        return UnavailableError("The database is away or busy; try again shortly.")
    return None


def _is_bad_data(error: exc.DBAPIError) -> bool:
    # asyncpg finds some of it before it asks the server.
    driver_error = getattr(error.orig, "driver_exception", None)
    return (
        isinstance(error, exc.DataError)
        or isinstance(driver_error, asyncpg.DataError)
        or _code(error.orig).startswith(POSTGRESQL_BAD_DATA)
    )


def _is_away(error: exc.DBAPIError) -> bool:
    sqlite_code = getattr(error.orig, "sqlite_errorcode", None)
    return (
        error.connection_invalidated
        or (sqlite_code is not None and sqlite_code & 0xFF in SQLITE_AWAY)
        or _code(error.orig).startswith(POSTGRESQL_AWAY)
    )


def _code(driver_error: Any) -> str:
    return str(getattr(driver_error, "sqlstate", None) or getattr(driver_error, "sqlite_errorname", None) or "")
