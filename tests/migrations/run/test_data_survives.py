"""Rows outlive a migration: renames keep them, and on SQLite a table that is made anew keeps all that hangs on it."""

import pytest
from sqlalchemy.exc import IntegrityError

from tests.forked import start
from tests.migrations.make.test_makemigrations import CART, ITEM, change
from tests.migrations.schema import columns, execute, rows, schema
from tests.migrations.sites import Site

RENAMED = ITEM.replace("    name:", "    title:")


async def test_a_rename_keeps_the_values_when_it_is_confirmed(site, engine):
    change(site, ITEM, RENAMED)
    await execute(engine, "INSERT INTO shop_item (id, name) VALUES (1, 'apple')")

    said = site.manage("makemigrations", answers="y\n")
    assert "Was shop_item.name renamed to title?" in said
    assert site.files("shop") == ["0001_initial", "0002_rename_name_item_title"]
    site.manage("migrate")
    assert await rows(engine, "SELECT id, title FROM shop_item") == [(1, "apple")]
    assert site.manage("makemigrations", "--check") == "No changes detected.\n"

    site.manage("migrate", "shop", "0001")
    assert await rows(engine, "SELECT id, name FROM shop_item") == [(1, "apple")]


async def test_a_rename_of_an_indexed_column_keeps_the_values(site, engine):
    indexed = ITEM.replace("String(50))", "String(50), index=True)")
    change(site, indexed, indexed.replace("    name:", "    title:"))
    await execute(engine, "INSERT INTO shop_item (id, name) VALUES (1, 'apple')")

    site.manage("makemigrations", answers="y\n")
    site.manage("migrate")

    assert await rows(engine, "SELECT id, title FROM shop_item") == [(1, "apple")]
    assert (await schema(engine))["shop_item"]["indexes"][0] == "ix_shop_item_title"
    assert site.manage("makemigrations", "--check") == "No changes detected.\n"
    site.manage("migrate", "shop", "0001")
    assert await rows(engine, "SELECT id, name FROM shop_item") == [(1, "apple")]


async def test_a_refused_rename_drops_and_adds(site, engine):
    nullable = ITEM.replace("Mapped[str]", "Mapped[str | None]")
    change(site, nullable, nullable.replace("    name:", "    title:"))

    site.manage("makemigrations", answers="n\n")
    site.manage("migrate")

    assert await columns(engine, "shop_item") == ["id", "title"]
    assert "drop_column" in site.source("shop", "0002")


def test_without_input_a_rename_is_not_guessed_and_it_says_so(site):
    nullable = ITEM.replace("Mapped[str]", "Mapped[str | None]")
    change(site, nullable, nullable.replace("    name:", "    title:"))

    said = site.manage("makemigrations", "--noinput")

    assert "Note: shop_item.name is dropped and shop_item.title added, with the loss of its values" in said
    assert "drop_column" in site.source("shop", "0002")


async def test_a_one_off_default_fills_the_rows_and_leaves_no_default(site, engine):
    change(site, ITEM, ITEM + "    price: Mapped[int]\n")
    await execute(engine, "INSERT INTO shop_item (id, name) VALUES (1, 'apple')")

    said = site.manage("makemigrations", answers="7\n")
    assert "shop_item.price takes no NULL and has no server default" in said
    site.manage("migrate")

    assert await rows(engine, "SELECT id, name, price FROM shop_item") == [(1, "apple", 7)]
    price = (await schema(engine))["shop_item"]["columns"][-1]
    assert (price[0], price[2], price[3]) == ("price", False, None)
    assert site.manage("makemigrations", "--check") == "No changes detected.\n"
    site.manage("migrate", "shop", "0001")
    assert await rows(engine, "SELECT id, name FROM shop_item") == [(1, "apple")]


@pytest.mark.parametrize(
    ("column", "answers", "refusal", "stored"),
    [
        ("Mapped[int]", "heavy\n7\n", "expected a whole number, found 'heavy'", "7"),
        ("Mapped[bool]", "maybe\nyes\n", "expected true or false, found 'maybe'", "True"),
        ("Mapped[float]", "nan\n1.5\n", "expected a number, found 'nan'", "1.5"),
        (
            "Mapped[str] = mapped_column(String(3))",
            "long\nit's\nabc\n",
            "expected 3 characters at most, found 4",
            "abc",
        ),
        ("Mapped[date]", "today\n2026-01-31\n", "expected a date such as 2026-01-31, found 'today'", "2026-01-31"),
        ("Mapped[datetime]", "tomorrow\nnow\n", "expected `now`, or the default of your choice", None),
        ("Mapped[dict[str, int]] = mapped_column(JSON)", "{\n{}\n", "expected JSON, found '{'", "{}"),
        (
            "Mapped[UUID]",
            "7\n" + "0" * 31 + "1\n",
            "expected a UUID, found '7'",
            "00000000-0000-0000-0000-000000000001",
        ),
        (
            "Mapped[str] = mapped_column(Enum('S', 'M', native_enum=False))",
            "XL\nM\n",
            "expected one of S, M, found 'XL'",
            "M",
        ),
    ],
)
async def test_a_one_off_default_fits_its_column(  # noqa: PLR0917 - pytest passes them by name
    site, engine, column, answers, refusal, stored
):
    imports = "from datetime import date\nfrom uuid import UUID\nfrom sqlalchemy import JSON, Enum\n"
    change(site, ITEM, f"{imports}{ITEM}    extra: {column}\n")
    await execute(engine, "INSERT INTO shop_item (id, name) VALUES (1, 'apple')")

    said = site.manage("makemigrations", answers=answers)
    site.manage("migrate")

    assert f"Error: {refusal}" in said
    assert site.files("shop") == ["0001_initial", "0002_item_extra"]
    assert site.manage("makemigrations", "--check") == "No changes detected.\n"
    (site.folder / "read.py").write_text(READ)
    done = start(["read.py"], site.folder, site.environment()).finish()
    assert stored is None or done.stdout == f"{stored}\n", done.stdout
    assert done.returncode == 0, done.stdout


