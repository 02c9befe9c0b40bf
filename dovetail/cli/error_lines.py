"""Turn the error that ended a command into one line that holds no secret, if its reason lies outside the code."""

import sys
from types import ModuleType

from dovetail.discovery import PLUGIN_FAILURES
from dovetail.errors import DovetailError

NO_TABLE = "The database lacks a table"
UNMAPPED = "The models cannot be mapped"


def error_line(error: Exception) -> str | None:
    """Return one line for a failure that is not a bug in the code; None for a bug, whose traceback is worth reading."""
    if isinstance(error, DovetailError):
        return _with_fields(error)
    if _is_database_error(error):
        return _database_line(error)
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {error.strerror}"
    return _models_line(error)


def _with_fields(error: DovetailError) -> str:
    new = [field for field in error.errors if field.detail not in error.detail]
    fields = "; ".join(f"{field.pointer.strip('/')}: {field.detail}" for field in new)
    return f"{error.detail} {fields}".strip()


def _is_database_error(error: Exception) -> bool:
    sqlalchemy, asyncpg = _imported("sqlalchemy.exc"), _imported("asyncpg.exceptions")
    return (
        (sqlalchemy is not None and isinstance(error, (sqlalchemy.DBAPIError, sqlalchemy.TimeoutError)))
        or (asyncpg is not None and isinstance(error, (asyncpg.PostgresError, asyncpg.InterfaceError)))
        # A refused connection, a host without an address (socket.gaierror), a server that does not answer.
        or (isinstance(error, OSError) and error.filename is None)
    )


def _imported(name: str) -> ModuleType | None:
    # A library that was never imported has raised nothing, and `help` must not pay for it.
    return sys.modules.get(name)


def _database_line(error: Exception) -> str:
    line = str(getattr(error, "orig", None) or error).partition("\n")[0]
    line = line.rpartition(">: ")[2]  # SQLAlchemy puts the class of the driver's error before its message
    if "no such table" in line or ("relation" in line and "does not exist" in line):
        return f"{NO_TABLE} ({line}); run `manage.py migrate`"
    told = f"The database did not answer as expected: {line or type(error).__name__}"
    return f"{told}; start it, or correct the host and the port in DATABASE_URL" if isinstance(error, OSError) else told


def _models_line(error: Exception) -> str | None:
    """Return the line for models that cannot be mapped, at which whoever first uses one of them fails."""
    exc, orm = _imported("sqlalchemy.exc"), _imported("sqlalchemy.orm")
    if exc is None or orm is None:
        return None
    if isinstance(error, exc.NoReferenceError):  # mappers may do without the key, an order of the tables cannot
        return f"{UNMAPPED}: {_first_line(error)}; enable the plugin that has it, or correct the name"
    try:
        orm.configure_mappers()
    except PLUGIN_FAILURES as reason:  # a listener may raise anything
        is_the_cause = isinstance(error, exc.SQLAlchemyError) or type(reason) is type(error)
        return f"{UNMAPPED}: {_first_line(reason)}; correct the relationship it names" if is_the_cause else None
    return None


def _first_line(error: BaseException) -> str:
    return str(error).partition("\n")[0].removesuffix(".")
