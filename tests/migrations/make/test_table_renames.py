"""A renamed table keeps its rows and takes along what bears its name: the schema is as if it never had another."""

import pytest
from sqlalchemy.exc import IntegrityError

from tests.migrations.make.test_makemigrations import CART, ITEM, change
from tests.migrations.schema import columns, execute, rows, schema
from tests.migrations.sites import Site

THING = ITEM.replace("shop_item", "shop_thing").replace("Item", "Thing")

MORE = """
from sqlalchemy import CheckConstraint, UniqueConstraint
class Item(IdMixin, Base):
    __tablename__ = "shop_item"
    name: Mapped[str] = mapped_column(String(50), index=True)
    code: Mapped[str] = mapped_column(String(9), server_default="")
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("shop_item.id", ondelete="CASCADE"))
    __table_args__ = (UniqueConstraint("name", "code"), CheckConstraint("name <> ''", name="name"))
Index("uq_shop_item_lower", func.lower(Item.name), unique=True)
class Part(IdMixin, Base):
    __tablename__ = "shop_part"
    item_id: Mapped[int] = mapped_column(ForeignKey("shop_item.id", ondelete="CASCADE"), index=True)
class ItemKind(IdMixin, Base):
    __tablename__ = "shop_item_kind"
    name: Mapped[str] = mapped_column(String(50), index=True)
"""
ROWS = [(1, "apple", None), (2, "pear", 1)]


def with_table_renamed(models: str) -> str:
    """Give `shop_item` another name, and leave `shop_item_kind` alone."""
    renamed = models.replace("shop_item", "shop_thing").replace("shop_thing_kind", "shop_item_kind")
    return renamed.replace("Item.name", "Thing.name").replace("class Item(", "class Thing(")


@pytest.fixture
async def renamed(site: Site, engine) -> Site:
    """A shop with rows, whose table of items has another name in the models than in the database."""
    change(site, MORE, with_table_renamed(MORE))
    await execute(
        engine,
        "INSERT INTO shop_item (id, name, parent_id) VALUES (1, 'apple', NULL), (2, 'pear', 1)",
        "INSERT INTO shop_part (id, item_id) VALUES (1, 2)",
    )
    return site


async def test_a_renamed_table_keeps_its_rows_and_is_named_throughout(renamed, engine):
    before = await schema(engine)

    said = renamed.manage("makemigrations", answers="y\n")
    assert "Was the table shop_item renamed to shop_thing? [y/N]: " in said
    assert renamed.files("shop") == ["0001_initial", "0002_rename_item_thing"]
    assert 'op.rename_table("shop_item", "shop_thing")' in renamed.source("shop", "0002")
    renamed.manage("migrate")

    assert await rows(engine, "SELECT id, name, parent_id FROM shop_thing ORDER BY id") == ROWS
    assert await rows(engine, "SELECT id, item_id FROM shop_part") == [(1, 2)]
    assert renamed.manage("makemigrations", "--check") == "No changes detected.\n"
    assert "shop_item" not in str(await schema(engine)).replace("shop_item_kind", "")

    renamed.manage("migrate", "shop", "0001")
    assert await schema(engine) == before
    assert await rows(engine, "SELECT id, name, parent_id FROM shop_item ORDER BY id") == ROWS


async def test_the_schema_is_that_of_a_table_that_always_had_the_name(renamed, engine):
    renamed.manage("makemigrations", answers="y\n")
    renamed.manage("migrate")
    after = await schema(engine)
    renamed.manage("migrate", "shop", "zero")
    for path in renamed.migrations("shop").glob("0*.py"):
        path.unlink()

    renamed.manage("makemigrations")
    renamed.manage("migrate")

    assert await schema(engine) == after


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("INSERT INTO shop_thing (id, name) VALUES (9, 'APPLE')", r"(?i)unique"),
        ("INSERT INTO shop_thing (id, name) VALUES (9, '')", r"(?i)check"),
        ("INSERT INTO shop_part (id, item_id) VALUES (9, 9)", r"(?i)foreign key"),
    ],
)
async def test_what_a_renamed_table_promised_it_still_keeps(renamed, engine, statement, reason):
    renamed.manage("makemigrations", answers="y\n")
    renamed.manage("migrate")

    async with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            await connection.exec_driver_sql("PRAGMA foreign_keys=on")
        with pytest.raises(IntegrityError, match=reason):
            await connection.exec_driver_sql(statement)


