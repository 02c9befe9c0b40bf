"""Tables that a site's database cannot hold are named before anything is made or served."""

from enum import Enum as PythonEnum
from uuid import UUID, uuid4

import pytest
from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Enum,
    Identity,
    Index,
    Integer,
    Interval,
    MetaData,
    Sequence,
    String,
    Table,
    UniqueConstraint,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import CIDR, ExcludeConstraint
from sqlalchemy.types import TypeDecorator, UserDefinedType

from dovetail.database.column_types import UTCDateTime, utcnow
from dovetail.database.engine.unportable_tables import unportable_tables


class Size(PythonEnum):
    SMALL = "small"
    LARGE = "large"


def table(*parts, **options):
    return Table("shop_item", MetaData(), Column("id", Integer, primary_key=True), *parts, **options)


class Unread(TypeDecorator):
    """A type of a site's own that cannot read anything before the site has started."""

    impl = String
    cache_ok = True

    def __init__(self, below):
        self.impl = below()

    def process_result_value(self, value, dialect):
        raise RuntimeError(value, dialect)


EXCLUSION = ExcludeConstraint((func.int4range(1, 2), "&&"), name="ex")
REFUSED = {
    "a schema": (table(schema="hr"), "the table 'hr.shop_item' lies in the schema 'hr', and SQLite has none"),
    "an Identity": (table(Column("no", Integer, Identity())), "has the column 'no' with an Identity"),
    "a type": (table(Column("net", CIDR)), "has the column 'net' of the type CIDR, which SQLite lacks"),
    "a sequence": (table(Column("no", Integer, Sequence("nos"))), "by the Sequence 'nos', and SQLite has none"),
    "the next of a sequence": (
        table(Column("no", Integer, server_default=Sequence("nos").next_value())),
        "cannot be made on SQLite: Dialect 'sqlite' does not support sequence increments; ",
    ),
    "a function": (
        table(Column("no", Uuid, server_default=func.gen_random_uuid())),
        "no such function: gen_random_uuid",
    ),
    "a duration": (table(Column("no", Interval, server_default=text("'1 day'"))), "give it default=timedelta(...)"),
    "a time": (
        table(Column("no", DateTime, server_default="yesterday")),
        "'yesterday', which its type DateTime cannot",
    ),
    "a flag as a text": (table(Column("no", Boolean, server_default="false")), "write true() or false() of sqlalchemy"),
    "a cast, whatever Python gives": (
        table(Column("no", JSON, default=dict, server_default=text("'{}'::json"))),
        "the server_default '{}'::json, of which SQLite says: unrecognized token",
    ),
    "a duration below a type of the site's own": (
        table(Column("no", Unread(Interval), server_default="1 day")),
        "'1 day', which its type Unread cannot read",
    ),
    "a UUID": (
        table(Column("no", Uuid, server_default=str(UUID(int=7)))),
        f"write it as it is kept, '{UUID(int=7).hex}'",
    ),
    "a rule that waits": (
        table(Column("no", Integer), UniqueConstraint("no", name="uq", deferrable=True)),
        "has the deferrable constraint 'uq', and SQLite defers none but foreign keys",
    ),
    "nulls that are alike": (
        table(Column("no", Integer), UniqueConstraint("no", postgresql_nulls_not_distinct=True)),
        "takes nulls for alike in what is unique",
    ),
    "a rule of some rows": (
        table(Column("no", Integer), Index("ix", "no", unique=True, postgresql_where=text("no > 1"))),
        "has the unique index 'ix' with postgresql_where, which would hold for all rows on SQLite; say sqlite_where",
    ),
    "an exclusion": (table(Column("no", Integer), EXCLUSION), "the table 'shop_item' cannot be made on SQLite"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_sqlite_lacks_is_refused_with_what_to_do(case):
    declared, said = REFUSED[case]

    (found,) = unportable_tables([declared], sqlite.dialect())

    assert said in found
    assert "; " in found
    assert list(unportable_tables([declared], postgresql.dialect())) == []


def test_what_both_databases_hold_is_not_refused():
    key = Column("id", BigInteger().with_variant(Integer(), "sqlite"), Identity(), primary_key=True)
    some = {"sqlite_where": text("no > 1"), "postgresql_where": text("no > 1")}
    declared = [
        Table("shop_item", MetaData(), key),
        table(Column("no", Integer), Index("ix", "no", unique=True, **some)),
        table(Column("no", Integer), Index("ix", "no", postgresql_where=text("no > 1"))),
        table(
            Column("at", UTCDateTime, server_default=utcnow()), Column("no", Integer, server_default=text("(1 + 2)"))
        ),
        table(
            Column("at", DateTime, server_default=func.now()), Column("is_on", Boolean, server_default=text("false"))
        ),
        table(Column("size", Enum(Size), server_default="SMALL"), Column("facts", JSON, server_default="{}")),
        table(
            Column("no", Uuid, server_default=UUID(int=7).hex), Column("on", Date, server_default=func.current_date())
        ),
        table(Column("net", CIDR().with_variant(String(43), "sqlite"))),
        table(
            Column("is_on", Boolean, server_default="0"), Column("at", Unread(DateTime), server_default="2026-01-01")
        ),
        table(Column("no", Uuid, default=uuid4, server_default=func.gen_random_uuid())),
    ]

    for dialect in (sqlite.dialect(), postgresql.dialect()):
        assert list(unportable_tables(declared, dialect)) == []


@pytest.mark.parametrize("is_native", [True, False])
def test_a_server_default_that_no_member_of_an_enum_has_is_refused_on_both_databases(is_native):
    column = Column("size", Enum(Size, native_enum=is_native), server_default="small")

    for dialect in (sqlite.dialect(), postgresql.dialect()):
        (found,) = unportable_tables([table(column._copy())], dialect)
        assert "'small', which its type Enum cannot read" in found
        assert found.endswith("; write one of 'SMALL', 'LARGE'")


def test_what_is_unique_in_some_rows_of_sqlite_alone_is_refused_on_postgresql():
    declared = table(Column("no", Integer), Index("ix", "no", unique=True, sqlite_where=text("no > 1")))

    (found,) = unportable_tables([declared], postgresql.dialect())

    assert "which would hold for all rows on PostgreSQL; say postgresql_where too" in found
    assert list(unportable_tables([declared], sqlite.dialect())) == []


class Counted(UserDefinedType[str]):
    """A type that counts how often a database asked for its name."""

    cache_ok = True
    asked = 0

    def get_col_spec(self, **_options):
        self.asked += 1
        return "TEXT"


def test_a_table_is_looked_at_once_however_many_applications_have_it():
    counted = Counted()
    declared = table(Column("text", counted))

    for dialect in (sqlite.dialect(), sqlite.dialect(), postgresql.dialect()):
        assert list(unportable_tables([declared], dialect)) == []

    assert counted.asked == 2  # by each kind of database
