"""Make revisions from the difference between the models and what the revision files so far build."""

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from alembic.autogenerate import produce_migrations
from alembic.operations import Operations, ops
from alembic.runtime.migration import MigrationContext
from pydantic import SecretStr
from sqlalchemy import Connection, NullPool, inspect
from sqlalchemy.ext.asyncio import AsyncConnection

from dovetail.context import refuse_tables
from dovetail.database.engine.engine import create_engine
from dovetail.database.engine.urls import database_url
from dovetail.database.models import Base
from dovetail.errors import MigrationError
from dovetail.migrations.bridge.impl_shared import expected_warnings_ignored
from dovetail.migrations.differences.arranging import arranged
from dovetail.migrations.differences.computed import computed_changes
from dovetail.migrations.differences.key_reuse import key_reuse_changes
from dovetail.migrations.history.graph import History, load_history
from dovetail.migrations.lint import is_own, lint
from dovetail.migrations.make.comparison import comparison_options, managed_tables
from dovetail.migrations.make.new_revisions import empty_revision, merge_revision, owned, plan_revisions
from dovetail.migrations.make.owners import Owners
from dovetail.migrations.make.questioner import Questioner
from dovetail.migrations.make.revision_files import Rendered, render, write
from dovetail.migrations.make.table_changes import key_of
from dovetail.migrations.make.table_renames import find_table_renames
from dovetail.migrations.run.execution import context_options
from dovetail.migrations.run.runner import EVERYTHING, MigrationRun, migrate_connection, steps_to
from dovetail.plugin import CheckMessage
from dovetail.registry import Registry, load_models, unknown_plugins
from dovetail.settings import Settings


@dataclass(frozen=True, kw_only=True)
class RevisionOptions:
    """The options of makemigrations."""

    plugins: Sequence[str] = ()  # all of the site's own by default
    slug: str | None = None  # the name after the number; by default it says what changes
    empty: bool = False
    merge: bool = False


@dataclass(frozen=True, kw_only=True)
class NewRevisions:
    """Revisions, not yet written; `write` writes them, and returns what is doubtful about them."""

    revisions: Sequence[Rendered]
    notes: Sequence[str]  # what their author ought to know
    write: Callable[[], list[CheckMessage]]


async def make_revisions(
    settings: Settings, registry: Registry, options: RevisionOptions, questions: Questioner
) -> NewRevisions:
    """Find out which revisions are missing. Raise MigrationError."""
    unknown = [name for name in options.plugins if name not in registry.installed]
    if unknown:
        raise MigrationError(unknown_plugins(unknown, registry))
    if options.empty and not options.plugins:
        raise MigrationError("--empty needs a plugin: manage.py makemigrations --empty PLUGIN")
    load_models(registry)
    refuse_tables(settings, registry)
    history = load_history(settings.base_dir, registry)
    plugins = list(options.plugins) or [
        n for n, entry in registry.installed.items() if is_own(entry, settings.base_dir)
    ]
    folders = {name: registry.installed[name].migrations for name in plugins}
    notes: list[str] = []
    if options.merge:
        new = [merged for name in plugins if (merged := merge_revision(history, name, options.slug))]
        rendered = [Rendered(revision=each, upgrade="", downgrade="", imports="") for each in new]
    elif options.empty:
        new = [empty_revision(history, name, options.slug) for name in plugins]
        rendered = [Rendered(revision=each, upgrade="", downgrade="", imports="") for each in new]
    else:
        async with migrated_database(settings, registry) as connection:
            rendered, notes = await connection.run_sync(
                _compare, history, registry, replace(options, plugins=plugins), questions
            )

    def write_and_lint() -> list[CheckMessage]:
        write(rendered, history, folders)
        history.refresh()
        return lint(history, [each.revision.revision for each in rendered])

    return NewRevisions(revisions=rendered, notes=notes, write=write_and_lint)


@asynccontextmanager
async def migrated_database(settings: Settings, registry: Registry) -> AsyncIterator[AsyncConnection]:
    """Connect to a database as the revision files make it: on SQLite one in memory, on PostgreSQL the site's own.

    Only PostgreSQL itself can say what its types look like once they are stored. Raise MigrationError if the site's
    database is behind the files.
    """
    on_sqlite = database_url(settings).get_backend_name() == "sqlite"
    scratch = settings.model_copy(update={"database_url": SecretStr("sqlite+aiosqlite://")})
    engine = create_engine(scratch) if on_sqlite else create_engine(settings, poolclass=NullPool)
    try:
        async with engine.connect() as connection:
            if on_sqlite:
                await migrate_connection(connection, MigrationRun(scratch, registry))
            else:
                missing = await connection.run_sync(steps_to, settings, registry, EVERYTHING)
                if missing:
                    names = ", ".join(step.revision for step in missing)
                    raise MigrationError(f"the database is behind the files, by {names}; run manage.py migrate first")
            yield connection
    finally:
        await engine.dispose()


def _compare(
    connection: Connection,
    history: History,
    registry: Registry,
    options: RevisionOptions,
    questions: Questioner,
) -> tuple[list[Rendered], list[str]]:
    owners = Owners(history, registry.installed)
    opts = context_options(history) | comparison_options(owners, registry, connection.dialect)
    context = MigrationContext.configure(connection, opts=opts)
    with expected_warnings_ignored():
        found = _differences(context)
        renames = find_table_renames(owned(found, owners, options.plugins), owners, questions)
        for rename in renames:  # what else has changed is seen once they bear the same name
            Operations(context).invoke(rename)
            owners.add_new_table(str(rename.new_table_name))
        if renames:
            found = [*renames, *_differences(context)]
    connection.rollback()
    notes = list(_of_tables_that_are_there(connection, owned(found, owners, options.plugins)))
    new = plan_revisions(found, history, owners, questions, only=options.plugins, slug=options.slug)
    return [render(each, context) for each in new], notes


def _of_tables_that_are_there(connection: Connection, found: Sequence[ops.MigrateOperation]) -> Iterator[str]:
    """Yield what to know of each table that is to be made though the database has it."""
    inspector = inspect(connection)
    for operation in found:
        if isinstance(operation, ops.CreateTableOp) and inspector.has_table(operation.table_name, operation.schema):
            yield (
                f"the table {key_of(operation)} is there and no migration names it, so the new one makes the whole of "
                "it, and `migrate --fake-initial` takes it over if it is the plugin's first; if a migration makes it, "
                "delete the new file and write the name into a comment of that one"
            )


def _differences(context: MigrationContext) -> list[ops.MigrateOperation]:
    found = produce_migrations(context, Base.metadata).upgrade_ops
    assert found is not None  # noqa: S101 - there is one set of operations, as there is one database
    assert context.connection is not None  # noqa: S101 - there is one, to compare with
    tables = managed_tables()
    for operation in found.ops:
        if isinstance(operation, ops.CreateTableOp):  # what PostgreSQL gives every table is not made
            operation.columns = [one for one in operation.columns if not getattr(one, "system", False)]
    changes = [
        *found.ops,
        *computed_changes(context.connection, tables),
        *key_reuse_changes(context.connection, tables),
    ]
    return list(arranged(changes))
