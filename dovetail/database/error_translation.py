"""Translate errors of SQLAlchemy and of drivers to HTTP errors: an IntegrityError becomes a 409 here.

Bad input is 422, a conflict 409, and a database that is away, busy or full 503. So is a file that cannot be written,
such as the temporary file of an upload.
"""

import errno
import re

from sqlalchemy import Table, exc
from sqlalchemy.orm.exc import FlushError, StaleDataError

from dovetail.database.drivers.broken_rules import breaks_a_rule, is_of_row_security, is_raised
from dovetail.database.drivers.lost_connections import code_of, driver_errors, is_lost, sqlite_code
from dovetail.database.drivers.rule_sentences import broken_rule_sentence, is_of_commit, lost_at_commit_sentence
from dovetail.database.models import Base
from dovetail.errors import (
    ConflictError,
    DovetailError,
    InvalidInputError,
    PermissionDeniedError,
    StaleWriteError,
    UnavailableError,
)
from dovetail.translation.texts import gettext, gettext_lazy

# https://www.postgresql.org/docs/current/errcodes-appendix.html
POSTGRESQL_BUSY = ("57", "40", "55P03")  # cancelled, rolled back, locked
POSTGRESQL_BAD_DATA = ("22",)
POSTGRESQL_PARAMETER = re.compile(r"\$\d+")  # in the context of an error: the value of a placeholder is wrong
READ_ONLY = ("25006", "SQLITE_READONLY")
FULL = ("53100", "SQLITE_FULL")
NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
UNWRITABLE = (*NO_ROOM, errno.EROFS, errno.EMFILE, errno.ENFILE)  # read-only, too many open files
# https://www.sqlite.org/rescode.html: BUSY, LOCKED
SQLITE_BUSY = (5, 6)

# SQLAlchemy's message about an INSERT that gives no key, as where a trigger leaves the row out.
LEFT_OUT = "Ensure there are no triggers"

NOT_UNIQUE = gettext_lazy("Something with this value already exists.")
BROKEN_REFERENCE = gettext_lazy("This refers to something that does not exist, or something else still refers to it.")
BROKEN_RULE = gettext_lazy("A rule for what is stored here does not allow this.")
LACKING = gettext_lazy("A value is missing that has to be there.")
CONFLICTS = {
    "23505": NOT_UNIQUE,
    "SQLITE_CONSTRAINT_UNIQUE": NOT_UNIQUE,
    "SQLITE_CONSTRAINT_PRIMARYKEY": NOT_UNIQUE,
    "23503": BROKEN_REFERENCE,
    "SQLITE_CONSTRAINT_FOREIGNKEY": BROKEN_REFERENCE,
    "23502": LACKING,
    "SQLITE_CONSTRAINT_NOTNULL": LACKING,
}


def client_error(error: Exception) -> DovetailError | None:
    """Return the error to answer a client with, without SQL and values.

    None if `error` is neither about the database nor about files that cannot be written, and for mistakes in our own
    code (no such table, a closed session), which are a 500.
    """
    if isinstance(error, StaleDataError):
        return StaleWriteError()
    if isinstance(error, FlushError) and LEFT_OUT in str(error):
        return ConflictError(BROKEN_RULE)
    if isinstance(error, exc.CircularDependencyError):
        return ConflictError(BROKEN_REFERENCE)  # the ORM deletes no rows that refer to each other, or to themselves
    if isinstance(error, exc.TimeoutError):
        return UnavailableError(gettext("All database connections are busy; try again shortly."))
    if isinstance(error, OSError) and error.errno in UNWRITABLE:
        return _unwritable(error)
    return _driver_error(error) if isinstance(error, exc.DBAPIError) else None


def is_busy(error: BaseException) -> bool:
    """Return True if another process kept the SQLite database locked for longer than we wait."""
    return isinstance(error, exc.DBAPIError) and sqlite_code(error.orig) in SQLITE_BUSY


def is_bad_data(error: exc.DBAPIError) -> bool:
    """Return True if the database cannot store, or the driver cannot send, a value of the statement."""
    # asyncpg refuses some values before it sends them to the server.
    driver_error = getattr(error.orig, "__cause__", None)
    return (
        isinstance(error, exc.DataError)
        or isinstance(driver_error, driver_errors("DataError"))
        or code_of(error.orig).startswith(POSTGRESQL_BAD_DATA)
        # PostgreSQL calls a wrong tsvector a syntax error, and a text that a domain refuses a broken check.
        or POSTGRESQL_PARAMETER.search(str(getattr(driver_error, "context", ""))) is not None
    )


def _driver_error(error: exc.DBAPIError) -> DovetailError | None:
    if is_bad_data(error):
        return InvalidInputError(gettext("A value cannot be stored: it is too large, too long or not valid text."))
    if isinstance(error, exc.IntegrityError):
        usual = BROKEN_RULE if breaks_a_rule(error.orig) else CONFLICTS.get(code_of(error.orig))
        is_lost_at_commit = usual == BROKEN_REFERENCE and is_of_commit(error, _tables())
        tell = lost_at_commit_sentence if is_lost_at_commit else broken_rule_sentence
        return ConflictError(tell(error.orig, _tables()) or usual)
    if code_of(error.orig).startswith(READ_ONLY):
        return UnavailableError(gettext("The database takes no changes at present; try again shortly."))
    if code_of(error.orig).startswith(FULL):
        return UnavailableError(gettext("The disk of the database is full, so nothing can be stored at present."))
    if _is_away(error):
        return UnavailableError(gettext("The database is away or busy; try again shortly."))
    return _refusal(error.orig)


def _refusal(error: object) -> DovetailError | None:
    """Return the error for a row that row-level security, a trigger or a view does not let pass."""
    if is_of_row_security(error):
        return PermissionDeniedError()
    return ConflictError(BROKEN_RULE) if is_raised(error) else None


def _unwritable(error: OSError) -> UnavailableError:
    if error.errno in NO_ROOM:
        return UnavailableError(gettext("A disk of this site is full, so no file can be stored at present."))
    return UnavailableError(gettext("No file can be stored at present; try again shortly."))


def _is_away(error: exc.DBAPIError) -> bool:
    return (
        error.connection_invalidated
        or is_lost(error.orig)
        or is_busy(error)
        or code_of(error.orig).startswith(POSTGRESQL_BUSY)
    )


def _tables() -> list[Table]:
    """Return the tables of all models, also of those whose metadata is not that of Base."""
    mapped = (table for mapper in Base.registry.mappers for table in mapper.tables)
    found = dict.fromkeys([*Base.metadata.tables.values(), *mapped])
    return [one for one in found if isinstance(one, Table)]
