"""A file made on SQLite gives a native enum of PostgreSQL the labels of the model, and takes them back."""

import pytest
from sqlalchemy import text

from tests.migrations.schema import execute, rows
from tests.migrations.sites import Site
from tests.outside import run_async, settings_for

MODELS = """
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
class Item(IdMixin, Base):
    __tablename__ = "{table}"
    {column}: Mapped[str] = mapped_column({type}, {more})
"""
ENUM = "sa.Enum({}, name='level')"
LISTS = "sa.JSON().with_variant(postgresql.ARRAY(sa.Enum({}, name='level')), 'postgresql')"
LABELS = text("SELECT CAST(enumlabel AS text) FROM pg_enum ORDER BY enumsortorder")


def change(site: Site, type_: str, *, table: str = "shop_item", column: str = "level", more: str = "") -> str:
    """Write the model anew, make its migration and return what is in it."""
    site.plugin("shop", MODELS.format(type=type_, table=table, column=column, more=more))
    before = site.files("shop") if site.migrations("shop").exists() else []
    site.manage("makemigrations", answers="y\n")
    assert site.manage("makemigrations", "--check") == "No changes detected.\n"
    assert len(site.files("shop")) == len(before) + 1
    return site.source("shop", site.files("shop")[-1]).replace('"', "'")


def labels(url: str) -> list[str]:
    return run_async(settings_for(url), lambda session: session.scalars(LABELS)).all()


@pytest.mark.parametrize("database_kind", ["sqlite"])
@pytest.mark.parametrize("kind", [ENUM, LISTS], ids=["enum", "array"])
def test_labels_of_the_same_length_are_seen(site, databases, kind):
    change(site, kind.format("'low', 'high'"))
    source = change(site, kind.format("'low', 'high', 'mid'"))
    assert "sa.Enum('low', 'high', name='level')" in source.partition(" type_=")[0]

    with databases.empty("postgresql") as url:
        site.manage("migrate", DATABASE_URL=url)
        assert labels(url) == ["low", "high", "mid"]
        assert site.manage("makemigrations", "--check", DATABASE_URL=url) == "No changes detected.\n"
        site.manage("migrate", "shop", "0001", DATABASE_URL=url)
        assert labels(url) == ["low", "high"]


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_labels_are_known_of_tables_that_were_made_anew_or_renamed(site, engine):
    low, high = ENUM.format("'low', 'high'"), ENUM.format("'lows', 'high'")
    change(site, "sa.String(4)")
    assert "type_=sa.Enum('low', 'high', name='level')" in change(site, low)
    change(site, low, more="nullable=True")
    change(site, low, more="nullable=True", column="degree")
    change(site, low, more="nullable=True", column="degree", table="shop_thing")
    site.manage("migrate")
    await execute(engine, "INSERT INTO shop_thing (degree) VALUES ('high')")

    source = change(site, high, more="nullable=True", column="degree", table="shop_thing")
    assert "existing_type=sa.Enum('low', 'high', name='level')" in source
    assert "type_=sa.Enum('lows', 'high', name='level')" in source
    assert "type_=sa.String(length=4)" in change(
        site, "sa.String(4)", more="nullable=True", column="degree", table="shop_thing"
    )
    site.manage("migrate")
    assert await rows(engine, "SELECT degree FROM shop_thing") == [("high",)]


@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_labels_that_sqlite_checks_and_postgresql_keeps_in_a_type_are_changed_on_both(site, databases):
    kind = "sa.Enum({}, name='level', create_constraint=True)"
    change(site, kind.format("'low', 'high'"))
    assert "batch_op.drop_constraint(batch_op.f('ck_shop_item_level')" in change(site, kind.format("'low', 'hugh'"))
    site.manage("migrate")

    with databases.empty("postgresql") as url:
        site.manage("migrate", DATABASE_URL=url)
        assert labels(url) == ["low", "hugh"]
        assert site.manage("makemigrations", "--check", DATABASE_URL=url) == "No changes detected.\n"
        site.manage("migrate", "shop", "0001", DATABASE_URL=url)
        site.manage("migrate", DATABASE_URL=url)
        assert labels(url) == ["low", "hugh"]
