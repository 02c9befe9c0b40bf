"""Let Alembic's own commands use the plugins' revisions, the lock and the ledger of `manage.py migrate`; see env.py."""

import asyncio
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType

from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext, MigrationStep, RevisionStep
from alembic.util import CommandError
from sqlalchemy import Connection, NullPool, make_url
from sqlalchemy.exc import SQLAlchemyError

from dovetail.database.engine.engine import create_engine
from dovetail.database.engine.urls import database_url
from dovetail.errors import DovetailError, MigrationError
from dovetail.migrations.bridge import alembic_private
from dovetail.migrations.bridge.alembic_private import set_choice, set_version_locations
from dovetail.migrations.bridge.impl_shared import expected_warnings_ignored
from dovetail.migrations.history.choosing import in_force, squashes_in
from dovetail.migrations.history.files import revision_folders
from dovetail.migrations.history.graph import History
from dovetail.migrations.history.ledger import read_ledger
from dovetail.migrations.history.plan import Step, last_applied, plan
from dovetail.migrations.locks.lock import migration_lock
from dovetail.migrations.locks.patience import LockPatience
from dovetail.migrations.make.comparison import comparison_options
from dovetail.migrations.make.owners import Owners
from dovetail.migrations.raw.revision import split_raw_revision
from dovetail.migrations.run.execution import apply_steps, context_options, reason_of, revision_step
from dovetail.migrations.run.recording import prepare_ledger, record_squashes
from dovetail.registry import Registry, load_models, load_registry
from dovetail.settings import Settings, load_settings

REFUSED = {
    "stamp": "`alembic stamp` would forget the other plugins' migrations; to record one without running it, use: "
    "manage.py migrate PLUGIN REVISION --fake",
    "merge": "`alembic merge` would join different plugins' histories into one; to join two latest migrations of one "
    "plugin, use: manage.py makemigrations --merge PLUGIN",
}
RelativeSteps = Callable[[History, Sequence[str]], list[Step]]


def run(context: ModuleType, settings_class: type[Settings]) -> None:
    """Run the Alembic command on the site's database or, with `--sql`, write its SQL; env.py calls this.

    Errors are CommandErrors, which Alembic prints in one line.
    """
    environment = alembic_private.environment(context)
    try:
        settings = load_settings(settings_class)
        registry = load_registry(settings)
        _refuse_what_mixes_plugins(environment)
        if environment.is_offline_mode():
            _write_sql(environment, settings, registry)
        else:
            asyncio.run(_connect_and_run(environment, settings, registry))
    except DovetailError as error:
        raise CommandError(error.detail) from error
    except (OSError, SQLAlchemyError) as error:
        raise CommandError(f"the database did not answer as expected: {reason_of(error)}") from error


def use_plugin_folders(settings_class: type[Settings]) -> None:
    """Let raw Alembic commands find the plugins' revisions; `migrations/__init__.py` calls this."""

    def folders() -> Sequence[Path]:
        return list(revision_folders(load_registry(load_settings(settings_class))))

    set_version_locations(folders)
    # `alembic heads` and its like look at no database; the graph cannot hold a squash and what it replaces.
    set_choice(lambda scripts: in_force(scripts, squashes_in(scripts), applied=()))


def _refuse_what_mixes_plugins(environment: EnvironmentContext) -> None:
    command = alembic_private.command_name(environment)
    if command in REFUSED:
        raise MigrationError(REFUSED[command])


async def _connect_and_run(environment: EnvironmentContext, settings: Settings, registry: Registry) -> None:
    engine = create_engine(settings, may_create=True, poolclass=NullPool)
    try:
        async with engine.connect() as connection:
            await connection.run_sync(_run_on, environment, settings, registry)
    finally:
        await engine.dispose()


def _run_on(connection: Connection, environment: EnvironmentContext, settings: Settings, registry: Registry) -> None:
    with migration_lock(connection):
        history = History(environment.script, revision_folders(registry), read_ledger(connection))
        record_squashes(connection, history.recorded, history.squashes)
        applied = [row.revision for row in history.applied]
        if alembic_private.command_name(environment) in ("upgrade", "downgrade"):
            standard = environment.context_opts["fn"]
            relative = _relative_steps(str(environment.context_opts.get("destination_rev")))

            def make_steps(heads: tuple[str, ...]) -> list[Step]:
                if relative is not None:
                    return relative(history, applied)
                return [_from_alembic(history, step) for step in standard(heads, environment.get_context())]

            apply_steps(environment, connection, history, make_steps, patience=LockPatience.of(settings))
            record_squashes(connection, read_ledger(connection), history.squashes)
        else:
            _run_other_command(connection, environment, registry, history)


def _run_other_command(
    connection: Connection, environment: EnvironmentContext, registry: Registry, history: History
) -> None:
    load_models(registry)
    owners = Owners(history, registry.installed)
    environment.configure(
        connection=connection,
        process_revision_directives=split_raw_revision(history, registry),
        **context_options(history) | comparison_options(owners, registry, connection.dialect),
    )
    with expected_warnings_ignored(), environment.begin_transaction():
        environment.run_migrations()


def _relative_steps(destination: str) -> RelativeSteps | None:
    """Return how to plan `head`, `+N` and `-N`, which need other steps than Alembic's; None for other destinations."""
    if destination in ("head", "heads"):
        return plan
    if found := re.fullmatch(r"([+-])(\d+)", destination):
        count = int(found[2])
        if found[1] == "-":
            return lambda history, applied: last_applied(history, applied, count)
        return lambda history, applied: plan(history, applied)[:count]
    return None


def _from_alembic(history: History, step: RevisionStep) -> Step:
    revision = str(step.revision.revision)
    return Step(plugin=history.plugin_of(revision), script=history.scripts[revision], forwards=bool(step.is_upgrade))


def _write_sql(environment: EnvironmentContext, settings: Settings, registry: Registry) -> None:
    history = History(environment.script, revision_folders(registry))
    standard = environment.context_opts["fn"]
    relative = _relative_steps(str(environment.context_opts.get("destination_rev")))

    def work(heads: tuple[str, ...], context: MigrationContext) -> Sequence[MigrationStep]:
        if relative is None:
            steps: Sequence[MigrationStep] = list(standard(heads, context))
        else:
            applied = history.ordered(history.ancestors(heads))
            steps = [revision_step(history, step) for step in relative(history, applied)]
        if steps:
            prepare_ledger(context)
        return steps

    environment.configure(
        url=make_url(database_url(settings).get_backend_name() + "://"),
        literal_binds=True,
        dialect_opts={"paramstyle": "named"},
        fn=work,
        **context_options(history),
    )
    with environment.begin_transaction():
        environment.run_migrations()
