"""Checks and indexes follow their models in every detail, as unique constraints and keys do."""

import pytest

from tests.migrations.schema import definitions, execute, rows
from tests.migrations.sites import Site

HEAD = """
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
"""
CHECKED = """
class Item(IdMixin, Base):
    __tablename__ = "shop_item"
    name: Mapped[str] = mapped_column(String(20), server_default="a")
    price: Mapped[int] = mapped_column(server_default="20")
    __table_args__ = ({})
"""
PRICE = 'sa.CheckConstraint("price > 0", name="price"),'
INDEXED = """
class Item(IdMixin, Base):
    __tablename__ = "shop_item"
    name: Mapped[str] = mapped_column(String(20), server_default="a")
    price: Mapped[int] = mapped_column(server_default="20")
Index("ix_shop_item", {})
"""
KIND = """
class Item(IdMixin, Base):
    __tablename__ = "shop_item"
    kind: Mapped[str] = mapped_column({}, server_default="a")
"""
CHOICE = "sa.Enum({}, name='kind', native_enum=False, create_constraint=True{})"
CHANGES = {
    "a check that changes": (CHECKED, PRICE, PRICE.replace("> 0", "> 10"), "alter_ck_shop_item_price"),
    "a check that comes": (CHECKED, "", PRICE, "ck_shop_item_price"),
    "a check that goes": (CHECKED, PRICE, "", "remove_ck_shop_item_price"),
    "choices that are checked": (
        KIND,
        CHOICE.format("'a', 'b'", ""),
        CHOICE.format("'a', 'b', 'c'", ""),
        "alter_ck_shop_item_kind",
    ),
    "longer choices that are checked": (
        KIND,
        CHOICE.format("'a', 'b'", ""),
        CHOICE.format("'a', 'more'", ""),
        "remove_ck_shop_item_kind_alter_item_kind",
    ),
    "a text whose choices are checked": (
        KIND,
        "String(9)",
        CHOICE.format("'a', 'b'", ", length=9"),
        "ck_shop_item_kind",
    ),
    "choices that are not checked any more": (
        KIND,
        CHOICE.format("'a', 'b'", ""),
        "String(1)",
        "remove_ck_shop_item_kind",
    ),
    "an expression": (INDEXED, "func.lower(Item.name)", "func.upper(Item.name)", "alter_ix_shop_item"),
    "an expression, and no longer a column": (INDEXED, "Item.name", "func.upper(Item.name)", "alter_ix_shop_item"),
    "a column, and no longer an expression": (INDEXED, "func.upper(Item.name)", "Item.name", "alter_ix_shop_item"),
    "a direction": (INDEXED, "Item.name, Item.price", "Item.name.desc(), Item.price", "alter_ix_shop_item"),
    "an index that is unique": (
        INDEXED,
        "func.upper(Item.name), Item.price",
        "func.upper(Item.name), Item.price, unique=True",
        "alter_ix_shop_item",
    ),
    "a condition": (
        INDEXED,
        "Item.price, sqlite_where=Item.name > 'a:b', postgresql_where=Item.name > 'a:b'",
        "Item.price, sqlite_where=Item.name > 'b', postgresql_where=Item.name > 'b'",
        "alter_ix_shop_item",
    ),
    "a condition of an expression": (
        INDEXED,
        "func.upper(Item.name), sqlite_where=Item.price > 1, postgresql_where=Item.price > 1",
        "func.upper(Item.name), sqlite_where=Item.price > 2, postgresql_where=Item.price > 2",
        "alter_ix_shop_item",
    ),
}
EXCLUSION = """
    postgresql.ExcludeConstraint(
        (sa.func.int4range(sa.column("price"), sa.column("price"), "{}"), "&&"), name="ex_shop_item", using="gist"
    ),
"""
CHANGES_OF_POSTGRESQL = {
    "a method": (INDEXED, "Item.price, postgresql_using='brin'", "Item.price", "alter_ix_shop_item"),
    "columns that are included": (
        INDEXED,
        "Item.price",
        "Item.price, postgresql_include=['name']",
        "alter_ix_shop_item",
    ),
    "an operator class": (
        INDEXED,
        "Item.name",
        "Item.name, postgresql_ops={'name': 'text_pattern_ops'}",
        "alter_ix_shop_item",
    ),
    "parameters of storage": (
        INDEXED,
        "Item.name",
        "Item.name, postgresql_with={'fillfactor': 50}",
        "alter_ix_shop_item",
    ),
    "NULLs that are alike": (
        CHECKED,
        "sa.UniqueConstraint('name'),",
        "sa.UniqueConstraint('name', postgresql_nulls_not_distinct=True),",
        "alter_uq_shop_item_name",
    ),
    "a constraint that waits": (
        CHECKED,
        "sa.UniqueConstraint('name', deferrable=True, initially='DEFERRED'),",
        "sa.UniqueConstraint('name'),",
        "alter_uq_shop_item_name",
    ),
    "an exclusion that comes": (
        CHECKED,
        "",
        EXCLUSION.format("[]"),
        "item_exclusions",
    ),
    "an exclusion that changes": (CHECKED, EXCLUSION.format("[]"), EXCLUSION.format("(]"), "item_exclusions"),
    "an exclusion that goes": (CHECKED, EXCLUSION.format("[]"), "", "item_exclusions"),
}


