"""What a line tells of a row is all there has to be known to make the row again, whatever its columns are."""

import enum
import json
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from sqlalchemy import (
    ARRAY,
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Enum,
    Float,
    Integer,
    Interval,
    LargeBinary,
    MetaData,
    Numeric,
    String,
    Table,
    Text,
    Time,
    Uuid,
    cast,
    delete,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import INET, INT4RANGE, JSONB
from sqlalchemy.types import TypeEngine

from dovetail.contrib.history.recording.json_rows import json_row
from dovetail.contrib.history.undoing.sources import LOADS, Source
from dovetail.database.column_types import UTCDateTime


class Colour(enum.Enum):
    RED = "r"


LONG = "12345678901234567.123456789012345671"  # in a document, which no float holds
MOMENT = datetime(2026, 1, 31, 12, 30, 0, 250000, tzinfo=UTC)
VALUES: dict[str, tuple[TypeEngine[object], list[object]]] = {
    "yes": (Boolean(), [True, False, None]),
    "data": (JSON(none_as_null=True), [{"a": [1, None, 0.5], "b": 'ü"'}, "text", [], None]),
    "raw": (LargeBinary(), [b"\x00\xff", b"", None]),
    "moment": (UTCDateTime(), [MOMENT, MOMENT.replace(microsecond=0), None]),
    "local": (DateTime(), [MOMENT.replace(tzinfo=None), None]),
    "day": (Date(), [date(1, 1, 1), date(9999, 12, 31)]),
    "hour": (Time(), [time(23, 59, 59, 1)]),
    "took": (Interval(), [timedelta(days=3, seconds=5)]),
    "ratio": (Float(), [0.1 + 0.2, 1e300, -0.0, 5e-324, 2.0]),
    "price": (Numeric(12, 4), [Decimal("12345678.0001"), Decimal("0.1000")]),
    "big": (BigInteger(), [2**63 - 1, -(2**63)]),
    "colour": (Enum(Colour, name="history_colour"), [Colour.RED]),
    "text": (String(), ['a "quoted" \\ text', "", "null", "12"]),
    "uuid": (Uuid(), [UUID("0123456789abcdef0123456789abcdef")]),
    "o'dd \"name": (String(), ["x"]),
}
ONLY_POSTGRESQL: dict[str, tuple[TypeEngine[object], list[object]]] = {
    "list": (ARRAY(String()), [["a", 'b,"c', None], []]),
    "grid": (ARRAY(Integer(), dimensions=2), [[[1, 2], [3, 4]]]),
    "dates": (ARRAY(Date()), [[date(2026, 1, 31)]]),
    "exact": (Numeric(), [Decimal("1234567890123456789.000000000000000001")]),
    "document": (JSONB(), [{"a": 1.5}]),
    "address": (INET(), ["10.0.0.1"]),
    "span": (INT4RANGE(), [None]),
}


@pytest.fixture
def columns(database_kind):
    return VALUES | (ONLY_POSTGRESQL if database_kind == "postgresql" else {})


async def test_a_row_recorded_as_json_is_restored_exactly(database, columns):
    table = Table(
        "history_made_again",
        MetaData(),
        Column("id", Integer, primary_key=True),
        *(Column(name, kind) for name, (kind, _) in columns.items()),
    )
    longest = max(len(values) for _, values in columns.values())
    rows = [
        {"id": n, **{name: values[min(n, len(values) - 1)] for name, (_, values) in columns.items()}}
        for n in range(longest)
    ]
    async with database.engine.begin() as connection:
        await connection.run_sync(table.create)
        for row in rows:
            await connection.execute(insert(table), row)
        await connection.execute(text(f"UPDATE history_made_again SET data = '[{LONG}]' WHERE id = 0"))
        before = [tuple(row) for row in await connection.execute(select(table).order_by(table.c.id))]
        told = [LOADS(text) for text in await connection.scalars(select(cast(json_row(dict(table.c.items())), Text)))]
        assert [Decimal(LONG)] in [one["data"] for one in told]
        await connection.execute(delete(table))
        source = Source(table, told, connection.dialect)
        made = insert(table).from_select(list(table.c), select(*(source.value(one) for one in table.c)))
        await connection.execute(made)
        assert [tuple(row) for row in await connection.execute(select(table).order_by(table.c.id))] == before
        again = [LOADS(text) for text in await connection.scalars(select(cast(json_row(dict(table.c.items())), Text)))]
        assert json.dumps(again, default=str) == json.dumps(told, default=str)
        await connection.execute(update(table).values(dict.fromkeys(columns)))
        other = source.again()
        values = {
            one: select(other.value(one)).where(table.c.id == other.value(table.c.id)).scalar_subquery()
            for one in table.c
            if one is not table.c.id
        }
        await connection.execute(update(table).where(source.has([table.c.id])).values(values))
        assert [tuple(row) for row in await connection.execute(select(table).order_by(table.c.id))] == before
