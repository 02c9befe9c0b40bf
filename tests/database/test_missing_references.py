"""Which key of a row leads nowhere is found on both databases, by one statement at most, and only once it failed."""

import pytest
from sqlalchemy import ForeignKey, ForeignKeyConstraint, MetaData, event
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column

from dovetail.database.deletion.missing_references import breaks_a_reference, missing_references
from dovetail.database.models import Base
from dovetail.database.unit_of_work import Database


class RefersBase(Base):
    __abstract__ = True
    metadata = MetaData(naming_convention=Base.metadata.naming_convention)


class Place(RefersBase):
    __tablename__ = "refers_place"

    row: Mapped[int] = mapped_column(primary_key=True)
    seat: Mapped[int] = mapped_column(primary_key=True)


class Guest(RefersBase):
    __tablename__ = "refers_guest"
    __table_args__ = (ForeignKeyConstraint(["row", "place"], ["refers_place.row", "refers_place.seat"]),)

    id: Mapped[int] = mapped_column(primary_key=True)
    host_id: Mapped[int | None] = mapped_column(ForeignKey("refers_guest.id"))
    friend_id: Mapped[int | None] = mapped_column("friend", ForeignKey("refers_guest.id"))
    row: Mapped[int | None]
    seat: Mapped[int | None] = mapped_column("place")


@pytest.fixture
async def database(make_settings, empty_database_url):
    database = Database.from_settings(make_settings(plugins=(), database_url=empty_database_url))
    async with database.engine.begin() as connection:
        await connection.run_sync(RefersBase.metadata.create_all)
    async with database.unit_of_work() as session:
        session.add_all([Place(row=1, seat=1), Guest(id=1)])
    yield database
    await database.dispose()


async def insert(session, row):
    async with session.begin_nested():
        session.add(row)


@pytest.mark.parametrize(
    ("values", "missing"),
    [
        ({"host_id": 1, "friend_id": 9}, {"friend_id"}),
        ({"host_id": 9, "friend_id": 1}, {"host_id"}),
        ({"host_id": 1, "row": 1, "seat": 2}, {"row", "seat"}),
        ({"host_id": 9, "row": 1, "seat": 1}, {"host_id"}),
        ({"host_id": 9, "row": 1}, {"host_id"}),  # half a key refers to nothing
    ],
)
async def test_the_attributes_of_the_key_that_leads_nowhere_are_found(database, values, missing):
    statements: list[str] = []
    async with database.unit_of_work() as session:
        with pytest.raises(IntegrityError) as caught:
            await insert(session, Guest(id=2, **values))
        assert breaks_a_reference(caught.value)
        event.listen(
            database.engine.sync_engine,
            "before_cursor_execute",
            lambda _connection, _cursor, statement, *_: statements.append(statement),
        )
        assert set(await missing_references(session, Guest, values, caught.value)) == missing
    is_sqlite = database.engine.dialect.name == "sqlite"
    assert len([one for one in statements if one.startswith("SELECT")]) == is_sqlite
