"""The lines of a deletion: also of what goes along because it refers to the table that it is in itself."""

import pytest
from sqlalchemy import (
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Integer,
    MetaData,
    String,
    Table,
    delete,
    insert,
    select,
)

from dovetail.contrib.history.models import RecordedChange
from dovetail.contrib.history.recording.lines import Lines
from dovetail.contrib.history.recording.origin import origin_values
from dovetail.contrib.history.recording.recorded import RecordedTable

metadata = MetaData()
by_name = Table(
    "history_by_name",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(10), unique=True),
    Column("parent", ForeignKey("history_by_name.name", ondelete="CASCADE")),
    Column("origin", ForeignKey("history_by_name.id", ondelete="CASCADE")),
)
in_parts = Table(
    "history_in_parts",
    metadata,
    Column("shop", Integer, primary_key=True),
    Column("id", Integer, primary_key=True),
    Column("parent", Integer),
    ForeignKeyConstraint(["shop", "parent"], ["history_in_parts.shop", "history_in_parts.id"], ondelete="CASCADE"),
)
items = Table(
    "history_items",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("shop", Integer),
    Column("part", Integer),
    ForeignKeyConstraint(["shop", "part"], ["history_in_parts.shop", "history_in_parts.id"], ondelete="CASCADE"),
)
NAMED = [
    {"id": 1, "name": "a", "parent": None, "origin": None},
    {"id": 2, "name": "b", "parent": "a", "origin": None},
    {"id": 3, "name": "c", "parent": None, "origin": 2},
    {"id": 4, "name": "d", "parent": None, "origin": None},
]
PARTS = [
    {"shop": 1, "id": 1, "parent": None},
    {"shop": 1, "id": 2, "parent": 1},
    {"shop": 1, "id": 3, "parent": 2},
    {"shop": 2, "id": 1, "parent": None},
    {"shop": 2, "id": 2, "parent": 1},
]


class OneTable:
    """Knows of one table."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def find(self, table: Table) -> RecordedTable | None:
        if table is not self._table:
            return None
        return RecordedTable(table, "shop.row", tuple(table.primary_key.columns), {c.key: c for c in table.columns})


@pytest.mark.parametrize(
    ("table", "rows", "chosen", "gone"),
    [
        (by_name, NAMED, by_name.c.name == "a", ["1", "2", "3"]),
        (in_parts, PARTS, (in_parts.c.shop == 1) & (in_parts.c.id == 1), ["1;1", "1;2", "1;3"]),
    ],
    ids=["by_name", "in_parts"],
)
async def test_self_referencing_rows_are_recorded_as_deleted_to_any_depth(database, table, rows, chosen, gone):
    async with database.engine.begin() as connection:
        await connection.run_sync(metadata.create_all)
        for row in rows:
            await connection.execute(insert(table), row)
        await connection.execute(Lines(OneTable(table)).insert_deleted(table, [chosen]), origin_values())
        told = (await connection.scalars(select(RecordedChange.object_key))).all()
        await connection.execute(delete(table).where(chosen))
        left = (await connection.execute(select(*table.primary_key.columns))).all()
    assert sorted(told) == gone
    assert len(left) == len(rows) - len(gone)


async def test_a_composite_foreign_key_cascades_only_if_both_columns_match(database):
    async with database.engine.begin() as connection:
        await connection.run_sync(metadata.create_all)
        await connection.execute(insert(in_parts), [PARTS[0], PARTS[1], PARTS[3]])
        await connection.execute(insert(items), [{"id": 1, "shop": 1, "part": 2}, {"id": 2, "shop": 2, "part": 1}])
        await connection.execute(insert(items), [{"id": 3, "shop": 1, "part": 1}])
        chosen = (in_parts.c.shop == 1) & (in_parts.c.id == 2)
        await connection.execute(Lines(OneTable(items)).insert_deleted(in_parts, [chosen]), origin_values())
        told = (await connection.scalars(select(RecordedChange.object_key))).all()
        await connection.execute(delete(in_parts).where(chosen))
        left = (await connection.scalars(select(items.c.id).order_by(items.c.id))).all()
    assert (told, left) == (["1"], [2, 3])
