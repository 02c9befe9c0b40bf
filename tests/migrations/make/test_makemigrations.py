"""`manage.py makemigrations` writes what changed in the models, one file a plugin."""

import pytest

from tests.migrations.schema import columns, tables
from tests.migrations.sites import Site

ITEM = """
class Item(IdMixin, Base):
    __tablename__ = "shop_item"
    name: Mapped[str] = mapped_column(String(50))
"""


def change(site: Site, before: str, after: str) -> None:
    """Apply the migrations of one state of the shop's models, then write another."""
    site.plugin("shop", before)
    site.manage("makemigrations")
    site.manage("migrate")
    site.plugin("shop", after)


async def test_a_model_becomes_a_table(site, engine):
    site.plugin("shop", ITEM)

    said = site.manage("makemigrations")
    site.manage("migrate")

    assert said == "shop: 0001_initial\n"
    assert await columns(engine, "shop_item") == ["id", "name"]
    assert site.manage("makemigrations") == "No changes detected.\n"


def test_the_folder_becomes_a_package_so_that_it_is_shipped(site):
    site.plugin("shop", ITEM)

    site.manage("makemigrations")

    assert (site.migrations("shop") / "__init__.py").read_text() == ""


def test_check_fails_on_drift_and_writes_nothing(site):
    site.plugin("shop", ITEM)

    done = site.run("makemigrations", "--check")

    assert done.returncode == 1
    assert "shop: 0001_initial" in done.stdout
    assert site.files("shop") == []


def test_check_passes_without_drift(site):
    change(site, ITEM, ITEM)

    assert site.manage("makemigrations", "--check") == "No changes detected.\n"


def test_dry_run_shows_the_code_and_writes_nothing(site):
    site.plugin("shop", ITEM)

    said = site.manage("makemigrations", "--dry-run")

    assert "op.create_table('shop_item'" in said
    assert "op.drop_table('shop_item')" in said
    assert site.files("shop") == []


@pytest.mark.parametrize(
    ("more", "stem"),
    [
        ('    price: Mapped[int] = mapped_column(server_default="0")\n', "0002_item_price"),
        ('    price: Mapped[int] = mapped_column(server_default="0", index=True)\n', "0002_item_price"),
        ('    __table_args__ = (Index("ix_shop_item_name", "name"),)\n', "0002_ix_shop_item_name"),
        (
            "".join(f"    very_long_column_{n}: Mapped[str | None]\n" for n in range(5)),
            "0002_item_very_long_column_0_item_very_long_column_1_and_more",
        ),
        ('class Box(IdMixin, Base):\n    __tablename__ = "shop_box"\n', "0002_box"),
    ],
)
def test_names_say_what_changes(site, more, stem):
    change(site, ITEM, ITEM + more)

    site.manage("makemigrations")

    assert site.files("shop") == ["0001_initial", stem]


def test_removals_are_named_too(site):
    change(site, ITEM + "    price: Mapped[int | None]\n", ITEM)
    site.manage("makemigrations")
    site.manage("migrate")
    site.plugin("shop", "")

    site.manage("makemigrations")

    assert site.files("shop") == ["0001_initial", "0002_remove_item_price", "0003_delete_item"]


def test_a_name_can_be_given(site):
    site.plugin("shop", ITEM)

    assert site.manage("makemigrations", "--name", "opening") == "shop: 0001_opening\n"


def test_a_name_that_is_no_name_is_refused(site):
    site.plugin("shop", ITEM)

    done = site.run("makemigrations", "--name", "../opening")

    assert done.returncode == 2
    assert "letters, digits and _" in done.stdout
    assert "Traceback" not in done.stdout


def test_a_name_without_end_is_refused(site):
    site.plugin("shop", ITEM)

    done = site.run("makemigrations", "--name", "x" * 61)

    assert done.returncode == 2
    assert "use up to 60 letters, digits and _" in done.stdout


@pytest.mark.parametrize("options", [("--empty", "--merge"), ("--empty", "--check"), ("--merge", "--check")])
def test_what_makes_no_sense_together_is_refused(site, options):
    site.plugin("shop", ITEM)

    done = site.run("makemigrations", "shop", *options)

    assert done.returncode == 2
    assert "--empty, --merge and --check exclude each other" in done.stdout
    assert site.files("shop") == []


