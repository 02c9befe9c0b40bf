"""A table that is there is found whatever its name looks like, and so is a view in its place."""

from sqlalchemy import Column, Integer, MetaData, Table, text
from sqlalchemy.schema import CreateSchema

from dovetail.database.unit_of_work import Database
from dovetail.migrations.missing_tables import absent, name_in_sql

NAMES = (
    "shop_item",
    "Shop_Item_Two",
    "shop item",
    'shop"item',
    "shop.item",
    "shop'item",
    "shop:item",
    "order",
    "point",
)


async def test_names_of_every_kind_are_found_once_the_tables_are_there(
    make_settings, empty_database_url, database_kind
):
    database = Database.from_settings(make_settings(database_url=empty_database_url))
    tables = MetaData()
    for name in NAMES:
        Table(name, tables, Column("id", Integer, primary_key=True))
    if database_kind == "postgresql":
        Table("shop_item", tables, Column("id", Integer, primary_key=True), schema="Back Office")
    names = {name_in_sql(table, database.engine.dialect) for table in tables.tables.values()}
    async with database.engine.begin() as connection:
        if database_kind == "postgresql":
            await connection.execute(CreateSchema("Back Office"))
        assert await connection.run_sync(absent, names) == names
        await connection.run_sync(tables.create_all)
        assert await connection.run_sync(absent, names) == frozenset()
        await connection.execute(text("DROP TABLE shop_item"))
        assert await connection.run_sync(absent, names) == {"shop_item"}
        await connection.execute(text("CREATE VIEW shop_item AS SELECT 1 AS id"))
        assert await connection.run_sync(absent, names) == frozenset()
    await database.dispose()
