"""Migrations that work outside a transaction: on both databases, and after they were killed or failed half way."""

from pathlib import Path

import pytest

from tests.migrations.run.test_killed import clear, state
from tests.migrations.run.test_migrate import make
from tests.migrations.schema import execute, rows, schema
from tests.migrations.sites import Site

OUTSIDE = """
op.execute("INSERT INTO shop_item (id, name) VALUES (4, 'four')")
with op.get_context().autocommit_block():
    op.create_index("ix_shop_item_name", "shop_item", ["name"], postgresql_concurrently=True, if_not_exists=True)
    for number in (1, 2):
        op.execute(f"UPDATE shop_item SET name = 'same' WHERE id = {number} AND name <> 'same'")
op.execute("UPDATE shop_item SET name = 'last' WHERE id = 3")
"""
UNIQUE = """
with op.get_context().autocommit_block():
    op.create_index(
        "uq_shop_item_name", "shop_item", ["name"], unique=True, postgresql_concurrently=True, if_not_exists=True
    )
"""


@pytest.fixture
def shop(site: Site) -> Site:
    """A table with rows, before a migration that works outside a transaction."""
    site.plugin("shop", "")
    fill = "op.execute(\"INSERT INTO shop_item (id, name) VALUES (1, 'one'), (2, 'two'), (3, 'three')\")"
    site.migration("shop", "0001_item", f"{make('shop_item')}\n{fill}")
    return site


async def test_the_work_before_in_and_after_the_block_is_done(shop, engine):
    shop.migration("shop", "0002_outside", OUTSIDE)

    shop.manage("migrate")

    names = await rows(engine, "SELECT name FROM shop_item ORDER BY id")
    assert names == [("same",), ("same",), ("last",), ("four",)]
    assert "ix_shop_item_name" in (await schema(engine))["shop_item"]["indexes"]


async def test_a_failure_after_the_block_keeps_what_the_block_did_and_says_so(shop, engine):
    path = shop.migration("shop", "0002_outside", OUTSIDE + "op.execute('SELECT nowhere')")

    done = shop.run("migrate")

    assert done.returncode == 1
    assert "What it did outside a transaction stays; the migrations before it are applied." in done.stdout
    assert "ix_shop_item_name" in (await schema(engine))["shop_item"]["indexes"]
    path.write_text(path.read_text().replace("SELECT nowhere", "SELECT 1").replace("VALUES (4", "VALUES (5"))
    shop.manage("migrate")
    assert (await rows(engine, "SELECT name FROM shop_item WHERE id = 3")) == [("last",)]


async def test_killed_after_any_statement_and_run_again_it_ends_as_if_undisturbed(shop, engine, tmp_path: Path):
    # What is committed half way is done again, so it must be written to bear that: here, all but the row.
    shop.migration(
        "shop",
        "0002_outside",
        OUTSIDE.replace(
            "VALUES (4, 'four')", "SELECT 4, 'four' WHERE NOT EXISTS (SELECT 1 FROM shop_item WHERE id = 4)"
        ),
    )
    counter = tmp_path / "moments"
    shop.manage("migrate", "shop", "0001", COUNT_MOMENTS=str(counter))
    before = int(counter.read_text())  # test_killed knows about these
    await clear(engine)
    shop.manage("migrate", COUNT_MOMENTS=str(counter))
    expected, moments = await state(engine), int(counter.read_text())
    assert moments > before + 6

    for moment in range(before + 1, moments + 1):
        await clear(engine)
        killed = shop.run("migrate", KILL_AT_MOMENT=str(moment))
        assert killed.returncode == -9, (moment, killed.stdout)
        shop.manage("migrate")
        assert await state(engine) == expected, moment


async def test_an_index_that_was_not_finished_is_made_anew(shop, engine):
    shop.migration("shop", "0002_unique", UNIQUE)
    shop.manage("migrate", "shop", "0001")
    await execute(engine, "UPDATE shop_item SET name = 'one'")

    failed = shop.run("migrate")
    assert failed.returncode == 1
    assert "shop_0002_unique (plugin shop) failed: " in failed.stdout
    await execute(engine, "UPDATE shop_item SET name = CAST(id AS VARCHAR(9))")
    shop.manage("migrate")

    if engine.dialect.name == "postgresql":
        assert await rows(engine, "SELECT count(*) FROM pg_index WHERE NOT indisvalid") == [(0,)]
    assert "uq_shop_item_name" in (await schema(engine))["shop_item"]["indexes"]