def test_an_empty_one_is_ready_to_be_filled_in(site):
    change(site, ITEM, ITEM)

    assert site.manage("makemigrations", "--empty", "shop", "--name", "fill") == "shop: 0002_fill\n"
    source = site.source("shop", "0002")
    assert 'down_revision: str | tuple[str, ...] | None = "shop_0001_initial"' in source
    assert "import sqlalchemy as sa\nfrom alembic import op\n" in source
    assert "shop_0002_fill" in site.manage("migrate")


def test_an_empty_one_needs_a_plugin(site):
    site.plugin("shop", ITEM)

    done = site.run("makemigrations", "--empty")

    assert (done.returncode, done.stdout) == (
        1,
        "manage.py: --empty needs a plugin: manage.py makemigrations --empty PLUGIN\n",
    )


def test_an_unknown_plugin_is_named(site):
    site.plugin("shop", ITEM)

    done = site.run("makemigrations", "shopp")

    advice = "add its package to the plugins in the settings, or correct the name"
    assert (done.returncode, done.stdout) == (
        1,
        f"manage.py: no enabled plugin is named shopp; enabled are shop; {advice}\n",
    )


async def test_a_foreign_key_to_another_plugin_becomes_a_dependency(site, engine):
    site.plugin("shop", ITEM)
    site.plugin("cart", CART, depends_on=("shop",))

    site.manage("makemigrations")
    said = site.manage("migrate", "cart")

    assert 'depends_on: str | tuple[str, ...] | None = "shop_0001_initial"' in site.source("cart", "0001")
    assert said.index("Applying shop_0001_initial") < said.index("Applying cart_0001_initial")
    assert await tables(engine) == {"shop_item", "cart_line"}


CART = """
class Line(IdMixin, Base):
    __tablename__ = "cart_line"
    item_id: Mapped[int] = mapped_column(ForeignKey("shop_item.id"))
"""


async def test_tables_that_refer_to_each_other_are_made_and_undone(site, engine):
    site.plugin("shop", ITEM + '    best_line_id: Mapped[int | None] = mapped_column(ForeignKey("cart_line.id"))\n')
    site.plugin("cart", CART)

    site.manage("makemigrations")
    site.manage("migrate")

    assert len(site.files("cart") + site.files("shop")) == 3
    assert await tables(engine) == {"shop_item", "cart_line"}
    assert site.manage("makemigrations", "--check") == "No changes detected.\n"
    site.manage("migrate", "shop", "zero", "--yes")
    site.manage("migrate", "cart", "zero", "--yes")
    assert await tables(engine) == set()


async def test_a_circle_within_one_plugin_is_broken_apart(site, engine):
    site.plugin(
        "shop",
        ITEM
        + '    box_id: Mapped[int | None] = mapped_column(ForeignKey("shop_box.id"))\n'
        + 'class Box(IdMixin, Base):\n    __tablename__ = "shop_box"\n'
        + '    item_id: Mapped[int] = mapped_column(ForeignKey("shop_item.id"))\n',
    )

    site.manage("makemigrations")
    site.manage("migrate")

    assert site.files("shop") == ["0001_initial"]
    assert site.manage("makemigrations", "--check") == "No changes detected.\n"
    site.manage("migrate", "shop", "zero")
    assert await tables(engine) == set()


def test_only_the_named_plugins_are_written(site):
    site.plugin("shop", ITEM)
    site.plugin("cart", CART.replace('ForeignKey("shop_item.id")', ""))

    assert site.manage("makemigrations", "shop") == "shop: 0001_initial\n"
    assert site.files("cart") == []


@pytest.fixture
def bought(site: Site) -> Site:
    """A shop of the site's own, and a plugin of somebody else's package; neither has migrations."""
    site.plugin("shop", ITEM)
    site.plugin("cart", CART.replace('ForeignKey("shop_item.id")', ""))
    elsewhere = site.folder.parent / "lib" / "site-packages"
    elsewhere.mkdir(parents=True)
    (site.folder / "plugins" / "cart").rename(elsewhere / "cart")
    source = (elsewhere / "cart" / "plugin.py").read_text()
    (elsewhere / "cart" / "plugin.py").write_text(source.replace("plugins.cart", "cart"))
    site.plugins[-1] = "cart"
    settings = site.folder / "config" / "settings.py"
    settings.write_text(f"import sys\nsys.path.append({str(elsewhere)!r})\n{settings.read_text()}")
    return site


def test_packages_from_elsewhere_are_left_to_their_authors(bought):
    assert bought.manage("makemigrations") == "shop: 0001_initial\n"
    bought.manage("migrate")
    assert bought.manage("makemigrations", "--check") == "No changes detected.\n"


