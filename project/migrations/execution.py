"""Apply and undo revisions on one connection: a transaction each, the ledger beside it, one message if one fails."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from time import perf_counter
from typing import Any

from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext, MigrationStep
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

import project.migrations.impl  # noqa: F401 - registers itself with Alembic
from project.errors import DovetailError
from project.migrations.blockers import is_lock_timeout, what_blocks
from project.migrations.errors import MigrationError
from project.migrations.history import History
from project.migrations.limits import LOCK_TIMEOUT
from project.migrations.plan import Step
from project.migrations.recording import prepare_ledger, recorder
from project.migrations.sqlite import foreign_key_checker, foreign_keys_off, pragma
from project.migrations.warnings_passed_over import known_warnings_passed_over

FOR_EVER = 24 * 60 * 60.0  # seconds; SQLite would take 0 for "not at all"

MakeSteps = Callable[[tuple[str, ...]], Sequence[Step]]  # given the tips of the graph that the database is at


class Reporter:
    """Hears of each step; this one says nothing."""

    def starts(self, step: Step) -> None:
        """A step is about to run."""

    def ends(self, step: Step, seconds: float) -> None:
        """A step is committed."""

    def fails(self, step: Step) -> None:
        """A step was rolled back; an exception follows."""


SILENT = Reporter()


def context_options(history: History) -> dict[str, Any]:
    """What every MigrationContext of Dovetail is configured with."""
    return {
        "transactional_ddl": True,  # SQLite can, once the driver is told not to interfere
        "transaction_per_migration": True,
        "render_as_batch": True,
        "on_version_apply": [recorder(history)],
    }


def apply_steps(
    environment: EnvironmentContext,
    connection: Connection,
    history: History,
    make_steps: MakeSteps,
    *,
    fake: bool = False,
    lock_timeout: float = LOCK_TIMEOUT,
    report: Reporter = SILENT,
) -> list[Step]:
    """Run steps and return them; `connection` must not be in a transaction.

    Raises MigrationError, naming the revision, its plugin and the statement, if one fails; those before it are kept.
    """
    _limit_waiting(connection, lock_timeout)
    done: list[Step] = []

    def work(heads: tuple[str, ...], context: MigrationContext) -> Iterator[MigrationStep]:
        for number, step in enumerate(make_steps(heads)):
            if not number:
                prepare_ledger(context)
            done.append(step)
            report.starts(step)
            started = perf_counter()
            yield revision_step(history, step, fake=fake)  # Alembic runs and commits it before it asks for the next
            report.ends(step, perf_counter() - started)

    with foreign_keys_off(connection):
        options = context_options(history)
        options["on_version_apply"] += [foreign_key_checker(connection)]
        environment.configure(connection=connection, fn=work, **options)
        with _failures_named(done, connection, report), known_warnings_passed_over(), environment.begin_transaction():
            environment.run_migrations()
    return done


def _limit_waiting(connection: Connection, seconds: float) -> None:
    if connection.dialect.name == "postgresql":
        # A statement that waits for a lock makes every later reader of the table wait behind it.
        milliseconds = {"value": f"{round(seconds * 1000)}ms"}
        connection.execute(text("SELECT set_config('lock_timeout', :value, false)"), milliseconds)
        connection.commit()
    else:
        pragma(connection, f"PRAGMA busy_timeout={round((seconds or FOR_EVER) * 1000)}")


def revision_step(history: History, step: Step, *, fake: bool = False) -> MigrationStep:
    """Alembic's own object for a step; a faked one keeps the books and does nothing else."""
    make = MigrationStep.upgrade_from_script if step.forwards else MigrationStep.downgrade_from_script
    made = make(history.script.revision_map, step.script)
    if fake:
        made.migration_fn = _nothing
    return made


def _nothing(**_kwargs: object) -> None:
    pass


@contextmanager
def _failures_named(done: Sequence[Step], connection: Connection, report: Reporter) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        if not done:
            raise
        report.fails(done[-1])
        if isinstance(error, DovetailError):
            raise
        connection.rollback()
        raise MigrationError(_explain(done[-1], error, connection)) from error


def _explain(step: Step, error: Exception, connection: Connection) -> str:
    where = f"{step.revision} (plugin {step.plugin}) failed{'' if step.forwards else ' while it was undone'}"
    statement = _one_line(getattr(error, "statement", None) or "")
    reason = reason_of(error)
    if isinstance(error, DBAPIError) and is_lock_timeout(error):
        reason = f"{reason}; {what_blocks(connection, statement)}"
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
    function = step.script.module.upgrade if step.forwards else step.script.module.downgrade
    code = getattr(function, "__code__", None)
    return code is not None and "autocommit_block" in code.co_names
