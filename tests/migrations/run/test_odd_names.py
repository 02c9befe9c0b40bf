"""Names in mixed case, with spaces, and words of SQL are names as others, in migrations, dumps and loads."""

import json

import pytest

from tests.migrations.schema import execute, rows
from tests.migrations.sites import Site

MODELS = """
class Order(IdMixin, Base):
    __tablename__ = "shop_Order by"
    select: Mapped[str] = mapped_column("Select", String(20), unique=True)
    user: Mapped[str] = mapped_column("user", String(20), server_default="it's: 100%", index=True)
    group: Mapped[int] = mapped_column("Group of", server_default="1")
class Line(IdMixin, Base):
    __tablename__ = "shop_table"
    Order: Mapped[int] = mapped_column("Order", ForeignKey("shop_Order by.id", ondelete="CASCADE"))
    where: Mapped[str | None] = mapped_column("WHERE", Text)
"""
INSERT = (
    """INSERT INTO "shop_Order by" (id, "Select", "Group of") VALUES (1, 'all', 5), (7, 'none', 6)""",
    """INSERT INTO shop_table ("Order", "WHERE") VALUES (7, '1 = 1')""",
)
READ = 'SELECT o.id, "Select", "user", "Group of", "WHERE" FROM "shop_Order by" o JOIN shop_table ON "Order" = o.id'


@pytest.fixture
def shop(site: Site) -> Site:
    site.plugin("shop", MODELS)
    site.manage("makemigrations")
    site.manage("migrate")
    return site


async def test_such_tables_are_dumped_emptied_and_loaded(shop, engine, tmp_path):
    await execute(engine, *INSERT)
    dump = tmp_path / "dump.json"
    shop.manage("dumpdata", "--output", str(dump))
    assert "1 = 1" in str(json.loads(dump.read_text()))

    shop.manage("flush", "--yes")
    assert await rows(engine, READ) == []
    shop.manage("loaddata", str(dump))

    assert await rows(engine, READ) == [(7, "none", "it's: 100%", 6, "1 = 1")]
    await execute(engine, """INSERT INTO "shop_Order by" ("Select") VALUES ('next')""")
    assert await rows(engine, """SELECT id FROM "shop_Order by" WHERE "Select" = 'next'""") == [(8,)]


async def test_such_tables_change_are_renamed_and_go(shop, engine):
    await execute(engine, *INSERT)
    changed = (
        MODELS.replace('"shop_Order by"', '"shop_Group By"')
        .replace("shop_Order by.id", "shop_Group By.id")
        .replace("class Order", "class GroupBy")
        .replace('"WHERE", Text', '"WHERE", String(9)')
    )
    shop.plugin("shop", changed)

    shop.manage("makemigrations", answers="y\n")
    shop.manage("migrate")

    assert shop.manage("makemigrations", "--check") == "No changes detected.\n"
    assert await rows(engine, READ.replace("shop_Order by", "shop_Group By")) == [(7, "none", "it's: 100%", 6, "1 = 1")]
    shop.manage("migrate", "shop", "0001")
    assert len(await rows(engine, READ)) == 1
    shop.manage("migrate", "shop", "zero", "--yes")
