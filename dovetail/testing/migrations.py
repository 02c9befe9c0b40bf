"""Prove a plugin's history: up, down, up, with rows in the tables, ending where the models say.

async def test_the_history_of_my_plugin(prove_history):
    await prove_history("shop")
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace

import pytest
from sqlalchemy import ClauseElement, Connection, NullPool, inspect
from sqlalchemy.ext.asyncio import AsyncConnection

from dovetail.database.engine.engine import create_engine
from dovetail.database.models import Base
from dovetail.migrations.bridge.impl_shared import expected_warnings_ignored
from dovetail.migrations.history.ledger import LEDGER
from dovetail.migrations.history.plan import ZERO
from dovetail.migrations.make.maker import RevisionOptions, make_revisions
from dovetail.migrations.make.questioner import SafeAnswers
from dovetail.migrations.run.runner import EVERYTHING, MigrationRun, Target, migrate_connection, read_state
from dovetail.ownership import owner_of_name
from dovetail.registry import Registry, load_registry
from dovetail.settings import Settings
from dovetail.testing.rows import count_rows, fill_tables

ProveHistory = Callable[[str], Awaitable[list[str]]]
OURS = ("alembic_version", LEDGER.name)


@pytest.fixture
def prove_history(make_settings: Callable[..., Settings], empty_database_url: str) -> ProveHistory:
    """Fail if a plugin's history loses rows on the way up, cannot go down and up again, or is behind its models.

    Each migration is applied to tables that hold rows, undone, and applied again. What was proved is answered: the
    revisions of the plugin, in order.
    """
    settings = make_settings(database_url=empty_database_url)
    registry = load_registry(settings)

    async def prove(plugin: str) -> list[str]:
        engine = create_engine(settings, may_create=True, poolclass=NullPool)
        try:
            async with engine.connect() as connection:
                own = await _migrate_up(connection, settings, registry, plugin)
                await _migrate_down_and_up(connection, settings, registry, plugin)
            made = await make_revisions(settings, registry, RevisionOptions(plugins=(plugin,)), SafeAnswers())
        finally:
            await engine.dispose()
        changes = ", ".join(each.revision.name for each in made.revisions)
        _see(not changes, f"the models of {plugin} have changes that no migration makes: {changes}")
        return own

    return prove


async def _migrate_up(connection: AsyncConnection, settings: Settings, registry: Registry, plugin: str) -> list[str]:
    """Apply the plugin's migrations one by one, each twice, with rows in every table; which these are."""
    history, _ = await connection.run_sync(read_state, settings, registry)
    own = history.ordered(script.revision for script in history.of_plugin(plugin))
    for below, revision in zip([ZERO, *own], own, strict=False):
        await _go(connection, settings, registry, Target(plugin=plugin, revision=revision))
        built = await connection.run_sync(_schema)
        await _go(connection, settings, registry, Target(plugin=plugin, revision=below))
        before = await connection.run_sync(_fill)
        await _go(connection, settings, registry, Target(plugin=plugin, revision=revision))
        _see(await connection.run_sync(_schema) == built, f"{revision} builds another schema the second time")
        kept = await connection.run_sync(_count)
        # Of our own tables, Alembic's holds fewer rows once a revision depends on another plugin's last one.
        lost = [table for table, count in before.items() if table not in OURS and kept.get(table, count) < count]
        _see(not lost, f"{revision} loses rows of {', '.join(lost)}")
        await connection.run_sync(_fill)
    return own


async def _migrate_down_and_up(
    connection: AsyncConnection, settings: Settings, registry: Registry, plugin: str
) -> None:
    """Undo all migrations with rows in every table, and apply them again."""
    await _go(connection, settings, registry, EVERYTHING)
    await connection.run_sync(_fill)
    built = await connection.run_sync(_schema)
    await _go(connection, settings, registry, Target(plugin=plugin, revision=ZERO))
    left = [
        name
        for name in await connection.run_sync(_schema)
        if owner_of_name(name, Base.metadata, registry.installed) == plugin
    ]
    _see(not left, f"the migrations of {plugin} do not undo all they did: {', '.join(left)} stays")
    await _go(connection, settings, registry, EVERYTHING)
    _see(await connection.run_sync(_schema) == built, f"{plugin} builds another schema the second time")


async def _go(connection: AsyncConnection, settings: Settings, registry: Registry, target: Target) -> None:
    # The made-up rows stay, also those that plugins would bring in step with the code.
    await migrate_connection(connection, MigrationRun(settings, registry, replace(target, keep_in_step=False)))


def _see(condition: object, otherwise: str) -> None:
    if not condition:
        pytest.fail(otherwise)


def _count(connection: Connection) -> Mapping[str, int]:
    with expected_warnings_ignored(), connection.begin():
        return count_rows(connection)


def _fill(connection: Connection) -> Mapping[str, int]:
    with expected_warnings_ignored(), connection.begin():
        fill_tables(connection, [name for name in inspect(connection).get_table_names() if name not in OURS])
        return count_rows(connection)


def _schema(connection: Connection) -> dict[str, dict[str, object]]:
    with expected_warnings_ignored():
        inspector = inspect(connection)
        # Of all tables at once, which PostgreSQL answers by one statement for each of these.
        columns, keys = inspector.get_multi_columns(), inspector.get_multi_pk_constraint()
        described: dict[str, Mapping[tuple[str | None, str], Sequence[Mapping[str, object]]]] = {
            "foreign keys": inspector.get_multi_foreign_keys(),
            "unique": inspector.get_multi_unique_constraints(),
            "checks": inspector.get_multi_check_constraints(),
            "indexes": inspector.get_multi_indexes(),
        }
    connection.rollback()
    return {
        table[1]: {
            "columns": sorted(
                (column["name"], str(column["type"]), column["nullable"], _bare(column["default"]))
                for column in columns[table]
            ),
            "primary key": keys[table]["constrained_columns"],
            **{what: sorted(str(sorted(_texts(one).items())) for one in of[table]) for what, of in described.items()},
        }
        for table in sorted(columns)
        if table[1] not in OURS
    }


def _texts(described: Mapping[str, object]) -> dict[str, object]:
    """Return what the inspector tells with clauses of SQL as their text, which alone two of them have in common."""
    return {
        name: _texts(value) if isinstance(value, dict) else str(value) if isinstance(value, ClauseElement) else value
        for name, value in described.items()
    }


def _bare(default: str | None) -> str | None:
    """SQLite keeps the parentheses that a table was made anew with."""
    while default and default.startswith("(") and default.endswith(")"):
        default = default[1:-1]
    return default
