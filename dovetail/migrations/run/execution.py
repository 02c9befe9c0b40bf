"""Apply and undo revisions on one connection. Each has a transaction, which also records it in the ledger."""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from time import perf_counter
from typing import Any

from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext, MigrationStep
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

import dovetail.migrations.bridge.postgresql.impl
import dovetail.migrations.bridge.sqlite.impl  # noqa: F401 - both register themselves with Alembic
from dovetail.errors import DovetailError, MigrationError
from dovetail.migrations.bridge.impl_shared import expected_warnings_ignored
from dovetail.migrations.bridge.postgresql.named_types import drop_unused
from dovetail.migrations.history.graph import History
from dovetail.migrations.history.plan import Step
from dovetail.migrations.locks.blockers import describe_blocking_sessions, is_lock_timeout
from dovetail.migrations.locks.lock_waits import LockWaits
from dovetail.migrations.locks.patience import LockPatience
from dovetail.migrations.locks.sqlite_blockers import describe_lock_holders, is_locked
from dovetail.migrations.run.foreign_keys import ReferenceCheck, foreign_keys_off, pragma
from dovetail.migrations.run.page_cache import large_page_cache
from dovetail.migrations.run.recording import prepare_ledger, recorder

FOR_EVER = 24 * 60 * 60.0  # seconds; SQLite would take 0 for "not at all"

MakeSteps = Callable[[tuple[str, ...]], Sequence[Step]]  # given the tips of the graph that the database is at


class Reporter:
    """Is told of each step of a run. This one does nothing; commands print."""

    def starts(self, step: Step) -> None:
        """Hear that a step is about to run."""

    def finds(self, step: Step) -> None:
        """Hear that the tables of a step are there already, so that it is about to be recorded only."""

    def ends(self, step: Step, seconds: float) -> None:
        """Hear that a step is committed."""

    def waits(self, step: Step) -> None:
        """Hear that a step found a table locked and was rolled back; it is run again, perhaps more than once."""

    def fails(self, step: Step) -> None:
        """Hear that a step was rolled back; an exception follows."""


SILENT = Reporter()
PATIENCE = LockPatience()


def context_options(history: History) -> dict[str, Any]:
    """Return the options that every MigrationContext of Dovetail has."""
    return {
        "transactional_ddl": True,  # SQLite can, once the driver is told not to interfere
        "transaction_per_migration": True,
        "render_as_batch": True,
        "on_version_apply": [drop_unused, recorder(history)],
    }


def apply_steps(
    environment: EnvironmentContext,
    connection: Connection,
    history: History,
    make_steps: MakeSteps,
    *,
    fake: bool = False,
    there: Collection[str] = (),
    patience: LockPatience = PATIENCE,
    report: Reporter = SILENT,
) -> list[Step]:
    """Run steps and return them; `connection` must not be in a transaction.

    With `fake` all steps are only recorded; `there` names revisions to record only, since their tables exist. Raise
    MigrationError if one fails, with the revision, its plugin and the statement; those before it are kept.
    """
    waits = LockWaits(connection, patience)
    run = _Run(history, make_steps, waits, report, fake=fake, there=there)
    references = ReferenceCheck(connection)
    with (
        foreign_keys_off(connection),
        large_page_cache(connection),
        waits.limited(),
        expected_warnings_ignored(),
        references.watching(),
    ):
        if connection.dialect.name == "sqlite":
            pragma(connection, f"PRAGMA busy_timeout={round((patience.total or FOR_EVER) * 1000)}")
        options = context_options(history)
        options["on_version_apply"] += [references.check]
        with _failures_named(run.done, connection, patience.total, report):
            while not run.is_complete:
                environment.configure(connection=connection, fn=run.work, lock_waits=waits, **options)
                with run.waiting_for_locks(), environment.begin_transaction():
                    environment.run_migrations()
    return run.done


