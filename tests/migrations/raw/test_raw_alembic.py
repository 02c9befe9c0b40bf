"""Raw Alembic works from the project's root, as its tutorial teaches it."""

import pytest

from tests.migrations.make.test_makemigrations import CART, ITEM
from tests.migrations.run.test_migrate import make
from tests.migrations.schema import rows, tables
from tests.migrations.sites import Site

ALL = {"shop_item", "cart_line"}


@pytest.fixture
def shop(site: Site) -> Site:
    site.plugin("shop", ITEM)
    site.plugin("cart", CART, depends_on=("shop",))
    site.manage("makemigrations")
    return site


def said(site: Site, *arguments: str) -> str:
    done = site.alembic(*arguments)
    assert done.returncode == 0, done.stdout
    return done.stdout


async def test_upgrade_head_means_every_plugin(shop, engine):
    said(shop, "upgrade", "head")

    assert await tables(engine) == ALL
    assert "[ ]" not in shop.manage("showmigrations")
    assert shop.manage("migrate") == "No migrations to apply.\n"


async def test_downgrade_by_one_undoes_the_last_applied_and_up_again(shop, engine):
    said(shop, "upgrade", "head")

    said(shop, "downgrade", "-1")
    assert await tables(engine) == {"shop_item"}
    said(shop, "upgrade", "+1")
    assert await tables(engine) == ALL
    said(shop, "downgrade", "-2")
    assert await tables(engine) == set()


async def test_downgrade_to_base_empties_the_ledger_too(shop, engine):
    said(shop, "upgrade", "heads")

    said(shop, "downgrade", "base")

    assert await tables(engine) == set()
    assert await rows(engine, "SELECT revision FROM dovetail_migration") == []


async def test_one_branch_can_be_named(shop, engine):
    said(shop, "upgrade", "shop@head")
    assert await tables(engine) == {"shop_item"}

    said(shop, "downgrade", "shop@base")
    assert await tables(engine) == set()


def test_history_heads_show_and_current_know_every_plugin(shop):
    said(shop, "upgrade", "shop@head")

    assert "Also depends on: shop_0001_initial" in said(shop, "history", "--verbose")
    assert "cart_0001_initial (cart) (head)" in said(shop, "heads")
    assert "Rev: shop_0001_initial" in said(shop, "show", "shop_0001")
    assert "shop_0001_initial" in said(shop, "current")
    assert "cart" not in said(shop, "current")


def test_check_knows_drift(shop):
    said(shop, "upgrade", "head")
    assert "No new upgrade operations detected" in said(shop, "check")

    shop.plugin("shop", ITEM + "    price: Mapped[int | None]\n")
    done = shop.alembic("check")
    assert done.returncode != 0
    assert "price" in done.stdout


def test_a_revision_is_split_into_a_file_a_plugin(shop):
    said(shop, "upgrade", "head")
    shop.plugin("shop", ITEM + "    price: Mapped[int | None]\n")
    shop.plugin("cart", CART + "    amount: Mapped[int | None]\n", depends_on=("shop",))

    said(shop, "revision", "--autogenerate", "-m", "Prices & amounts")

    assert shop.files("shop") == ["0001_initial", "0002_prices_amounts"]
    assert shop.files("cart") == ["0001_initial", "0002_prices_amounts"]
    said(shop, "upgrade", "head")
    assert shop.manage("makemigrations", "--check") == "No changes detected.\n"


def test_an_empty_revision_asks_for_its_plugin(shop):
    said(shop, "upgrade", "head")

    done = shop.alembic("revision", "-m", "fill")
    assert done.returncode != 0
    assert "alembic revision --head blog@head" in done.stdout

    said(shop, "revision", "--head", "shop@head", "-m", "fill")
    assert shop.files("shop") == ["0001_initial", "0002_fill"]


def test_stamp_is_refused_because_it_forgets_other_plugins(shop):
    done = shop.alembic("stamp", "head")

    assert done.returncode != 0
    assert "manage.py migrate PLUGIN REVISION --fake" in done.stdout
    assert "Traceback" not in done.stdout


def test_merge_is_refused_because_it_would_join_different_plugins(shop):
    done = shop.alembic("merge", "heads", "-m", "all")

    assert done.returncode != 0
    assert "manage.py makemigrations --merge PLUGIN" in done.stdout
    assert (shop.files("shop"), shop.files("cart")) == (["0001_initial"], ["0001_initial"])


def test_a_failure_is_one_line_without_a_traceback(shop):
    shop.migration("shop", "0002_bad", "op.execute('SELECT * FROM nowhere')")

    done = shop.alembic("upgrade", "head")

    assert done.returncode != 0
    assert "FAILED: shop_0002_bad (plugin shop) failed: " in done.stdout
    assert done.stdout.count("nowhere") == 2  # once in the message, once in the statement, and nowhere else
    assert "Traceback" not in done.stdout


async def test_the_sql_of_an_upgrade_does_what_the_upgrade_does(shop, engine):
    shop.migration("shop", "0002_more", make("shop_more"))
    sql = said(shop, "upgrade", "head", "--sql")

    script = "\n".join(line for line in sql.splitlines() if not line.startswith(("INFO", "--")))
    async with engine.connect() as connection:
        for statement in script.split(";\n"):
            if statement.strip() and statement.strip() not in ("BEGIN", "COMMIT"):
                await connection.exec_driver_sql(statement)
        await connection.commit()

    assert await tables(engine) == {*ALL, "shop_more"}
    assert "[ ]" not in shop.manage("showmigrations")


def test_a_database_that_is_away_is_said_in_one_line(shop):
    shop.database_url = "postgresql://nobody@127.0.0.1:1/nothing"

    done = shop.alembic("upgrade", "head")

    assert done.returncode != 0
    assert "FAILED: the database did not answer as expected" in done.stdout
    assert "Traceback" not in done.stdout
