"""Rows become JSON objects in the database, alike on SQLite and PostgreSQL, whatever the columns hold or are called."""

from datetime import UTC, datetime
from uuid import UUID

import orjson
import pytest
from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Date,
    DateTime,
    Float,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Uuid,
    insert,
    literal,
    select,
)
from sqlalchemy.dialects import postgresql

from dovetail.contrib.history.recording.json_rows import json_row
from dovetail.contrib.history.recording.lines import object_key
from dovetail.database.column_types import UTCDateTime

metadata = MetaData()
kinds = Table(
    "history_kinds",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("yes", Boolean),
    Column("data", JSON),
    Column("raw", LargeBinary),
    Column("moment", UTCDateTime),
    Column("local", DateTime),
    Column("day", Date),
    Column("ratio", Float),
    Column("text", String),
)
KEY = UUID("0123456789abcdef0123456789abcdef")
MOMENT = datetime(2026, 1, 31, 12, 30, 0, 250000, tzinfo=UTC)
ROW = {
    "id": KEY,
    "yes": True,
    "data": {"a": [1, None], "b": "ü"},
    "raw": b"\x00\xff",
    "moment": MOMENT,
    "local": MOMENT.replace(tzinfo=None),
    "day": MOMENT.date(),
    "ratio": 0.5,
    "text": 'a "quoted" \\ text',
}


@pytest.fixture
async def connection(database):
    async with database.engine.begin() as connection:
        await connection.run_sync(metadata.create_all)
        await connection.execute(insert(kinds), [ROW, dict.fromkeys(ROW) | {"id": UUID(int=1)}])
        yield connection


async def read(connection, statement) -> dict[str, object]:
    found = await connection.scalar(statement)
    return orjson.loads(found) if isinstance(found, str) else found


async def test_values_of_all_types_are_recorded_alike_on_both_databases(connection):
    made = json_row({column.name: column for column in kinds.columns})
    row = await read(connection, select(made).where(kinds.c.id == KEY))
    assert datetime.fromisoformat(str(row.pop("moment"))) == MOMENT
    assert datetime.fromisoformat(str(row.pop("local"))) == MOMENT.replace(tzinfo=None)
    assert row == {
        "id": str(KEY),
        "yes": True,
        "data": ROW["data"],
        "raw": "\\x00ff",
        "day": "2026-01-31",
        "ratio": 0.5,
        "text": ROW["text"],
    }
    nothing = await read(connection, select(made).where(kinds.c.id != KEY))
    assert {name: value for name, value in nothing.items() if value is not None} == {"id": str(UUID(int=1))}


@pytest.mark.parametrize("count", [0, 1, 40, 41, 130])
async def test_a_row_may_have_any_number_of_columns_of_any_names(connection, count):
    odd = {0: "odd.'name'", 45: "of $[0]", 46: "odd.'name' too", 47: "an ümlaut"}
    names = [odd.get(number, f"c{number}") for number in range(count)]
    values = {name: number if number % 2 else None for number, name in enumerate(names)}
    made = json_row({name: literal(value, Integer) for name, value in values.items()})
    assert await read(connection, select(made)) == values


async def test_a_composite_key_is_recorded_as_in_urls_of_the_back_office(connection):
    key = object_key([literal("a;b\\c", String), literal(7, Integer)])
    assert await connection.scalar(select(key)) == "a\\;b\\\\c;7"
    assert await connection.scalar(select(object_key([kinds.c.id])).where(kinds.c.id == KEY)) == str(KEY)


def test_an_hstore_is_recorded_as_text_that_postgresql_can_read():
    # json_populate_recordset gives hstore_in the text of a JSON object, which it refuses.
    column = Column("facts", postgresql.HSTORE())
    for value in (column, literal({"a": "1"}, postgresql.HSTORE())):
        written = str(json_row({"facts": value}).compile(dialect=postgresql.dialect()))
        assert written.endswith(" AS TEXT))")
