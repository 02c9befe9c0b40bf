"""What a deletion reaches, compared with what the database and the ORM then do."""

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
    update,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship

from dovetail.database.deletion.reach import Reach
from dovetail.database.deletion.references import Effect, Rows, by_database, by_objects

metadata = MetaData()
left = Table(
    "reach_left",
    metadata,
    Column("shop", Integer, primary_key=True),
    Column("id", Integer, primary_key=True),
    Column("right", ForeignKey("reach_right.name", ondelete="CASCADE", name="fk_left")),
    Column("up_shop", Integer),
    Column("up_id", Integer),
    ForeignKeyConstraint(["up_shop", "up_id"], ["reach_left.shop", "reach_left.id"], ondelete="CASCADE"),
)
right = Table(
    "reach_right",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(10), unique=True),
    Column("shop", Integer),
    Column("left", Integer),
    ForeignKeyConstraint(
        ["shop", "left"], ["reach_left.shop", "reach_left.id"], ondelete="CASCADE", name="fk_right", use_alter=True
    ),
)
leaf = Table(
    "reach_leaf",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("right", ForeignKey("reach_right.id", ondelete="CASCADE")),
)
shelves = Table("reach_shelf", metadata, Column("id", Integer, primary_key=True))
boxes = Table(
    "reach_box",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("shelf", ForeignKey("reach_shelf.id", ondelete="CASCADE")),
    Column("parent", ForeignKey("reach_box.id", ondelete="CASCADE")),
)
ROWS = [  # each behind what it refers to
    (left, (1, 1, None, None, None)),
    (left, (2, 1, None, None, None)),
    (right, (1, "a", None, None)),
    (left, (1, 2, "a", None, None)),
    (left, (1, 3, None, 1, 2)),
    (right, (2, "b", 1, 3)),
    (right, (3, "c", 2, 1)),
    (leaf, (1, 2)),
    (leaf, (2, 3)),
    (leaf, (3, None)),
]


async def test_rows_of_tables_that_refer_to_each_other_are_followed_to_any_depth(database):
    async with database.engine.begin() as connection:
        await connection.run_sync(metadata.create_all)
        for table, row in ROWS:
            await connection.execute(insert(table).values(row))
        for root, chosen in ((right, right.c.name == "a"), (left, (left.c.shop == 2) & (left.c.id == 1))):
            reach = Reach.of([Rows(root)], by_database)
            gone = reach.gone({Rows(root): chosen})
            told, before = {}, {}
            for table in (left, right, leaf):
                keys = list(table.primary_key.columns)
                told[table] = set((await connection.execute(select(*keys).where(gone[Rows(table)]))).all())
                before[table] = set((await connection.execute(select(*keys))).all())
            await connection.execute(delete(root).where(chosen))
            for table, found in before.items():
                left_over = set((await connection.execute(select(*table.primary_key.columns))).all())
                assert told[table] == found - left_over, table
            assert told[root]
            assert told[leaf]


TREE = [  # 1 to 3 stand in a circle; 5 hangs on 4, which another shelf has
    {"id": 1, "shelf": 1, "parent": 3},
    {"id": 2, "shelf": None, "parent": 1},
    {"id": 3, "shelf": 1, "parent": 2},
    {"id": 4, "shelf": 2, "parent": 3},
    {"id": 5, "shelf": 2, "parent": 4},
    {"id": 6, "shelf": 2, "parent": None},
    {"id": 7, "shelf": 3, "parent": 6},
]


