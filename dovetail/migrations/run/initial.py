"""Find first migrations whose tables a database has already, as one that another program made.

What such a migration builds is not read from its file: it is run, where nothing of it stays, and looked at.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn, TypeAlias

from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from pydantic import SecretStr
from sqlalchemy import Connection, inspect, text

from dovetail.database.engine.sync_engine import create_sync_engine
from dovetail.errors import MigrationError
from dovetail.migrations.bridge import alembic_private
from dovetail.migrations.bridge.impl_shared import expected_warnings_ignored
from dovetail.migrations.bridge.postgresql.schemas import named_in
from dovetail.migrations.history.graph import History
from dovetail.migrations.history.ledger import BOOKS
from dovetail.migrations.history.plan import Step
from dovetail.migrations.run.descriptions import Description, describe_tables, differences
from dovetail.migrations.run.execution import context_options, reason_of
from dovetail.settings import Settings

PROBE = "dovetail_probe"  # a schema that no transaction ever commits
Apply: TypeAlias = Callable[[Connection, History, Sequence[Step]], object]
Built = Mapping[str, Mapping[str, Description]]  # tables by name, by the revision that makes them


def find_initial(
    connection: Connection, settings: Settings, history: History, steps: Sequence[Step], apply: Apply
) -> frozenset[str]:
    """Return those of `steps` that begin the history of a plugin and whose tables are there; leave no transaction open.

    Raise MigrationError, with a line a difference, where a table is not as the migration would make it.
    """
    first = [step for step in steps if step.forwards and not alembic_private.down_revisions(step.script)]
    if not first:
        return frozenset()
    with expected_warnings_ignored():
        if connection.dialect.name == "sqlite":
            found = describe_tables(connection)
            connection.rollback()
            built = _build_in_memory(settings, history, first, apply)
        else:
            schemas = sorted({name for step in first for name in named_in(Path(step.script.path).read_text("utf-8"))})
            found = describe_tables(connection) | _in_schemas(connection, schemas)
            connection.rollback()
            built = _build_in_probe(connection, history, first, schemas)
    there = {revision: tables for revision, tables in built.items() if tables.keys() & found.keys()}
    problems = [problem for tables in there.values() for problem in _problems(found, tables)]
    if problems:
        raise MigrationError(
            f"the database is not as {' and '.join(there)} would make it, so nothing was recorded; change the models, "
            "or the tables:\n" + "\n".join(f"- {problem}" for problem in problems)
        )
    return frozenset(there)


def _problems(found: Mapping[str, Description], tables: Mapping[str, Description]) -> Iterator[str]:
    for name, expected in tables.items():
        if name not in found:
            yield f"{name}: the database has no such table"
        else:
            yield from differences(name, found[name], expected)


def _build_in_memory(settings: Settings, history: History, first: Sequence[Step], apply: Apply) -> Built:
    """Apply the migrations, and those that they need, to an SQLite in memory."""
    scratch = settings.model_copy(update={"database_url": SecretStr("sqlite://")})
    built: dict[str, Mapping[str, Description]] = {}
    applied: set[str] = set()
    with create_sync_engine(scratch).connect() as memory:
        for step in first:
            needed = [name for name in history.ordered(history.ancestors([step.revision])) if name not in applied]
            apply(memory, history, _steps(history, needed[:-1]))
            before = describe_tables(memory)
            memory.rollback()
            apply(memory, history, _steps(history, needed[-1:]))
            built[step.revision] = _new(describe_tables(memory), before)
            memory.rollback()
            applied.update(needed)
    return built


def _steps(history: History, revisions: Sequence[str]) -> list[Step]:
    return [Step(plugin=history.plugin_of(one), script=history.scripts[one], forwards=True) for one in revisions]


def _in_schemas(connection: Connection, schemas: Sequence[str]) -> dict[str, Description]:
    return {
        f"{schema}.{name}": description
        for schema in schemas
        for name, description in describe_tables(connection, schema).items()
    }


def _build_in_probe(connection: Connection, history: History, first: Sequence[Step], schemas: Sequence[str]) -> Built:
    """Run the migrations in a schema of PostgreSQL's that is rolled back; so are `schemas`, which they make anew."""
    built: dict[str, Mapping[str, Description]] = {}

    def tables() -> dict[str, Description]:
        return describe_tables(connection, PROBE) | _in_schemas(connection, schemas)

    with _probe(connection, schemas):
        context = MigrationContext.configure(connection, opts=context_options(history))
        vars(context)["autocommit_block"] = _refuse_to_commit
        for step in first:
            before = tables()
            with Operations.context(context):
                _run(step, step.script.module.upgrade)
            built[step.revision] = _new(tables(), before)
    return built


@contextmanager
def _probe(connection: Connection, schemas: Sequence[str]) -> Iterator[None]:
    """Let tables that the block makes stand in a schema of their own, or a new one of `schemas`; nothing is left."""
    quote = connection.dialect.identifier_preparer.quote
    with connection.begin() as transaction:
        for schema in set(schemas) & set(inspect(connection).get_schema_names()):
            connection.exec_driver_sql(f"ALTER SCHEMA {quote(schema)} RENAME TO {quote(f'{PROBE}_{schema}')}")
        path = connection.scalar(text("SHOW search_path"))
        connection.execute(text(f"CREATE SCHEMA {PROBE}"))
        connection.execute(text(f"SET LOCAL search_path TO {PROBE}, {path}"))
        try:
            yield
        finally:
            transaction.rollback()


def _refuse_to_commit() -> NoReturn:
    raise MigrationError("it works outside a transaction")


def _run(step: Step, upgrade: Callable[[], None]) -> None:
    try:
        upgrade()
    except Exception as error:
        raise MigrationError(
            f"it cannot be determined whether the database has what {step.revision} makes, which cannot be tried: "
            f"{reason_of(error)}; compare by hand, and record it by `manage.py migrate {step.plugin} "
            f"{step.revision.removeprefix(step.plugin + '_')} --fake`"
        ) from error


def _new(after: Mapping[str, Description], before: Mapping[str, Description]) -> Mapping[str, Description]:
    return {name: description for name, description in after.items() if name not in before and name not in BOOKS}
