"""A row that breaks a rule is refused in a sentence of its model, or by the columns of the rule: never by SQL."""

import logging

import pytest
from sqlalchemy import CheckConstraint, ForeignKey, Index, MetaData, String, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Mapped, mapped_column

from dovetail.database.drivers.broken_rules import refused_columns
from dovetail.database.error_translation import client_error
from dovetail.database.models import Base
from dovetail.database.unit_of_work import Database
from dovetail.errors import ConflictError, PermissionDeniedError

LONG = "a_name_that_is_longer_than_the_63_bytes_that_postgresql_has_for_one_name"
UNNAMED = "A rule for what is stored here does not allow this."


class Booking(Base):
    __tablename__ = "rules_booking"
    __table_args__ = (
        CheckConstraint("first <= last", name="begins_before_it_ends"),
        CheckConstraint("room <> 13"),
        CheckConstraint("room < 900", name="rooms", info={"violation_error_message": "There is no such room."}),
        CheckConstraint("last < 900", name="days_there_are", comment="A year has fewer days."),
        CheckConstraint("room <> 14", name=LONG),
        CheckConstraint("guest <> 'Größe'", name='Größe "x" Maß'),
        ExcludeConstraint(
            (func.int4range(text("room"), text("room + 1")), "&&"),
            (func.int4range(text("first"), text("last"), text("'[]'")), "&&"),
            name="one_guest_a_room",
        ).ddl_if(dialect="postgresql"),
        UniqueConstraint("first", "code"),
        UniqueConstraint("code", "last", info={"violation_error_message": "The code was used that day."}),
        UniqueConstraint("stamp"),
        Index("one_spelling_of_a_guest", func.lower(text("guest")), unique=True),
    )
    metadata = MetaData(naming_convention=Base.metadata.naming_convention)

    id: Mapped[int] = mapped_column(primary_key=True)
    room: Mapped[int]
    first: Mapped[int]
    last: Mapped[int]
    guest: Mapped[str] = mapped_column(String(20), default="Ada")
    code: Mapped[int | None]
    stamp: Mapped[int | None] = mapped_column(default=None)
    host_id: Mapped[int | None] = mapped_column(ForeignKey("rules_booking.id"))


@pytest.fixture
async def refusal(make_settings, empty_database_url):
    """Return what a client is told of a row that is refused."""
    database = Database.from_settings(make_settings(plugins=(), database_url=empty_database_url))
    async with database.engine.begin() as connection:
        await connection.run_sync(Booking.metadata.create_all)
        await connection.execute(text("INSERT INTO rules_booking (room, first, last, guest) VALUES (1, 1, 5, 'x')"))
        await connection.execute(
            text("INSERT INTO rules_booking (room, first, last, guest, code, stamp) VALUES (7, 1, 5, 'y', 8, 9)")
        )
        if connection.dialect.name == "postgresql":
            await connection.execute(text("ALTER TABLE rules_booking ADD CONSTRAINT hidden CHECK (room <> 15)"))

    async def refusal(**values):
        with pytest.raises(IntegrityError) as caught:
            async with database.unit_of_work() as session:
                session.add(Booking(**{"room": 2, "first": 1, "last": 2} | values))
        found = client_error(caught.value)
        assert type(found) is ConflictError
        refusal.columns = {one.name for one in refused_columns(caught.value.orig, [Booking.__table__])}
        return found.detail

    yield refusal
    await database.dispose()


@pytest.mark.parametrize(
    ("values", "columns"),
    [
        ({"first": 3}, {"first", "last"}),
        ({"room": 14}, {"room"}),
        ({"guest": "Größe"}, {"guest"}),
        ({"first": 1, "code": 8}, {"first", "code"}),  # by a constraint
        ({"room": 3, "guest": "X"}, {"guest"}),  # by an index of an expression
        ({"room": None}, {"room"}),
    ],
)
async def test_the_columns_of_the_rule_are_found_on_both_databases(refusal, values, columns):
    await refusal(**values)
    assert refusal.columns == columns


@pytest.mark.parametrize("database_kind", ["postgresql"])
@pytest.mark.parametrize(
    ("values", "columns"), [({"room": 1}, {"room", "first", "last"}), ({"host_id": 9}, {"host_id"})]
)
async def test_so_are_those_of_an_exclusion_and_of_a_foreign_key(refusal, values, columns):
    await refusal(**values)
    assert refusal.columns == columns


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"first": 3}, "These values do not go together: First, Last."),
        ({"room": 14}, "This value is not allowed here: Room."),  # whose name either database has shortened
        ({"guest": "Größe"}, "This value is not allowed here: Guest."),
        ({"room": 13}, "This value is not allowed here: Room."),
        ({"room": 900}, "There is no such room."),
        ({"last": 900}, "A year has fewer days."),
        ({"code": 8}, "Something with these values already exists: First, Code."),
        ({"first": 2, "last": 5, "code": 8}, "The code was used that day."),
        ({"stamp": 9}, "Something with this value already exists."),
    ],
)
async def test_a_rule_is_told_in_the_words_of_its_model_or_by_its_columns(refusal, values, told, caplog):
    with caplog.at_level(logging.INFO):
        assert await refusal(**values) == told
    assert any(record.getMessage().startswith("A row breaks the rule ") for record in caplog.records)


@pytest.mark.parametrize("database_kind", ["postgresql"])
async def test_so_is_an_exclusion(refusal):
    assert await refusal(room=1) == (
        "Something that is already there is in the way of these values: Room, First, Last."
    )


@pytest.mark.parametrize("database_kind", ["postgresql"])
async def test_a_rule_that_no_model_has_is_not_named(refusal):
    assert await refusal(room=15) == UNNAMED


@pytest.mark.parametrize("database_kind", ["postgresql"])
async def test_a_row_that_row_level_security_refuses_is_forbidden_and_a_missing_grant_is_a_mistake_of_ours(
    make_settings, empty_database_url
):
    database = Database.from_settings(make_settings(plugins=(), database_url=empty_database_url))
    secured = (
        "CREATE TABLE guarded (id int, owner text)",
        "ALTER TABLE guarded ENABLE ROW LEVEL SECURITY",
        "CREATE POLICY own ON guarded WITH CHECK (owner = 'me')",
    )

    async def insert(grant: str) -> None:
        async with database.unit_of_work() as session:
            # The tests are run by a superuser, who is above policies.
            for statement in (*secured, grant, "SET LOCAL ROLE pg_monitor", "INSERT INTO guarded VALUES (1, 'other')"):
                await session.execute(text(statement))

    found = []
    for grant in ("GRANT INSERT ON guarded TO pg_monitor", "SELECT 1"):
        with pytest.raises(DBAPIError) as caught:
            await insert(grant)
        found.append(type(client_error(caught.value)))
    assert found == [PermissionDeniedError, type(None)]
    await database.dispose()
