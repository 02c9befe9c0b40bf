"""The row security that is written from rules agrees with what they say in plain words, in random worlds."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

import pytest
from sqlalchemy import Table, delete, insert, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from dovetail.contrib.auth.models import Permission
from dovetail.contrib.auth.rules.model_policies import ModelPolicy
from dovetail.contrib.auth.rules.row_security import security_statements
from tests.contract.worlds.filling import fill, values_of
from tests.contract.worlds.models import WorldBase
from tests.contract.worlds.policies import Current, WorldPolicy
from tests.contract.worlds.rules import PERMISSIONS, NoteRow, Person, Row
from tests.contract.worlds.world import MODELS, World, make_world

pytestmark = pytest.mark.parametrize("database_kind", ["postgresql"], indirect=True)
READER = "worlds_reader"
INSUFFICIENT_PRIVILEGE = "42501"
NOTES, FOLDERS, LABELS = (WorldBase.metadata.tables[f"worlds_{name}"] for name in ("note", "folder", "label"))


@pytest.fixture
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    engine = create_async_engine(database_url.replace("postgresql:", "postgresql+asyncpg:"))
    async with engine.begin() as connection:
        await connection.run_sync(WorldBase.metadata.create_all)
        await connection.execute(insert(Permission), [{"name": n, "plugin": "worlds", "title": n} for n in PERMISSIONS])
        await connection.exec_driver_sql(
            f"DO $$BEGIN CREATE ROLE {READER}; "  # of the whole server, where another worker may make it meanwhile
            "EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END$$"
        )
        await connection.exec_driver_sql(
            f"GRANT SELECT, INSERT, UPDATE, DELETE ON worlds_note, worlds_folder, worlds_label TO {READER}"
        )
    yield engine
    await engine.dispose()


async def test_row_security_shows_and_takes_what_the_rules_say(engine: AsyncEngine, seeds: range) -> None:
    for seed in seeds:
        world = Current.world = make_world(seed)
        async with engine.connect() as connection:
            await fill(connection, world)
            rules = [ModelPolicy("worlds", model, WorldPolicy(model)) for model in MODELS.values()]
            for statement in security_statements(rules):
                await connection.exec_driver_sql(statement)
            await connection.exec_driver_sql(f"SET LOCAL ROLE {READER}")
            for person in world.people:
                await connection.exec_driver_sql(f"SET LOCAL dovetail.user_id = '{person.id if person else ''}'")
                for table, rows in ((NOTES, world.notes), (FOLDERS, world.folders), (LABELS, world.labels)):
                    found = await _found(connection, table, rows)
                    assert found == _said(world, person, rows), (seed, person, table, world.told())
            await connection.rollback()


Answers = dict[str, list[int]]


def _said(world: World, person: Person | None, rows: Sequence[Row]) -> Answers:
    """Return the keys of what may be viewed, changed, deleted, and inserted as an equal row."""
    seen = [row for row in rows if world.may(person, "view", row)]
    changed = [row.id for row in seen if world.may(person, "change", row)]
    return {
        "view": [row.id for row in seen],
        "change": changed,
        "delete": [row.id for row in seen if world.may(person, "delete", row)],
        "add": [row.id for row in rows if world.may(person, "add", _unlabelled(row))],
    }


def _unlabelled(row: Row) -> Row:
    """Return a row as it is when it is new: labels come later."""
    return replace(row, labels=[]) if isinstance(row, NoteRow) else row


async def _found(connection: AsyncConnection, table: Table, rows: Sequence[Row]) -> Answers:
    """Return the same as the database has it; nothing is changed."""
    found: Answers = {}
    statements = {
        "view": select(table.c.id),
        "change": update(table).values(owner_id=table.c.owner_id).returning(table.c.id),
        "delete": delete(table).returning(table.c.id),
    }
    for action, statement in statements.items():
        async with connection.begin_nested() as savepoint:
            found[action] = sorted((await connection.scalars(statement)).all())
            await savepoint.rollback()
    return found | {"add": [row.id for row in rows if await _takes(connection, table, row)]}


async def _takes(connection: AsyncConnection, table: Table, row: Row) -> bool:
    """Return True if the database takes a new row that is equal to this one but for its key."""
    async with connection.begin_nested() as savepoint:
        try:
            await connection.execute(insert(table).values(_fresh(table, row)))
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", None) != INSUFFICIENT_PRIVILEGE:
                raise
            return False
        finally:
            await savepoint.rollback()
    return True


def _fresh(table: Table, row: Row) -> dict[str, object]:
    """Return a row that is equal to another but for what has to be unique."""
    return values_of(row) | {"id": row.id + 100} | ({"name": "new"} if table is LABELS else {})