def test_a_package_from_elsewhere_is_written_when_it_is_named(bought):
    assert bought.manage("makemigrations", "cart") == "cart: 0001_initial\n"
    assert bought.files("shop") == []


def test_a_table_without_an_owner_is_refused(site):
    site.plugin("shop", ITEM + 'pairs = Table("item_pair", Base.metadata, Column("a", ForeignKey("shop_item.id")))\n')

    done = site.run("makemigrations")

    assert done.returncode == 1
    assert "plugin 'shop': the table 'item_pair' lacks the plugin's prefix; name it 'shop_item_pair'" in done.stdout
    assert site.files("shop") == []


def test_a_table_can_name_its_owner(site):
    site.plugin(
        "shop",
        ITEM
        + 'owner = {"plugin": "shop"}\n'
        + 'pairs = Table("item_pair", Base.metadata, Column("a", ForeignKey("shop_item.id")), info=owner)\n',
    )

    site.manage("makemigrations")

    assert "item_pair" in site.source("shop", "0001")
    assert "info=" not in site.source("shop", "0001")


async def test_tables_of_plugins_that_are_not_enabled_are_left_alone(site, engine):
    site.plugin("shop", ITEM)
    site.plugin("shop_extra", CART.replace("cart_line", "shop_extra_line"))
    site.manage("makemigrations")
    site.manage("migrate")
    site.plugins.remove("plugins.shop_extra")

    assert site.manage("makemigrations") == "No changes detected.\n"
    assert await tables(engine) == {"shop_item", "shop_extra_line"}


def test_indexes_on_expressions_are_made_once(site):
    site.plugin("shop", ITEM + 'Index("uq_shop_item_lower", func.lower(Item.name), unique=True)\n')

    site.manage("makemigrations")
    site.manage("migrate")

    assert "uq_shop_item_lower" in site.source("shop", "0001")
    assert site.manage("makemigrations", "--check") == "No changes detected.\n"


def test_indexes_on_expressions_written_on_sqlite_are_made_on_either_database(site):
    site.plugin(
        "shop",
        ITEM
        + "    text: Mapped[str] = mapped_column(Text)\n"
        + "from dovetail.database.models import full_text\n"
        + 'full_text(Item, "name", "text")\n'
        + 'Index("ix_shop_item_twice", Item.name + Item.name)\n',
    )

    site.manage("makemigrations", DATABASE_URL="sqlite:///of-a-colleague.sqlite3")
    site.manage("migrate")

    assert site.manage("makemigrations", "--check") == "No changes detected.\n"


def test_two_latest_migrations_are_a_conflict_that_merge_joins(site):
    change(site, ITEM, ITEM)
    site.migration("shop", "0002_mine", "pass", down_revision="shop_0001_initial")
    site.migration("shop", "0002_theirs", "pass", down_revision="shop_0001_initial")

    done = site.run("migrate")
    assert done.returncode == 1
    assert "2 latest migrations, shop_0002_mine and shop_0002_theirs" in done.stdout

    assert site.manage("makemigrations", "--merge") == "shop: 0003_merge_0002_0002\n"
    assert "shop_0003_merge_0002_0002" in site.manage("migrate")
    assert site.manage("makemigrations", "--merge") == "Nothing to merge.\n"


def test_two_files_with_one_id_are_refused(site):
    change(site, ITEM, ITEM)
    site.migration("shop", "0002_a", "pass")
    path = site.migration("shop", "0003_b", "pass", down_revision="shop_0001_initial")
    path.write_text(path.read_text().replace("'shop_0003_b'", "'shop_0002_a'"))

    done = site.run("migrate")

    assert done.returncode == 1
    assert "present more than once" in done.stdout


def test_files_are_the_same_whichever_database_they_were_made_on(site):
    site.plugin(
        "shop",
        ITEM
        + "    is_new: Mapped[bool] = mapped_column(server_default=true())\n"
        + "    seen_at: Mapped[datetime]\n"
        + '    note: Mapped[str] = mapped_column(Text, server_default="it\'s")\n',
    )
    site.manage("makemigrations")
    site.manage("migrate")
    site.plugin("shop", "")
    site.manage("makemigrations")

    source = site.source("shop", "0002")

    assert 'sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False)' in source
    assert 'sa.Column("is_new", sa.Boolean(), server_default=sa.true(), nullable=False)' in source
    assert 'sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False)' in source
    assert 'sa.Column("note", sa.Text(), server_default="it\'s", nullable=False)' in source
    site.manage("migrate")
    site.manage("migrate", "shop", "0001")
