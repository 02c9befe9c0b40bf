"""`migrate` is killed (-9) after every single statement, and a second run ends as an undisturbed one does."""

from pathlib import Path

import pytest

from tests.migrations.run.test_migrate import make
from tests.migrations.schema import execute, rows, schema
from tests.migrations.sites import Site

WIDER = """
with op.batch_alter_table("shop_item") as batch:
    batch.alter_column("name", existing_type=sa.String(50), type_=sa.String(80), nullable=False)
    batch.create_index("ix_shop_item_name", ["name"])
"""


@pytest.fixture
def shop(site: Site) -> Site:
    """Three migrations: a table with rows, a change for which SQLite makes it anew, and one that goes row by row."""
    site.plugin("shop", "")
    fill = "op.execute(\"INSERT INTO shop_item (id, name) VALUES (1, 'one'), (2, 'two')\")"
    site.migration("shop", "0001_item", f"{make('shop_item')}\n{fill}")
    site.migration("shop", "0002_wider", WIDER)
    site.migration("shop", "0003_upper", 'op.execute("UPDATE shop_item SET name = upper(name)")')
    return site


async def state(engine) -> tuple[object, ...]:
    return (
        await schema(engine),
        await rows(engine, "SELECT id, name FROM shop_item ORDER BY id"),
        await rows(engine, "SELECT revision FROM dovetail_migration ORDER BY id"),
        await rows(engine, "SELECT version_num FROM alembic_version"),
    )


async def clear(engine) -> None:
    for table in ("shop_item", "_alembic_tmp_shop_item", "alembic_version", "dovetail_migration"):
        await execute(engine, f"DROP TABLE IF EXISTS {table}")


async def test_killed_after_any_statement_and_run_again_it_ends_as_if_undisturbed(shop, engine, tmp_path: Path):
    counter = tmp_path / "moments"
    shop.manage("migrate", COUNT_MOMENTS=str(counter))
    expected, moments = await state(engine), int(counter.read_text())
    assert moments > 15

    for moment in range(1, moments + 1):
        await clear(engine)
        killed = shop.run("migrate", KILL_AT_MOMENT=str(moment))
        assert killed.returncode == -9, (moment, killed.stdout)
        shop.manage("migrate")
        assert await state(engine) == expected, moment