async def test_a_rename_and_other_changes_go_into_one_migration(site, engine):
    changed = with_table_renamed(MORE).replace("String(50), index=True)", "String(50))", 1)
    more = changed + 'class Box(IdMixin, Base):\n    __tablename__ = "shop_box"\n'
    more += '    thing_id: Mapped[int] = mapped_column(ForeignKey("shop_thing.id"))\n'
    change(site, MORE, more)

    site.manage("makemigrations", answers="y\n")
    site.manage("migrate")

    assert len(site.files("shop")) == 2
    assert await columns(engine, "shop_box") == ["id", "thing_id"]
    assert "ix_shop_thing_name" not in (await schema(engine))["shop_thing"]["indexes"]
    assert site.manage("makemigrations", "--check") == "No changes detected.\n"
    site.manage("migrate", "shop", "0001")
    assert "ix_shop_item_name" in (await schema(engine))["shop_item"]["indexes"]


async def test_who_refers_to_it_from_another_plugin_still_does(site, engine):
    site.plugin("shop", ITEM)
    site.plugin("cart", CART, depends_on=("shop",))
    site.manage("makemigrations")
    site.manage("migrate")
    await execute(engine, "INSERT INTO shop_item (id, name) VALUES (1, 'apple')", "INSERT INTO cart_line VALUES (1, 1)")
    site.plugin("shop", THING)
    site.plugin("cart", CART.replace("shop_item", "shop_thing"), depends_on=("shop",))

    site.manage("makemigrations", answers="y\n")
    site.manage("migrate")

    assert 'depends_on: str | tuple[str, ...] | None = "cart_0001_initial"' in site.source("shop", "0002")
    assert site.files("cart") == ["0001_initial"]
    assert site.manage("makemigrations", "--check") == "No changes detected.\n"
    keys = (await schema(engine))["cart_line"]["foreign keys"]
    assert [key[:3] for key in keys] == [("fk_cart_line_item_id_shop_thing", ("item_id",), "shop_thing")]
    assert await rows(engine, "SELECT id, item_id FROM cart_line") == [(1, 1)]
    site.manage("migrate", "shop", "zero", "--yes")
    site.manage("migrate")
    assert (await schema(engine))["cart_line"]["foreign keys"] == keys


async def test_a_table_that_was_not_renamed_goes(site, engine):
    change(site, ITEM, THING)

    site.manage("makemigrations", answers="n\n")
    site.manage("migrate")

    assert await columns(engine, "shop_thing") == ["id", "name"]
    assert "drop_table" in site.source("shop", "0002")


def test_without_input_the_loss_of_a_renamed_table_is_said(site):
    change(site, ITEM, THING)

    said = site.manage("makemigrations", "--noinput")

    assert "Note: shop_item is dropped and shop_thing made with the same columns, with the loss of its rows" in said


def test_a_table_does_not_move_to_another_plugin_by_itself(site):
    site.plugin("cart", "")
    change(site, ITEM, "")
    site.plugin("cart", ITEM.replace("shop_item", "cart_item"))

    done = site.run("makemigrations", answers="y\n")

    assert done.returncode == 1
    assert "shop_item belongs to shop and cart_item to cart" in done.stdout
    assert not site.migrations("cart").exists()


async def test_triggers_of_a_renamed_table_still_fire(renamed, engine):
    if engine.dialect.name == "sqlite":
        await execute(
            engine,
            "CREATE TRIGGER shout AFTER INSERT ON shop_item BEGIN "
            "UPDATE shop_item SET code = upper(name) WHERE id = NEW.id; END",
        )
    else:
        await execute(
            engine,
            "CREATE FUNCTION shout() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN NEW.code = upper(NEW.name); RETURN NEW; END $$",
            "CREATE TRIGGER shout BEFORE INSERT ON shop_item FOR EACH ROW EXECUTE FUNCTION shout()",
        )
    renamed.manage("makemigrations", answers="y\n")

    renamed.manage("migrate")
    await execute(engine, "INSERT INTO shop_thing (id, name) VALUES (3, 'fig')")

    assert await rows(engine, "SELECT code FROM shop_thing WHERE id = 3") == [("FIG",)]


async def test_the_sql_of_a_rename_can_be_read_and_run(renamed, engine):
    renamed.manage("makemigrations", answers="y\n")
    renamed.manage("migrate")
    after = await schema(engine)
    renamed.manage("migrate", "shop", "0001")

    sql = renamed.manage("sqlmigrate", "shop", "0002")
    async with engine.begin() as connection:
        for statement in sql.split(";\n"):
            if statement.strip():
                await connection.exec_driver_sql(statement)

    assert await schema(engine) == after
