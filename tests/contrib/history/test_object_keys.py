"""Keys that stand in addresses are found under the text that the database has written for them."""

import enum
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from json import loads
from uuid import UUID

import pytest
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Enum,
    Float,
    Integer,
    Interval,
    MetaData,
    Numeric,
    String,
    Table,
    Time,
    Uuid,
    select,
)

from dovetail.contrib.history.keys import values_of_keys, written_key
from dovetail.contrib.history.recording.json_rows import json_row
from dovetail.contrib.history.recording.lines import object_key
from dovetail.database.column_types import InexactNumberError, UTCDateTime
from dovetail.resources.query.keys import write_key

MOMENT = datetime(2024, 2, 29, 0, 30, tzinfo=UTC)


class Suit(enum.Enum):
    CLUBS = "clubs"


KEYS = [
    (Integer(), -7),
    (BigInteger(), 2**62),
    (String(20), "a b"),
    (Boolean(), False),
    (Date(), date(2024, 2, 29)),
    (Date(), date.max),
    (UTCDateTime(), MOMENT),
    (UTCDateTime(), MOMENT.replace(microsecond=1)),
    (DateTime(), MOMENT.replace(tzinfo=None)),
    (DateTime(timezone=True), MOMENT),
    (Time(), time(12, 30)),
    (Interval(), timedelta(hours=30)),
    (Numeric(6, 2), Decimal("0.50")),
    (Numeric(6, 2), Decimal("9999.99")),
    (Numeric(), Decimal("1E-9")),
    (Float(), 0.1),
    (Uuid(), UUID(int=1)),
    (Uuid(as_uuid=False), str(UUID(int=1))),
    (Enum(Suit, native_enum=False), Suit.CLUBS),
]
# The others stand in lines in words of their own, `CLUBS` and `infinity`: of links to them only superusers are told.
LINKED = [
    (kind, value)
    for kind, value in KEYS
    if value not in {Suit.CLUBS, date.max} and type(kind) is not Interval and repr(kind) != "DateTime(timezone=True)"
]


async def test_a_key_in_a_url_is_converted_to_the_form_that_recorded_changes_have(database):
    for kind, value in KEYS:
        made = Table("history_key", MetaData(), Column("id", kind, primary_key=True), Column("part", String(9)))
        async with database.engine.begin() as connection:
            await connection.run_sync(made.create)
            await connection.execute(made.insert().values(id=value, part="x;y"))
            for columns in ([made.c.id], [made.c.id, made.c.part]):
                told = (await connection.execute(select(object_key(columns)))).scalar_one()
                (row,) = (await connection.execute(select(*columns))).all()
                found = select(object_key(columns)).where(object_key(columns) == written_key(columns, write_key(row)))
                assert (await connection.execute(found)).scalars().all() == [told], (kind, value)
            await connection.rollback()


async def test_the_key_of_a_linked_object_is_read_in_the_form_of_recorded_changes(database):
    for kind, value in LINKED:
        made = Table("history_key", MetaData(), Column("id", kind, primary_key=True))
        async with database.engine.begin() as connection:
            await connection.run_sync(made.create)
            await connection.execute(made.insert().values(id=value))
            ((told, found),) = await connection.execute(select(json_row({"linked": made.c.id}), made.c.id))
            text = str((loads(told) if isinstance(told, str) else told)["linked"])
            assert values_of_keys([made.c.id], [text, "no\0key"]) == {text: (found,)}, (kind, value)
            await connection.rollback()


NO_KEYS = [
    (String(3), "abc", "abcd"),
    (Numeric(6, 2), Decimal("0.51"), "0.505"),
    (Numeric(6, 2), Decimal("0.51"), "999999.99"),
    (Numeric(6, 2), Decimal("0.51"), "NaN"),
    (Integer(), 1, str(2**70)),
    (Date(), date(2024, 2, 29), "infinity"),
    (Boolean(), True, "maybe"),
]


async def test_a_text_that_is_no_key_of_the_column_finds_nothing_and_causes_no_error(database):
    for kind, stored, asked in NO_KEYS:
        made = Table("history_key", MetaData(), Column("id", kind, primary_key=True))
        async with database.engine.begin() as connection:
            await connection.run_sync(made.create)
            await connection.execute(made.insert().values(id=stored))
            found = select(made.c.id).where(object_key([made.c.id]) == written_key([made.c.id], asked))
            assert (await connection.execute(found)).all() == [], (kind, asked)
            await connection.rollback()


async def test_a_number_of_more_digits_than_any_key_has_is_asked_for_or_refused(database):
    made = Table("history_key", MetaData(), Column("id", Numeric(6, 2), primary_key=True))
    found = select(written_key([made.c.id], f"{'9' * 40}.5"))
    async with database.engine.connect() as connection:
        if database.engine.dialect.name == "postgresql":
            assert (await connection.execute(found)).scalar_one() == f"{'9' * 40}.5"
        else:
            with pytest.raises(InexactNumberError):
                await connection.execute(found)


def test_a_truncated_composite_key_is_no_key():
    made = Table("history_key", MetaData(), Column("row", String(9), primary_key=True), Column("number", Integer))
    for text in ("a", "a;1;2", "a;x", "a;1\\", "a\0;1"):
        assert written_key(list(made.columns), text) == text
