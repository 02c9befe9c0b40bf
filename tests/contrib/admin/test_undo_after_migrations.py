"""What a row held comes back whole after its columns were changed, or is refused with the field and the reason."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from sqlalchemy import Text, cast, delete, literal_column, select, update
from sqlalchemy.dialects import postgresql, sqlite

from dovetail.contrib.history.models import RecordedChange
from tests.contrib.history.undoing.test_undo import last
from tests.kinds.models import Colour, Group, KindsBase, Thing

KEY = 10**9
LABEL = "kinds.thing"
LONG = ("12345678901234567.123456789012345671", "12345678901234567.123456789012345672")  # one number to a float
FULL = {
    "text": "t",
    "is_good": True,
    "small": 3,
    "price": Decimal("9999999999.99"),
    "factor": 0.1 + 0.2,
    "born": date(1, 1, 1),
    "opens": time(23, 59, 59, 7),
    "seen_at": datetime(2026, 1, 1, tzinfo=UTC),
    "lasts": timedelta(days=-3, seconds=2),
    "token": UUID(int=5),
    "colour": Colour.RED,
    "shade": "dark",
    "data": b"\x00\xff",
    "facts": {"a": [1, None, 1e22]},
    "words": ("a", "b"),
}
# What no column of the kind can hold, as if it had been of another one.
WRONG = {
    "text": 5,
    "is_good": "maybe",
    "small": "x",
    "price": True,
    "born": "never",
    "opens": 5,
    "seen_at": "x",
    "token": "zz",
    "colour": "GREEN",
    "shade": "green",
    "data": "zz",
    "lasts": "zz",
}


@pytest.fixture
def more():
    return {"tests.kinds": KindsBase}


@pytest.fixture
async def undo(boss, client_for):
    api = await client_for(boss)

    async def undo(number: int) -> tuple[int, str]:
        answer = await api.post(f"/api/history/{number}/undo")
        return answer.status_code, answer.json().get("detail", "")

    return undo


async def rows(database) -> list[tuple[object, ...]]:
    columns = [column for column in Thing.__table__.columns if column.name != "updated_at"]
    async with database.unit_of_work(read_only=True) as session:
        return [tuple(row) for row in await session.execute(select(*columns).order_by(Thing.id))]


async def rewrite(database, number: int, **values: object) -> None:
    """Let a change have been of other values."""
    async with database.unit_of_work() as session:
        line = await session.get_one(RecordedChange, number)
        line.before = {**line.before, **values}


async def test_values_of_every_kind_come_back_by_an_undo_of_a_change_and_of_a_deletion(undo, database):
    async with database.unit_of_work() as session:
        session.add_all([Thing(id=KEY, name="full", **FULL), Thing(id=KEY + 1, name="empty")])
    before = await rows(database)
    async with database.unit_of_work() as session:
        full, empty = [await session.get_one(Thing, KEY + number) for number in range(2)]
        for name, value in FULL.items():
            setattr(full, name, None)
            setattr(empty, name, value)
    assert await undo((await last(database, LABEL)).id) == (200, "")
    assert await rows(database) == before
    async with database.unit_of_work() as session:
        await session.execute(delete(Thing))
    assert await undo((await last(database, LABEL)).id) == (200, "")
    assert await rows(database) == before


async def test_an_upsert_is_recorded_and_undone_with_all_digits(undo, database, database_kind):
    inserted = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}[database_kind]
    for number in LONG:
        facts = literal_column(f"'[{number}]'", Thing.facts.type)
        statement = inserted(Thing).values(id=KEY, name="x", facts=facts)
        async with database.unit_of_work() as session:
            await session.execute(statement.on_conflict_do_update(index_elements=["id"], set_={"facts": facts}))
    line = await last(database, LABEL)
    assert [(line.action, one["facts"]) for one in (line.before, line.after)] == [
        ("change", [Decimal(number)]) for number in LONG
    ]
    assert await undo(line.id) == (200, "")
    async with database.unit_of_work(read_only=True) as session:
        assert await session.scalar(select(cast(Thing.facts, Text))) == f"[{LONG[0]}]"


async def test_exchanged_unique_values_are_exchanged_back_and_what_a_savepoint_took_back_is_not(undo, database):
    async with database.unit_of_work() as session:
        session.add_all([Thing(id=KEY, name="a"), Thing(id=KEY + 1, name="b", parent_id=KEY), Group(name="g")])
    before = await rows(database)
    async with database.unit_of_work() as session:
        for old, new in (("a", "between"), ("b", "a"), ("between", "b")):
            await session.execute(update(Thing).where(Thing.name == old).values(name=new))
        savepoint = await session.begin_nested()
        await session.execute(update(Thing).values(group_name="g"))
        await savepoint.rollback()
    assert await undo((await last(database, LABEL)).id) == (200, "")
    assert await rows(database) == before


async def test_what_a_column_cannot_hold_any_more_is_refused_and_nothing_is_written(undo, database):
    async with database.unit_of_work() as session:
        session.add(Thing(id=KEY, name="x", **FULL))
    async with database.unit_of_work() as session:
        await session.execute(update(Thing).values(dict.fromkeys(WRONG) | {"text": "u"}))
    line, changed = await last(database, LABEL), await rows(database)
    for name, value in WRONG.items():
        await rewrite(database, line.id, **{name: value})
        status, told = await undo(line.id)
        assert (status, told.startswith("This cannot be undone: ")) == (409, True), (name, told)
        assert f"{name} of {LABEL} {KEY} cannot hold what it held then." in told or "cannot be stored" in told, told
        await rewrite(database, line.id, **dict(line.before))
    assert await rows(database) == changed
    assert await undo(line.id) == (200, "")


async def test_a_column_that_was_added_or_dropped_since_is_named_unless_it_does_not_matter(undo, database):
    async with database.unit_of_work() as session:
        session.add(Thing(id=KEY, name="x"))
    added = (await last(database, LABEL)).id
    async with database.unit_of_work() as session:
        await session.execute(delete(Thing))
    deleted = (await last(database, LABEL)).id
    await rewrite(database, deleted, name=None)
    assert await undo(deleted) == (409, f"This cannot be undone: {LABEL} {KEY} had no name then, and needs one now.")
    await rewrite(database, deleted, name="x", dropped=5)
    assert await undo(deleted) == (409, f"{LABEL} {KEY} cannot be brought back: it has no field dropped any more.")
    async with database.unit_of_work() as session:
        line = await session.get_one(RecordedChange, deleted)
        line.before = {name: value for name, value in line.before.items() if name != "dropped"}
        line = await session.get_one(RecordedChange, added)
        line.after = {**line.after, "dropped": 5}
    assert await undo(deleted) == (200, "")
    assert await undo(added) == (200, "")  # an undo of an addition only deletes
    assert await rows(database) == []


async def test_an_object_whose_key_had_another_form_is_named_in_the_refusal(undo, database):
    async with database.unit_of_work() as session:
        session.add(Thing(id=KEY, name="x"))
    added = (await last(database, LABEL)).id
    for key in ("a", "1;2"):
        async with database.unit_of_work() as session:
            (await session.get_one(RecordedChange, added)).object_key = key
        assert await undo(added) == (409, f"This cannot be undone: the key of {LABEL} {key} has another form now.")
