"""Many processes at once, and processes killed at any time: each revision is applied once, or not at all."""

import asyncio
import random

import pytest

from tests.migrations.run.test_migrate import make
from tests.migrations.schema import execute, rows, schema
from tests.migrations.sites import Site

REVISIONS = 4

SLOW = """
import time
{create}
time.sleep(float(os.environ.get("STALL", "0")))
op.execute("INSERT INTO shop_{number} (id, name) VALUES (1, 'one')")
with op.batch_alter_table("shop_{number}") as batch:
    batch.alter_column("name", existing_type=sa.String(50), type_=sa.String(80), nullable=False)
"""


@pytest.fixture
def shop(site: Site) -> Site:
    site.plugin("shop", "")
    for number in range(1, REVISIONS + 1):
        site.migration("shop", f"000{number}_n{number}", SLOW.format(number=number, create=make(f"shop_{number}")))
    return site


async def test_of_eight_at_once_one_applies_and_the_others_find_nothing_to_do(shop, engine):
    processes = [shop.start("migrate", STALL="0.1") for _ in range(8)]
    done = [process.finish() for process in processes]

    assert [each.returncode for each in done] == [0] * 8, [each.stdout for each in done]
    for number in range(1, REVISIONS + 1):
        assert sum(f"Applying shop_000{number}" in each.stdout for each in done) == 1
    assert await rows(engine, "SELECT count(*) FROM shop_1") == [(1,)]
    assert await rows(engine, "SELECT count(*) FROM dovetail_migration") == [(REVISIONS,)]


async def undisturbed(shop: Site, engine) -> object:
    shop.manage("migrate")
    expected = await schema(engine)
    tables = ", ".join(expected)
    if engine.dialect.name == "sqlite":
        await execute(
            engine, *(f"DROP TABLE {table}" for table in [*expected, "alembic_version", "dovetail_migration"])
        )
    else:
        await execute(engine, f"DROP TABLE {tables}, alembic_version, dovetail_migration")
    return expected


async def test_killed_again_and_again_nothing_is_applied_twice(shop, engine):
    expected = await undisturbed(shop, engine)

    for _ in range(6):
        process = shop.start("migrate")
        await asyncio.sleep(random.uniform(0.05, 0.6))
        process.kill()
        process.finish()
    shop.manage("migrate")

    assert await schema(engine) == expected
    assert await rows(engine, "SELECT count(*) FROM dovetail_migration") == [(REVISIONS,)]
