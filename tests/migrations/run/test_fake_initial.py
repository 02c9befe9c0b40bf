"""`migrate --fake-initial` takes tables that are there for a first migration's, if they are as it makes them."""

import pytest
from sqlalchemy import inspect, text

from tests.migrations.sites import Site

SHOP = """
class Maker(Base):
    __tablename__ = "shop_maker"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(40), unique=True)

class Item(Base):
    __tablename__ = "shop_item"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(40), index=True)
    price: Mapped[int] = mapped_column(server_default="0")
    maker_id: Mapped[int | None] = mapped_column(ForeignKey("shop_maker.id", ondelete="CASCADE"))
"""


@pytest.fixture
def shop(site: Site) -> Site:
    """A site whose database has the tables, and no record of migrations."""
    site.plugin("shop", SHOP)
    site.manage("makemigrations")
    site.manage("migrate")
    return site


async def forget(engine, *statements: str) -> None:
    async with engine.begin() as connection:
        for statement in ("DROP TABLE dovetail_migration", "DROP TABLE alembic_version", *statements):
            await connection.execute(text(statement))


async def test_tables_as_the_migration_makes_them_are_recorded_and_keep_their_rows(shop, engine):
    await forget(engine, "INSERT INTO shop_item (id, name) VALUES (7, 'cup')")
    assert "already exists" in shop.run("migrate").stdout
    said = shop.manage("migrate", "--fake-initial")
    assert "Recording shop_0001_initial, whose tables are there ... OK" in said
    assert " [x] 0001_initial" in shop.manage("showmigrations")
    assert shop.manage("makemigrations", "--check") == "No changes detected.\n"
    async with engine.connect() as connection:
        assert await connection.scalar(text("SELECT name FROM shop_item WHERE id = 7")) == "cup"
        names = await connection.run_sync(lambda one: inspect(one).get_schema_names())
    assert "dovetail_probe" not in names


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            "ALTER TABLE shop_item ADD COLUMN colour TEXT",
            "shop_item: the database has the column colour (TEXT), which",
        ),
        (
            "ALTER TABLE shop_item RENAME COLUMN price TO cost",
            "shop_item: the database has not the column price (INTEGER NOT",
        ),
        ("DROP INDEX ix_shop_item_name", "shop_item: the database has not the index ix_shop_item_name (on (name))"),
        ("DROP TABLE shop_item", "shop_item: the database has no such table"),
    ],
)
async def test_a_database_that_differs_is_refused_table_by_table(shop, engine, change, told):
    await forget(engine, change)
    done = shop.run("migrate", "--fake-initial")
    assert done.returncode == 1
    assert "the database is not as shop_0001_initial would make it, so nothing was recorded" in done.stdout
    assert f"- {told}" in done.stdout
    assert "Traceback" not in done.stdout
    assert " [ ] 0001_initial" in shop.manage("showmigrations")


async def test_a_column_of_another_type_is_refused(shop, engine, database_kind):
    types = "maker_id BIGINT, name VARCHAR(50) NOT NULL, price INTEGER DEFAULT 0 NOT NULL"
    await forget(
        engine,
        "DROP TABLE shop_item",
        f"CREATE TABLE shop_item (id INTEGER PRIMARY KEY, {types})",
        "CREATE INDEX ix_shop_item_name ON shop_item (name)",
    )
    told = shop.run("migrate", "--fake-initial").stdout
    expected = "shop_item: the column name is VARCHAR(50) NOT NULL, and the migration makes it VARCHAR(40) NOT NULL"
    assert expected in told
    assert "shop_item: the column maker_id is BIGINT, and the migration makes it INTEGER" in told
    assert "shop_item: the database has not the foreign key (maker_id) (to shop_maker(id) ondelete CASCADE" in told


def test_migrations_of_tables_that_are_not_there_run(site: Site):
    site.plugin("shop", SHOP)
    site.manage("makemigrations")
    said = site.manage("migrate", "--fake-initial")
    assert "Applying shop_0001_initial ... OK" in said
    assert site.manage("migrate", "--fake-initial") == "No migrations to apply.\n"


async def test_later_migrations_run_on_tables_that_were_found(shop, engine):
    shop.plugin("shop", SHOP + "    colour: Mapped[str | None] = mapped_column(String(9))\n")
    shop.manage("makemigrations")
    await forget(engine)
    said = shop.manage("migrate", "--fake-initial")
    assert "Recording shop_0001_initial" in said
    assert "Applying shop_0002_item_colour" in said


async def test_a_first_migration_that_refers_to_another_that_was_not_applied_is_tried_after_it(shop, engine):
    shop.plugin(
        "till",
        "class Sale(Base):\n    __tablename__ = 'till_sale'\n    id: Mapped[int] = mapped_column(primary_key=True)\n"
        "    item_id: Mapped[int] = mapped_column(ForeignKey('shop_item.id'))\n",
        depends_on=("shop",),
    )
    shop.manage("makemigrations")
    shop.manage("migrate")
    await forget(engine)
    said = shop.manage("migrate", "--fake-initial")
    assert "Recording shop_0001_initial" in said
    assert "Recording till_0001_initial" in said


def test_both_ways_to_fake_at_once_are_refused(site: Site):
    done = site.run("migrate", "--fake", "--fake-initial")
    assert done.returncode == 2
    assert "--fake records every migration" in done.stdout


async def test_a_first_migration_that_cannot_be_tried_is_refused_in_one_line_and_leaves_nothing(site, engine):
    site.plugin("shop", SHOP)
    site.migration("shop", "0001_initial", "op.create_table('shop_x', sa.Column('id', sa.Integer))\nop.execute('no')")
    done = site.run("migrate", "--fake-initial")
    assert done.returncode == 1
    assert "Traceback" not in done.stdout
    assert "shop_0001_initial" in done.stdout
    async with engine.connect() as connection:
        assert "shop_x" not in await connection.run_sync(lambda one: inspect(one).get_table_names())


@pytest.mark.parametrize("database_kind", ["postgresql"])
async def test_a_first_migration_that_commits_by_itself_is_not_tried(site, engine):
    site.plugin("shop", SHOP)
    site.migration("shop", "0001_initial", "with op.get_context().autocommit_block():\n    op.execute('SELECT 1')")
    said = site.run("migrate", "--fake-initial").stdout
    assert "which cannot be tried: MigrationError: it works outside a transaction" in said
    assert "manage.py migrate shop 0001_initial --fake" in said
    async with engine.connect() as connection:
        assert "dovetail_probe" not in await connection.run_sync(lambda one: inspect(one).get_schema_names())