async def assert_it_follows(site: Site, engine, change: tuple[str, str, str, str]) -> None:
    template, before, after, name = change
    site.plugin("shop", HEAD + template.format(before))
    site.manage("makemigrations")
    site.manage("migrate")
    at_first = await definitions(engine)
    assert site.manage("makemigrations", "--check") == "No changes detected.\n"
    await execute(engine, "INSERT INTO shop_item (id) VALUES (1)")
    site.plugin("shop", HEAD + template.format(after))

    assert site.manage("makemigrations").splitlines()[0] == f"shop: 0002_{name}"
    site.manage("migrate")

    assert site.manage("makemigrations", "--check") == "No changes detected.\n"
    assert await rows(engine, "SELECT id FROM shop_item") == [(1,)]
    changed = await definitions(engine)
    site.manage("migrate", "shop", "0001")
    assert await definitions(engine) == at_first
    site.manage("migrate")
    assert await definitions(engine) == changed != at_first


@pytest.mark.parametrize("change", CHANGES)
async def test_what_changes_is_seen_written_and_undone(site, engine, change):
    await assert_it_follows(site, engine, CHANGES[change])


@pytest.mark.parametrize("change", CHANGES_OF_POSTGRESQL)
@pytest.mark.parametrize("database_kind", ["postgresql"])
async def test_what_only_postgresql_knows_is_seen_written_and_undone(site, engine, change):
    await assert_it_follows(site, engine, CHANGES_OF_POSTGRESQL[change])


@pytest.mark.parametrize(
    ("condition", "names"),
    [
        ("Item.name > 'a:b'", ("sqlite_where", "postgresql_where")),
        ("Item.price.is_not(None)", ("sqlite_where", "postgresql_where")),
        ("Item.price > 3", ("sqlite_where",)),
        ("Item.price > 3", ("postgresql_where",)),
    ],
)
async def test_a_condition_is_put_back_on_each_database_that_had_it(site, database_kind, condition, names):
    options = "".join(f", {name}={condition}" for name in names)
    is_unique = len(names) == 2  # with one condition it would be unique in other rows of the other database
    site.plugin("shop", HEAD + INDEXED.format(f"Item.price, unique={is_unique}{options}"))
    site.manage("makemigrations")
    site.manage("migrate")
    site.plugin("shop", HEAD + INDEXED.format("Item.price").replace("ix_shop_item", "ix_shop_other"))
    site.manage("makemigrations")
    (path,) = site.migrations("shop").glob("0002*.py")
    undone = path.read_text().partition("def downgrade")[2]
    if f"{database_kind}_where" in names:
        assert {name for name in ("sqlite_where", "postgresql_where") if name in undone} == set(names)
    assert f"unique={is_unique}" in undone
    assert "::" not in undone.partition("sqlite_where")[2].partition("\n")[0]
