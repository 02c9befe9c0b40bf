"""No key is given twice: what was said of a deleted row is never said of a new one."""

import pytest

from tests.migrations.make.test_makemigrations import ITEM, change
from tests.migrations.schema import execute, rows, schema
from tests.migrations.sites import Site

CREATE = """
op.create_table(
    "shop_item",
    sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
    sa.Column("name", sa.String(length=50), nullable=False),
    sa.PrimaryKeyConstraint("id", name=op.f("pk_shop_item")),
)
op.create_table(
    "shop_part",
    sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
    sa.Column("item_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
    sa.ForeignKeyConstraint(["item_id"], ["shop_item.id"], name="fk_shop_part_item_id_shop_item", ondelete="CASCADE"),
    sa.PrimaryKeyConstraint("id", name=op.f("pk_shop_part")),
)
op.create_index("ix_shop_item_lower", "shop_item", [sa.text("lower(name)")])
"""
PARTS = """
class Part(IdMixin, Base):
    __tablename__ = "shop_part"
    item_id: Mapped[int] = mapped_column(ForeignKey("shop_item.id", ondelete="CASCADE"))
"""
MODELS = ITEM + 'Index("ix_shop_item_lower", func.lower(Item.name))\n' + PARTS
DROP = 'op.drop_table("shop_part")\nop.drop_table("shop_item")'


async def newest_key(engine) -> int:
    """Add a row, and return its key."""
    await execute(engine, "INSERT INTO shop_item (name) VALUES ('new')")
    return (await rows(engine, "SELECT max(id) FROM shop_item"))[0][0]


async def test_the_key_of_the_newest_row_is_not_given_again(site, engine):
    change(site, ITEM, ITEM)
    await execute(engine, "INSERT INTO shop_item (name) VALUES ('a'), ('b')", "DELETE FROM shop_item WHERE id = 2")

    assert await newest_key(engine) == 3


@pytest.fixture
async def old_site(site: Site, engine) -> Site:
    """A site whose tables were made when SQLite still gave keys again."""
    site.plugin("shop", MODELS)
    site.migration("shop", "0001_initial", CREATE, DROP)
    site.manage("migrate")
    await execute(
        engine,
        "INSERT INTO shop_item (name) VALUES ('a'), ('b')",
        "INSERT INTO shop_part (item_id) VALUES (1), (2)",
    )
    return site


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_makemigrations_sees_tables_that_give_keys_again_and_the_migration_keeps_their_rows(old_site, engine):
    before = await schema(engine)

    assert old_site.manage("makemigrations") == "shop: 0002_item_never_reuses_keys_part_never_reuses_keys\n"
    old_site.manage("migrate")

    assert old_site.manage("makemigrations", "--check") == "No changes detected.\n"
    assert await rows(engine, "SELECT id, name FROM shop_item ORDER BY id") == [(1, "a"), (2, "b")]
    assert await rows(engine, "SELECT id, item_id FROM shop_part ORDER BY id") == [(1, 1), (2, 2)]
    assert (await schema(engine))["shop_item"]["indexes"] == ["ix_shop_item_lower"]
    await execute(engine, "DELETE FROM shop_item WHERE id = 2")
    assert await newest_key(engine) == 3

    old_site.manage("migrate", "shop", "0001")
    assert await schema(engine) == before


@pytest.mark.parametrize("database_kind", ["postgresql"])
async def test_such_a_migration_does_nothing_on_postgresql(old_site, engine):
    source = 'with op.batch_alter_table("shop_item", table_kwargs={"sqlite_autoincrement": True}):\n    pass'
    old_site.migration("shop", "0002_item_never_reuses_keys", source)
    before = await schema(engine)

    old_site.manage("migrate")

    assert await schema(engine) == before
    assert old_site.manage("makemigrations", "--check") == "No changes detected.\n"


@pytest.mark.parametrize(
    ("models", "answers"),
    [
        pytest.param(ITEM.replace("50", "60"), "", id="a column that changes"),
        pytest.param(ITEM.replace("shop_item", "shop_thing").replace("Item", "Thing"), "y\n", id="a new name"),
    ],
)
async def test_a_table_that_is_made_anew_goes_on_counting_where_it_was(site, engine, models, answers):
    checked = "\n    __table_args__ = (CheckConstraint(\"name <> ''\", name='name'),)\n"
    head = "from sqlalchemy import CheckConstraint"  # SQLite can rename none in place
    change(site, head + ITEM + checked, head + models + checked)
    await execute(engine, "INSERT INTO shop_item (name) VALUES ('a'), ('b')", "DELETE FROM shop_item")

    site.manage("makemigrations", answers=answers)
    site.manage("migrate")

    table = "shop_thing" if answers else "shop_item"
    await execute(engine, f"INSERT INTO {table} (name) VALUES ('new')")
    assert await rows(engine, f"SELECT id FROM {table}") == [(3,)]


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_a_model_can_say_that_its_keys_may_be_given_again(site, engine):
    plain = ITEM + '    __table_args__ = {"sqlite_autoincrement": False}\n'
    change(site, plain, ITEM)
    await execute(engine, "INSERT INTO shop_item (name) VALUES ('a')", "DELETE FROM shop_item")
    assert await newest_key(engine) == 1

    assert site.manage("makemigrations") == "shop: 0002_item_never_reuses_keys\n"
    site.manage("migrate")
    site.plugin("shop", plain)

    assert site.manage("makemigrations") == "shop: 0003_item_reuses_keys\n"


KEYS = """
from sqlalchemy import BigInteger, Integer, SmallInteger
class Text(Base):
    __tablename__ = "shop_text"
    code: Mapped[str] = mapped_column(String(5), primary_key=True)
class Pair(Base):
    __tablename__ = "shop_pair"
    left: Mapped[int] = mapped_column(primary_key=True)
    right: Mapped[int] = mapped_column(primary_key=True)
class Given(Base):
    __tablename__ = "shop_given"
    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
class Small(Base):
    __tablename__ = "shop_small"
    number: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
class Heir(Base):
    __tablename__ = "shop_heir"
    number: Mapped[int] = mapped_column(ForeignKey("shop_given.number"), primary_key=True)
"""


async def test_tables_whose_keys_no_database_counts_up_are_made_as_ever(site):
    change(site, KEYS, KEYS)

    assert "sqlite_autoincrement=True" not in site.source("shop", "0001")
    assert site.manage("makemigrations", "--check") == "No changes detected.\n"
