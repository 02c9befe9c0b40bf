"""`manage.py sqlmigrate` prints what a migration would send, and sends nothing."""

import pytest

from tests.migrations.make.test_makemigrations import ITEM, change
from tests.migrations.schema import schema, tables
from tests.migrations.sites import Site


@pytest.fixture
def shop(site: Site) -> Site:
    """The second migration makes the table anew on SQLite."""
    change(site, ITEM, ITEM.replace("Mapped[str]", "Mapped[str | None]"))
    site.manage("makemigrations")
    return site


async def run(engine, sql: str) -> None:
    async with engine.begin() as connection:
        for statement in sql.split(";\n"):
            if statement.strip() and not statement.startswith("--"):
                await connection.exec_driver_sql(statement)


async def test_it_prints_and_changes_nothing(shop, engine):
    shop.manage("migrate", "shop", "zero")

    sql = shop.manage("sqlmigrate", "shop", "0001")

    assert sql.startswith("CREATE TABLE shop_item (")
    assert "dovetail_migration" not in sql
    assert await tables(engine) == set()


def test_a_percent_sign_stays_one(shop):
    shop.migration("shop", "0009_percent", "op.create_index('x', 'shop_item', [sa.text(\"(name || '100 %')\")])")

    assert "'100 %')" in shop.manage("sqlmigrate", "shop", "0009")


async def test_what_it_prints_does_what_the_migration_does_and_back(shop, engine):
    before = await schema(engine)
    shop.manage("migrate")
    after = await schema(engine)
    assert before != after
    shop.manage("migrate", "shop", "0001")

    await run(engine, shop.manage("sqlmigrate", "shop", "0002"))
    assert await schema(engine) == after
    await run(engine, shop.manage("sqlmigrate", "shop", "0002", "--backwards"))
    assert await schema(engine) == before


def test_values_are_written_out(shop):
    shop.migration(
        "shop",
        "0003_fill",
        "items = sa.table('shop_item', sa.column('name', sa.String))\n"
        "op.execute(items.update().where(items.c.name == 'a').values(name='b'))",
    )

    assert "UPDATE shop_item SET name='b' WHERE shop_item.name = 'a'" in shop.manage("sqlmigrate", "shop", "0003")


def test_an_empty_migration_sends_nothing(shop):
    shop.migration("shop", "0003_empty", "pass")

    assert shop.manage("sqlmigrate", "shop", "3") == "-- This migration sends nothing.\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("shopp", "0001"), "no enabled plugin is named shopp;"),
        (("shop", "0009"), "plugin 'shop' has no migration '0009'"),
    ],
)
def test_what_is_not_there_is_said_in_one_line(shop, arguments, message):
    done = shop.run("sqlmigrate", *arguments)

    assert done.returncode == 1
    assert message in done.stdout
    assert done.stdout.count("\n") == 1
