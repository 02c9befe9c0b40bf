"""Apply and undo revisions on one connection: a transaction each, the ledger beside it, one message if one fails."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from time import perf_counter
from typing import Any

from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext, MigrationStep
from sqlalchemy import Connection, text

import project.migrations.impl  # noqa: F401 - registers itself with Alembic
from project.errors import DovetailError
from project.migrations.errors import MigrationError
from project.migrations.explaining import explain_failure, reason_of
from project.migrations.history import History
from project.migrations.limits import LOCK_TIMEOUT
from project.migrations.plan import Step
from project.migrations.recording import prepare_ledger, recorder
from project.migrations.sqlite import foreign_key_checker, foreign_keys_off, pragma
from project.migrations.sqlite_blockers import is_locked, what_locks
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
        with (
            _failures_named(done, connection, lock_timeout, report),
            known_warnings_passed_over(),
            environment.begin_transaction(),
        ):
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
def _failures_named(
    done: Sequence[Step], connection: Connection, lock_timeout: float, report: Reporter
) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        if not done and is_locked(error):
            locks = what_locks(connection.engine.url, lock_timeout)
            raise MigrationError(f"{reason_of(error)}; {locks}. Nothing was changed.") from error
        if not done:
            raise
        report.fails(done[-1])
        if isinstance(error, DovetailError):
            raise
        connection.rollback()
        raise MigrationError(explain_failure(done[-1], error, connection, lock_timeout)) from error
