"""Tables that a site's database cannot hold are named before anything is made or served."""

import pytest
from sqlalchemy import BigInteger, Column, Identity, Integer, MetaData, String, Table, func
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import CIDR, ExcludeConstraint
from sqlalchemy.types import UserDefinedType

from dovetail.database.engine.unportable_tables import unportable_tables


def table(*parts, **options):
    return Table("shop_item", MetaData(), Column("id", Integer, primary_key=True), *parts, **options)


EXCLUSION = ExcludeConstraint((func.int4range(1, 2), "&&"), name="ex")
REFUSED = {
    "a schema": (table(schema="hr"), "the table 'hr.shop_item' lies in the schema 'hr', and SQLite has none"),
    "an Identity": (table(Column("no", Integer, Identity())), "has the column 'no' with an Identity"),
    "a type": (table(Column("net", CIDR)), "has the column 'net' of the type CIDR, which SQLite lacks"),
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
    declared = [
        Table("shop_item", MetaData(), key),
        table(Column("net", CIDR().with_variant(String(43), "sqlite"))),
    ]

    for dialect in (sqlite.dialect(), postgresql.dialect()):
        assert list(unportable_tables(declared, dialect)) == []


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
