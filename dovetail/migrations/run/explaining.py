"""What went wrong with a migration, in one line: its name, the statement, and who stood in its way."""

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from dovetail.migrations.history.plan import Step
from dovetail.migrations.locks.blockers import is_lock_timeout, what_blocks
from dovetail.migrations.locks.sqlite_blockers import is_locked, what_locks


def describe_failed_step(step: Step, error: Exception, connection: Connection, waited: float) -> str:
    """Return the line about a step that failed; `waited` is how many seconds a statement may wait for a lock."""
    where = f"{step.revision} (plugin {step.plugin}) failed{'' if step.forwards else ' while it was undone'}"
    statement = _one_line(getattr(error, "statement", None) or "")
    reason = reason_of(error)
    if isinstance(error, DBAPIError) and is_lock_timeout(error):
        reason = f"{reason}; {what_blocks(connection, statement)}"
    elif is_locked(error):
        reason = f"{reason}; {what_locks(connection.engine.url, waited)}"
    at = f" at: {statement}" if statement else ""
    kept = "What it did outside a transaction stays" if _is_outside(step) else "Nothing of it was kept"
    return f"{where}: {reason}{at}. {kept}; the migrations before it are applied."


def reason_of(error: Exception) -> str:
    """What an error says, in one line without rows."""
    # asyncpg's details may quote rows, and stand on lines of their own.
    text = str(getattr(error, "orig", None) or error).partition("\n")[0].rstrip(".")
    return text if isinstance(error, DBAPIError) else f"{type(error).__name__}: {text}"


def _one_line(statement: str) -> str:
    return " ".join(statement.split())


def _is_outside(step: Step) -> bool:
    function = getattr(step.script.module, "upgrade" if step.forwards else "downgrade", None)
    code = getattr(function, "__code__", None)
    return code is not None and "autocommit_block" in code.co_names