@pytest.mark.parametrize(
    ("root", "chosen", "gone"),
    [
        (shelves, shelves.c.id == 1, {1, 2, 3, 4, 5}),
        (shelves, shelves.c.id == 2, {4, 5, 6, 7}),
        (shelves, shelves.c.id.in_([2, 3]), {4, 5, 6, 7}),
        (boxes, boxes.c.id == 2, {1, 2, 3, 4, 5}),
        (boxes, (boxes.c.id == 4) & (boxes.c.shelf == 2), {4, 5}),
        (boxes, boxes.c.id.in_([3, 6]), {1, 2, 3, 4, 5, 6, 7}),
    ],
)
async def test_a_tree_is_followed_to_its_end_though_rows_stand_in_a_circle(database, root, chosen, gone):
    async with database.engine.begin() as connection:
        await connection.run_sync(metadata.create_all)
        await connection.execute(insert(shelves), [{"id": 1}, {"id": 2}, {"id": 3}])
        for row in TREE:
            await connection.execute(insert(boxes), row | {"parent": None})
        for row in TREE:
            await connection.execute(update(boxes).where(boxes.c.id == row["id"]).values(parent=row["parent"]))
        told = Reach.of([Rows(root)], by_database).gone({Rows(root): chosen})[Rows(boxes)]
        assert set(await connection.scalars(select(boxes.c.id).where(told))) == gone
        await connection.execute(delete(root).where(chosen))
        assert set(await connection.scalars(select(boxes.c.id))) == {row["id"] for row in TREE} - gone


class ReachBase(DeclarativeBase):
    pass


class Owner(ReachBase):
    __tablename__ = "reach_owner"
    id: Mapped[int] = mapped_column(primary_key=True)
    kept: Mapped[list["Kept"]] = relationship()
    owned: Mapped[list["Thing"]] = relationship(cascade="all, delete-orphan")
    left_to_database: Mapped[list["Held"]] = relationship(passive_deletes=True)


class Kept(ReachBase):
    __tablename__ = "reach_kept"
    id: Mapped[int] = mapped_column(primary_key=True)
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("reach_owner.id"))


class Held(ReachBase):
    __tablename__ = "reach_held"
    id: Mapped[int] = mapped_column(primary_key=True)
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("reach_owner.id"))


class Thing(ReachBase):
    __tablename__ = "reach_thing"
    __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": "thing"}  # noqa: RUF012 - SQLAlchemy's way
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))
    owner_id: Mapped[int] = mapped_column(ForeignKey("reach_owner.id"))


class Car(Thing):
    __tablename__ = "reach_car"
    __mapper_args__ = {"polymorphic_identity": "car"}  # noqa: RUF012 - as above
    id: Mapped[int] = mapped_column(ForeignKey("reach_thing.id"), primary_key=True)
    wheels: Mapped[list["Wheel"]] = relationship(cascade="all")


class Wheel(ReachBase):
    __tablename__ = "reach_wheel"
    id: Mapped[int] = mapped_column(primary_key=True)
    car_id: Mapped[int] = mapped_column(ForeignKey("reach_car.id"))


@pytest.mark.parametrize("held", [True, False])
async def test_what_the_orm_deletes_and_lets_go_of_is_told_before_it_does(database, held):
    async with database.engine.begin() as connection:
        await connection.run_sync(ReachBase.metadata.create_all)
        await connection.run_sync(_see, held)


def _see(connection, held) -> None:
    with Session(connection) as session:
        others = [Owner(id=2, owned=[Thing(id=9)])]
        owner = Owner(id=1, kept=[Kept(id=1)], owned=[Thing(id=1), Car(id=2, wheels=[Wheel(id=1), Wheel(id=2)])])
        session.add_all([owner, *others, *([Held(id=1, owner_id=1)] if held else [])])
        session.flush()
        root = Rows(Owner.__table__, Owner.__mapper__)
        reach = Reach.of([root], by_objects)
        gone = reach.gone({root: Owner.__table__.c.id == 1})
        told = {
            rows.table.name: session.execute(select(*rows.table.primary_key).where(one)).all()
            for rows, one in gone.items()
        }
        assert told == {
            "reach_owner": [(1,)],
            "reach_thing": [(1,), (2,)],
            "reach_car": [(2,)],
            "reach_wheel": [(1,), (2,)],
        }
        effects = {one.rows.table.name: one.effect for one in reach.references[root]}
        assert effects == {"reach_kept": Effect.EMPTY, "reach_held": Effect.BLOCK, "reach_thing": Effect.DELETE}
        if held:
            return
        session.expire_all()
        session.delete(session.get(Owner, 1))
        session.flush()
        assert [session.query(one).count() for one in (Owner, Thing, Car, Wheel, Kept)] == [1, 1, 0, 0, 1]