READ = """
import asyncio
from config.settings import Settings
from plugins.shop.models import Item
from dovetail.database.engine.engine import create_engine
from dovetail.settings import load_settings
from sqlalchemy import select
async def read():
    async with create_engine(load_settings(Settings)).connect() as connection:
        print(await connection.scalar(select(Item.extra)))
asyncio.run(read())
"""


async def test_without_input_no_value_is_made_up_and_nothing_is_lost(site, engine):
    change(site, ITEM, ITEM + "    price: Mapped[int]\n")
    await execute(engine, "INSERT INTO shop_item (id, name) VALUES (1, 'apple')")

    said = site.manage("makemigrations", "--noinput")
    assert "Note: shop_item.price takes no NULL" in said
    done = site.run("migrate")

    assert done.returncode == 1
    assert "shop_0002_item_price (plugin shop) failed" in done.stdout
    assert await rows(engine, "SELECT id, name FROM shop_item") == [(1, "apple")]


FAMILY = (
    ITEM
    + 'Index("uq_shop_item_lower", func.lower(Item.name), unique=True)\n'
    + 'Index("ix_shop_item_name", Item.name)\n'
    + "from sqlalchemy import CheckConstraint, UniqueConstraint\n"
    + 'class Part(IdMixin, Base):\n    __tablename__ = "shop_part"\n'
    + '    item_id: Mapped[int] = mapped_column(ForeignKey("shop_item.id", ondelete="CASCADE"))\n'
    + "    code: Mapped[str] = mapped_column(String(9))\n"
    + '    __table_args__ = (UniqueConstraint("item_id", "code"), CheckConstraint("code <> \'\'", name="code"))\n'
)


@pytest.fixture
async def family(site: Site, engine) -> Site:
    """A table with children that go with it, which the next migration makes anew on SQLite."""
    wider = FAMILY.replace("name: Mapped[str] = mapped_column(String(50))", "name: Mapped[str | None]")
    change(site, FAMILY, wider.replace("String(9)", "String(12)"))
    await execute(
        engine,
        "INSERT INTO shop_item (id, name) VALUES (1, 'Apple')",
        "INSERT INTO shop_part (id, item_id, code) VALUES (1, 1, 'x')",
    )
    site.manage("makemigrations")
    return site


async def test_children_survive_when_their_table_is_made_anew(family, engine):
    family.manage("migrate")

    assert await rows(engine, "SELECT id, item_id, code FROM shop_part") == [(1, 1, "x")]
    family.manage("migrate", "shop", "0001")
    assert await rows(engine, "SELECT id, item_id, code FROM shop_part") == [(1, 1, "x")]


async def test_indexes_and_constraints_survive_when_a_table_is_made_anew(family, engine):
    before = await schema(engine)

    family.manage("migrate")
    after = await schema(engine)

    assert after["shop_item"]["indexes"] == before["shop_item"]["indexes"]
    assert "uq_shop_item_lower" in after["shop_item"]["indexes"]
    for kind in ("foreign keys", "unique"):
        assert after["shop_part"][kind] == before["shop_part"][kind]
        assert after["shop_part"][kind]
    with pytest.raises(IntegrityError, match=r"(?i)unique"):
        await execute(engine, "INSERT INTO shop_item (id, name) VALUES (2, 'APPLE')")
    with pytest.raises(IntegrityError, match=r"(?i)check"):
        await execute(engine, "INSERT INTO shop_part (id, item_id, code) VALUES (2, 1, '')")


async def test_triggers_survive_when_a_table_is_made_anew(family, engine):
    if engine.dialect.name == "sqlite":
        trigger = (
            "CREATE TRIGGER shout AFTER INSERT ON shop_part BEGIN "
            "UPDATE shop_item SET name = upper(name) WHERE id = NEW.item_id; END"
        )
        await execute(engine, trigger)
    else:
        await execute(
            engine,
            "CREATE FUNCTION shout() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN UPDATE shop_item SET name = upper(name) WHERE id = NEW.item_id; RETURN NEW; END $$",
            "CREATE TRIGGER shout AFTER INSERT ON shop_part FOR EACH ROW EXECUTE FUNCTION shout()",
        )

    family.manage("migrate")
    await execute(engine, "INSERT INTO shop_part (id, item_id, code) VALUES (2, 1, 'y')")

    assert await rows(engine, "SELECT name FROM shop_item") == [("APPLE",)]


async def test_a_migration_that_orphans_rows_is_refused(site, engine):
    site.plugin("shop", ITEM)
    site.plugin("cart", CART, depends_on=("shop",))
    site.manage("makemigrations")
    site.manage("migrate")
    await execute(
        engine,
        "INSERT INTO shop_item (id, name) VALUES (1, 'apple')",
        "INSERT INTO cart_line (id, item_id) VALUES (1, 1)",
    )
    site.migration("shop", "0002_clear", "op.execute('DELETE FROM shop_item')")

    done = site.run("migrate")

    assert done.returncode == 1
    assert "shop_0002_clear" in done.stdout
    assert "cart_line" in done.stdout
    assert await rows(engine, "SELECT id FROM shop_item") == [(1,)]
