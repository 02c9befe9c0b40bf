"""Batches that people write by hand: what SQLite cannot alter it makes anew, and nothing that hangs on it is lost."""

import pytest

from tests.migrations.schema import definitions, execute, rows

LONG = "shop_item_of_a_shop_with_a_name_that_is_rather_long"  # longer than Alembic's name for the table meanwhile
CREATE = f"""
op.create_table(
    {LONG!r},
    sa.Column("id", sa.Integer(), nullable=False),
    sa.Column("name", sa.String(20), nullable=False),
    sa.Column("price", sa.String(20), nullable=True),
    sa.PrimaryKeyConstraint("id", name="pk_shop_item"),
    sqlite_autoincrement=True,
)
op.create_index("ix_shop_item_lower", {LONG!r}, [sa.text("lower(name)")])
op.create_index("ix_shop_item_newest", {LONG!r}, [sa.text("id DESC")])
"""
DROP = f"op.drop_table({LONG!r})"


@pytest.fixture
def shop(site):
    site.plugin("shop", "")
    site.migration("shop", "0001_initial", CREATE, DROP)
    site.manage("migrate")
    return site


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_a_table_with_a_long_name_keeps_its_triggers_indexes_and_count(shop, engine):
    trigger = f"CREATE TRIGGER shout AFTER INSERT ON {LONG} BEGIN UPDATE {LONG} SET name = upper(name); END"
    insert = f"INSERT INTO {LONG} (name) VALUES ('a')"
    await execute(engine, trigger, insert, f"DELETE FROM {LONG}")
    before = {row for row in await definitions(engine) if row[0] != "table"}
    change = f"with op.batch_alter_table({LONG!r}) as batch:\n    batch.alter_column('name', type_=sa.String(30))"
    shop.migration("shop", "0002_longer", change)

    shop.manage("migrate")

    assert {row for row in await definitions(engine) if row[0] != "table"} == before
    await execute(engine, insert)
    assert await rows(engine, f"SELECT id, name FROM {LONG}") == [(2, "A")]


@pytest.mark.parametrize("recreate", ["auto", "always"])
async def test_one_batch_can_change_a_column_and_indexes_on_expressions(shop, engine, database_kind, recreate):
    recreate = "auto" if database_kind == "postgresql" else recreate  # which SQLite alone can
    change = f"""
    with op.batch_alter_table({LONG!r}, recreate={recreate!r}) as batch:
        batch.drop_index("ix_shop_item_lower")
        batch.alter_column("price", type_=sa.Integer(), postgresql_using="price::int")
        batch.create_index("ix_shop_item_upper", [sa.text("upper(name)")])
    """
    shop.migration("shop", "0002_changed", change)
    await execute(engine, f"INSERT INTO {LONG} (name, price) VALUES ('a', '12')")

    shop.manage("migrate")

    names = {row[1] for row in await definitions(engine) if row[1].startswith("ix_")}
    assert names == {"ix_shop_item_newest", "ix_shop_item_upper"}
    assert await rows(engine, f"SELECT price + 1 FROM {LONG}") == [(13,)]


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_a_batch_that_puts_a_column_after_another_makes_its_indexes_too(shop, engine):
    change = f"""
    with op.batch_alter_table({LONG!r}) as batch:
        batch.drop_index("ix_shop_item_lower")
        batch.create_index("ix_shop_item_upper", [sa.text("upper(name)")])
        batch.alter_column("price", type_=sa.String(30))
        batch.add_column(sa.Column("note", sa.String(9)), insert_after="name")
    """
    shop.migration("shop", "0002_changed", change)

    shop.manage("migrate")

    names = {row[1] for row in await definitions(engine) if row[1].startswith("ix_")}
    assert names == {"ix_shop_item_newest", "ix_shop_item_upper"}
    columns = await rows(engine, f"SELECT name FROM pragma_table_info('{LONG}') ORDER BY cid")
    assert columns == [("id",), ("name",), ("note",), ("price",)]
