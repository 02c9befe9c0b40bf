"""`check --database` names the columns that the database cannot have, and says what to do."""

import sqlite3

import pytest

from tests.migrations.sites import Site

MODELS = """
from sqlalchemy.dialects import postgresql
class Item(IdMixin, Base):
    __tablename__ = "shop_item"
    facts: Mapped[dict[str, str] | None] = mapped_column(postgresql.HSTORE)
"""
JSONB = """
from sqlalchemy.dialects import sqlite
class Item(IdMixin, Base):
    __tablename__ = "shop_item"
    facts: Mapped[dict[str, str] | None] = mapped_column(sqlite.JSONB)
"""
SAID = {
    "sqlite": "the table 'shop_item' has the column 'facts' of the type HSTORE, which SQLite lacks; use another",
    "postgresql": "(kernel.E056) The column shop_item.facts is of the type HSTORE(text_type=Text()), and the extension",
}


@pytest.mark.parametrize("database_kind", ["sqlite", "postgresql"])
def test_a_column_of_a_type_that_the_database_lacks_is_named_with_what_to_do(
    tmp_path, empty_database_url, database_kind
):
    site = Site(tmp_path, empty_database_url)
    site.plugin("shop", MODELS)

    done = site.run("check", "--database")

    assert done.returncode == 1
    (line,) = [line for line in done.stdout.splitlines() if "shop_item" in line]
    assert SAID[database_kind] in line
    assert database_kind == "sqlite" or " Hint: install it on the server" in line


@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_jsonb_of_sqlite_is_refused_where_sqlite_is_too_old(tmp_path, empty_database_url):
    site = Site(tmp_path, empty_database_url)
    site.plugin("shop", JSONB)

    done = site.run("check", "--database")

    is_old = sqlite3.sqlite_version_info < (3, 45)
    assert ("(kernel.E055) The column shop_item.facts is of the type JSONB(" in done.stdout) is is_old
