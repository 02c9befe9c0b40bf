"""Run migrations: `manage.py migrate`, quickstart and tests all call `migrate` or one of its two variants."""

from collections.abc import AsyncIterator, Callable, Collection, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from types import CodeType, FunctionType
from typing import TYPE_CHECKING

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from sqlalchemy import Connection, NullPool

from dovetail.database.engine.urls import database_url, is_memory
from dovetail.errors import MigrationError
from dovetail.migrations.history.graph import History, load_history
from dovetail.migrations.history.ledger import read_ledger, unknown_versions
from dovetail.migrations.history.plan import Step, plan
from dovetail.migrations.locks.lock import migration_lock
from dovetail.migrations.locks.patience import LOCK_TIMEOUT, LockPatience
from dovetail.migrations.run.after import run_after_migrate_hooks
from dovetail.migrations.run.execution import PATIENCE, SILENT, Reporter, apply_steps
from dovetail.migrations.run.recording import record_squashes
from dovetail.registry import Registry
from dovetail.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection


@dataclass(frozen=True, kw_only=True)
class Target:
    """The state to migrate to: everything up to date by default; `revision` may be "zero"."""

    plugin: str | None = None
    revision: str | None = None
    fake: bool = False  # record the migrations as applied, without running them
    fake_initial: bool = False  # the same for first migrations whose tables exist already
    keep_in_step: bool = True  # let plugins change the rows that they keep in step with the code
    lock_timeout: float = LOCK_TIMEOUT  # seconds for a lock; 0 waits for ever


EVERYTHING = Target()
Confirm = Callable[[Sequence[Step]], bool]


@dataclass(frozen=True)
class MigrationRun:
    """A run to make: the site, the state to migrate its database to, and what to ask and to report meanwhile."""

    settings: Settings
    registry: Registry
    target: Target = EVERYTHING
    confirm: Confirm = lambda _steps: True  # called with the steps before anything is done; False stops the run
    report: Reporter = SILENT


async def migrate(run: MigrationRun) -> list[Step]:
    """Apply or undo migrations until the database is at the target; return the steps taken.

    Several processes may do this at once: one works, the others wait and find nothing to do. Raise MigrationError.
    """
    async with _connected(run.settings) as connection:
        return await migrate_connection(connection, run)


async def migrate_connection(connection: "AsyncConnection", run: MigrationRun) -> list[Step]:
    """Do what `migrate` does on the caller's connection, which must not be in a transaction."""
    return await connection.run_sync(_run, run)


def migrate_now(run: MigrationRun) -> list[Step]:
    """Do what `migrate` does, for a command that runs no event loop.

    On an SQLite file it works without one, which takes half the time, unless a revision calls `op.run_async`.
    """
    url = database_url(run.settings)
    if url.get_backend_name() == "sqlite" and not is_memory(url):
        from dovetail.database.engine.sync_engine import create_sync_engine

        with create_sync_engine(run.settings).connect() as connection:
            history, applied = read_state(connection, run.settings, run.registry)
            if not any(map(_calls_run_async, plan(history, applied, run.target.plugin, run.target.revision))):
                return _run(connection, run, history)
    import asyncio

    return asyncio.run(migrate(run))


async def planned(settings: Settings, registry: Registry, target: Target = EVERYTHING) -> list[Step]:
    """Return the steps that `migrate` would take, and take none."""
    async with _connected(settings) as connection:
        return await connection.run_sync(steps_to, settings, registry, target)


def steps_to(connection: Connection, settings: Settings, registry: Registry, target: Target) -> list[Step]:
    """Return the steps from the database's state to `target`; leave no transaction open."""
    history, applied = read_state(connection, settings, registry)
    return plan(history, applied, target.plugin, target.revision)


def read_state(
    connection: Connection, settings: Settings, registry: Registry, known: History | None = None
) -> tuple[History, list[str]]:
    """Return the graph of revisions, and those that are applied, in the order of applying; leave no transaction open.

    The files are not read again if the ledger has not changed since `known` was read.
    """
    if connection.in_transaction():
        raise MigrationError("a migration needs a connection that is not in a transaction")
    rows = read_ledger(connection)
    if unknown := unknown_versions(connection):
        raise MigrationError(
            f"the table alembic_version names {' and '.join(unknown)}, which Dovetail did not apply: another project "
            "migrated this database, or `alembic stamp` touched it; use a database of its own"
        )
    unchanged = known is not None and list(known.recorded) == list(rows)
    history = known if known is not None and unchanged else load_history(settings.base_dir, registry, rows)
    return history, [row.revision for row in history.applied]


def apply_now(
    connection: Connection,
    history: History,
    steps: Sequence[Step],
    *,
    fake: bool = False,
    there: Collection[str] = (),
    patience: LockPatience = PATIENCE,
    report: Reporter = SILENT,
) -> list[Step]:
    """Take exactly these steps; the caller has the lock."""
    if not steps:
        return []
    with EnvironmentContext(Config(), history.script) as environment:
        return apply_steps(
            environment,
            connection,
            history,
            lambda _heads: steps,
            fake=fake,
            there=there,
            patience=patience,
            report=report,
        )


@asynccontextmanager
async def _connected(settings: Settings) -> "AsyncIterator[AsyncConnection]":
    # Imported here: `migrate_now` does without asyncio.
    from dovetail.database.engine.engine import create_engine

    engine = create_engine(settings, may_create=True, poolclass=NullPool)
    try:
        async with engine.connect() as connection:
            yield connection
    finally:
        await engine.dispose()


def _calls_run_async(step: Step) -> bool:
    """Return True if a function of a revision's file calls `op.run_async`, which needs an asynchronous driver."""
    functions = [value for value in vars(step.script.module).values() if isinstance(value, FunctionType)]
    return any("run_async" in name for function in functions for name in _names(function.__code__))


def _names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)


def _run(connection: Connection, run: MigrationRun, known: History | None = None) -> list[Step]:
    history, applied = read_state(connection, run.settings, run.registry, known)
    if not run.confirm(plan(history, applied, run.target.plugin, run.target.revision)):
        return []
    with migration_lock(connection):
        return _apply(connection, run, history)


def _apply(connection: Connection, run: MigrationRun, known: History) -> list[Step]:
    target = run.target
    history, applied = read_state(connection, run.settings, run.registry, known)
    record_squashes(connection, history.recorded, history.squashes)
    steps = plan(history, applied, target.plugin, target.revision)
    patience = LockPatience.of(run.settings, target.lock_timeout)
    there = _find_initial(connection, run.settings, history, steps) if target.fake_initial else ()
    done = apply_now(connection, history, steps, fake=target.fake, there=there, patience=patience, report=run.report)
    if done and history.squashes:  # the last of the squashed migrations may have been applied just now
        record_squashes(connection, read_ledger(connection), history.squashes)
    if target.keep_in_step and not target.fake:  # after a fake run tables may be missing
        run_after_migrate_hooks(connection, run.registry, history)
    return done


def _find_initial(
    connection: Connection, settings: Settings, history: History, steps: Sequence[Step]
) -> Collection[str]:
    # Imported here: hardly a run looks for them.
    from dovetail.migrations.run.initial import find_initial

    return find_initial(connection, settings, history, steps, apply_now)
