"""Conditions on what refers to rows: the cheap ones find the rows that the plain `IN (SELECT ...)` finds."""

import pytest
from sqlalchemy import (
    Column,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    insert,
    select,
    text,
)

from dovetail.database.deletion.conditions import Followed, refer
from dovetail.database.deletion.reach import Reach
from dovetail.database.deletion.references import Rows, by_database

metadata = MetaData()
# On SQLite "A" and "a" are one name here, and two where only the reference is looked at.
NAME = String(10).with_variant(String(10, collation="NOCASE"), "sqlite")
owners = Table(
    "conditions_owner",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", NAME, unique=True),
    Column("rank", Integer),
)
things = Table(
    "conditions_thing",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("owner", ForeignKey("conditions_owner.id", ondelete="CASCADE")),
    Column("named", String(10)),
    Column("ranked", Integer),
    Column("parent", ForeignKey("conditions_thing.id", ondelete="CASCADE")),
)
OWNERS = [{"id": 1, "name": "a", "rank": 1}, {"id": 2, "name": "b", "rank": 2}, {"id": 3, "name": "c", "rank": 2}]
THINGS = [
    {"id": 1, "owner": 1, "named": "a", "ranked": 1, "parent": None},
    {"id": 2, "owner": 2, "named": "A", "ranked": 2, "parent": None},
    {"id": 3, "owner": 2, "named": "b", "ranked": 3, "parent": 2},
    {"id": 4, "owner": 3, "named": "c", "ranked": None, "parent": 3},
    {"id": 5, "owner": None, "named": None, "ranked": 2, "parent": 1},
]
TAKEN = select(owners.c.id).where(owners.c.name == "b").cte("taken")
OTHER, OTHER_THING = owners.alias(), things.alias()
CHOSEN = {
    "a key": owners.c.id == 2,
    "a key that nobody has": owners.c.id == 99,
    "a key and more": (owners.c.id == 2) & (owners.c.name == "b"),
    "a key and what is not so": (owners.c.id == 2) & (owners.c.name == "c"),
    "a key that another statement knows": owners.c.id == select(TAKEN.c.id).scalar_subquery(),
    "a key that hangs on the row": owners.c.id
    == select(OTHER_THING.c.owner).where(OTHER_THING.c.id == owners.c.rank).scalar_subquery(),
    "a name": owners.c.name == "A",
    "what several have": owners.c.rank == 2,
    "what several have, and more": (owners.c.rank == 2) & (owners.c.id > 1),
    "a key of an alias": owners.c.id.in_(select(OTHER.c.id).where(OTHER.c.id == 3)),
    "all but a key": owners.c.id != 2,
}
PAIRS = [(things.c.owner, owners.c.id), (things.c.named, owners.c.name), (things.c.ranked, owners.c.rank)]


@pytest.fixture
async def filled(database):
    async with database.engine.begin() as connection:
        await connection.run_sync(metadata.create_all)
        await connection.execute(insert(owners), OWNERS)
        for row in THINGS:
            await connection.execute(insert(things), row)
        yield connection


async def test_what_refers_to_chosen_rows_is_what_has_one_of_their_values(filled):
    for name, chosen in CHOSEN.items():
        for own, target in PAIRS:
            plain = own.in_(select(target).where(chosen).correlate(None))
            expected = (await filled.scalars(select(things.c.id).where(plain).order_by(things.c.id))).all()
            found = select(things.c.id).where(refer(((own, target),), chosen)).order_by(things.c.id)
            assert (await filled.scalars(found)).all() == expected, (name, own)


def test_a_key_that_is_known_is_not_looked_for_again():
    key, name = PAIRS[0], PAIRS[1]
    assert str(refer((key,), CHOSEN["a key"])) == "conditions_thing.owner = :id_1"
    assert " IN " not in str(refer((key,), CHOSEN["a key and more"]))
    assert " IN " not in str(refer((name,), CHOSEN["a name"]))


@pytest.mark.parametrize(("owner", "expected"), [(1, [1, 5]), (2, [2, 3, 4]), (99, [])])
async def test_rows_that_are_followed_are_the_same_in_from_and_in_where(filled, owner, expected):
    gone = Reach.of([Rows(owners)], by_database).gone({Rows(owners): owners.c.id == owner})[Rows(things)]
    assert isinstance(gone, Followed)
    for found in (select(things.c.id).where(gone), select(things.c.id).select_from(gone.rows())):
        assert (await filled.scalars(found.order_by(things.c.id))).all() == expected


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_sqlite_reads_no_table_whole_to_follow_rows_whose_number_it_knows(database):
    tree = MetaData()
    root = Table("planned_owner", tree, Column("id", Integer, primary_key=True))
    leaf = Table(
        "planned_thing",
        tree,
        Column("id", Integer, primary_key=True),
        Column("owner", ForeignKey("planned_owner.id", ondelete="CASCADE"), index=True),
        Column("parent", ForeignKey("planned_thing.id", ondelete="CASCADE"), index=True),
    )
    async with database.engine.begin() as connection:
        await connection.run_sync(tree.create_all)
        await connection.execute(insert(root), [{"id": number} for number in range(1, 501)])
        rows = [{"id": number, "owner": number % 500 + 1, "parent": number // 2 or None} for number in range(1, 5001)]
        await connection.execute(insert(leaf), rows)
        await connection.execute(text("ANALYZE"))
        gone = Reach.of([Rows(root)], by_database).gone({Rows(root): root.c.id == 2})[Rows(leaf)]
        assert isinstance(gone, Followed)
        found = select(leaf.c.id).select_from(gone.rows()).compile(connection.sync_engine)
        values = tuple(found.params[name] for name in found.positiontup)
        steps = (await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {found}", values)).all()
    told = [step[-1] for step in steps]
    assert any("ix_planned_thing_owner" in one for one in told), told
    assert [one for one in told if "BLOOM" in one or one.startswith("SCAN planned_thing")] == [], told