class _Run:
    """The steps of a run. The last of `done` may still be running, or have failed."""

    def __init__(
        self,
        history: History,
        make_steps: MakeSteps,
        waits: LockWaits,
        report: Reporter,
        *,
        fake: bool,
        there: Collection[str],
    ) -> None:
        self.done: list[Step] = []
        self.is_complete = False
        self._history = history
        self._make_steps = make_steps
        self._waits = waits
        self._report = report
        self._fake, self._there = fake, there
        self._steps: Sequence[Step] | None = None
        self._waiting: Step | None = None

    def work(self, heads: tuple[str, ...], context: MigrationContext) -> Iterator[MigrationStep]:
        """Yield the steps for Alembic, which commits each before it asks for the next."""
        if self._steps is None:
            self._steps = self._make_steps(heads)
        if self._steps and not self.done:
            prepare_ledger(context)
        for step in self._steps[len(self.done) :]:
            self.done.append(step)
            if step is not self._waiting:
                (self._report.finds if step.revision in self._there else self._report.starts)(step)
            self._waits.starts(again=step is self._waiting)
            started = perf_counter()
            yield revision_step(self._history, step, fake=self._fake or step.revision in self._there)
            self._report.ends(step, perf_counter() - started)
        self.is_complete = True

    @contextmanager
    def waiting_for_locks(self) -> Iterator[None]:
        """Pause and let the last step be tried again if it failed for a lock; raise other errors of the block."""
        try:
            yield
        except DBAPIError as error:
            if not self.done or not self._waits.may_wait(error):
                raise
            step = self.done.pop()
            if step is not self._waiting:
                self._report.waits(step)
            self._waiting = step
            self._waits.pause()


def revision_step(history: History, step: Step, *, fake: bool = False) -> MigrationStep:
    """Return Alembic's object for a step; a faked one only records the revision."""
    make = MigrationStep.upgrade_from_script if step.forwards else MigrationStep.downgrade_from_script
    made = make(history.script.revision_map, step.script)
    if fake:
        made.migration_fn = _nothing
    return made


@contextmanager
def _failures_named(done: Sequence[Step], connection: Connection, waited: float, report: Reporter) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        if not done and is_locked(error):
            locks = describe_lock_holders(connection.engine.url, waited)
            raise MigrationError(f"{reason_of(error)}; {locks}. Nothing was changed.") from error
        if not done:
            raise
        report.fails(done[-1])
        if isinstance(error, DovetailError):
            raise
        connection.rollback()
        raise MigrationError(describe_failed_step(done[-1], error, connection, waited)) from error


def describe_failed_step(step: Step, error: Exception, connection: Connection, waited: float) -> str:
    """Return the line about a step that failed; `waited` is how many seconds a statement may wait for a lock."""
    where = f"{step.revision} (plugin {step.plugin}) failed{'' if step.forwards else ' while it was undone'}"
    statement = _one_line(getattr(error, "statement", None) or "")
    reason = reason_of(error)
    if isinstance(error, DBAPIError) and is_lock_timeout(error):
        reason = f"{reason}; {describe_blocking_sessions(connection, statement)}"
    elif is_locked(error):
        reason = f"{reason}; {describe_lock_holders(connection.engine.url, waited)}"
    at = f" at: {statement}" if statement else ""
    kept = "What it did outside a transaction stays" if _is_outside(step) else "Nothing of it was kept"
    return f"{where}: {reason}{at}. {kept}; the migrations before it are applied."


def reason_of(error: Exception) -> str:
    """Return what an error says, in one line and without rows."""
    # asyncpg's details may quote rows, and stand on lines of their own.
    text = str(getattr(error, "orig", None) or error).partition("\n")[0].rstrip(".")
    return text if isinstance(error, DBAPIError) else f"{type(error).__name__}: {text}"


def _nothing(**_kwargs: object) -> None:
    pass


def _one_line(statement: str) -> str:
    return " ".join(statement.split())


def _is_outside(step: Step) -> bool:
    function = getattr(step.script.module, "upgrade" if step.forwards else "downgrade", None)
    code = getattr(function, "__code__", None)
    return code is not None and "autocommit_block" in code.co_names
