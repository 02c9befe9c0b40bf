"""A migration that waits for a lock stands in nobody's way: a real server, a real `migrate`, a long report."""

import asyncio
import shutil
from collections import Counter

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.migrations.run.test_migrate import make
from tests.migrations.schema import rows
from tests.migrations.sites import REPOSITORY, Site
from tests.running import free_port, serving

pytestmark = pytest.mark.parametrize("database_kind", ["postgresql"])

ROUTES = """
from fastapi import APIRouter
from dovetail.resources.policy import ReadOnly
from dovetail.resources.resource import Resource
from dovetail.api.schemas import Schema
from plugins.shop.models import Item, Other

class NameRead(Schema):
    name: str

router = APIRouter()
for model in (Item, Other):
    router.include_router(Resource(model=model, read=NameRead, policy=ReadOnly()).router)
"""
MODELS = """
class Item(IdMixin, Base):
    __tablename__ = "shop_item"
    name: Mapped[str | None]

class Other(IdMixin, Base):
    __tablename__ = "shop_other"
    name: Mapped[str | None]
"""
PLUGIN = """
from dovetail.plugin import Plugin, lazy
models = lazy("plugins.shop.models:Item", "plugins.shop.models:Other")
plugin = Plugin(name="shop", models=models, routers=lazy("plugins.shop.api:router"))
"""
NOTE = "INSERT INTO shop_other (name) VALUES (current_setting('lock_timeout'))"


@pytest.fixture
def shop(site: Site) -> Site:
    site.plugin("shop", MODELS)
    shutil.copy(REPOSITORY / "config/asgi.py", site.folder / "config")
    (site.folder / "plugins/shop/api.py").write_text(ROUTES)
    (site.folder / "plugins/shop/plugin.py").write_text(PLUGIN)
    site.migration("shop", "0001_one", f"{make('shop_item')}\n{make('shop_other')}")
    return site


async def test_while_a_migration_waits_for_a_long_report_every_request_is_answered(shop, engine):
    shop.manage("migrate")
    shop.migration("shop", "0002_two", "op.add_column('shop_item', sa.Column('price', sa.Integer()))")
    port = free_port()
    variables = shop.environment(DATABASE_POOL_SIZE="2", DATABASE_POOL_TIMEOUT="20")
    with serving("runserver", str(port), "--no-reload", cwd=shop.folder, port=port, **variables):
        async with engine.connect() as report, httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
            await report.execute(text("SELECT count(*) FROM shop_item"))
            migrating = shop.start("migrate", "--database-timeout", "60")
            await until_somebody_waits(engine)
            answers = await asyncio.gather(*(ask(client, number) for number in range(100)))
            assert Counter(answer.status_code for answer in answers) == {200: 100}
            await report.rollback()
        done = await asyncio.to_thread(migrating.finish)
    assert done.returncode == 0, done.stdout
    assert "Applying shop_0002_two ... waits for a lock ... OK" in done.stdout


async def test_between_two_tries_the_migration_holds_no_lock_at_all(shop, engine):
    shop.manage("migrate")
    shop.migration(
        "shop",
        "0002_two",
        "op.add_column('shop_other', sa.Column('price', sa.Integer()))\n"
        "op.add_column('shop_item', sa.Column('price', sa.Integer()))",
    )
    async with engine.connect() as report, engine.connect() as reader:
        await report.execute(text("SELECT count(*) FROM shop_item"))
        migrating = shop.start("migrate", "--database-timeout", "60")
        await until_somebody_waits(engine)
        await reader.execute(text("SELECT count(*) FROM shop_other"))  # waits for the end of a try, no longer
        await reader.rollback()
        await report.rollback()
        done = await asyncio.to_thread(migrating.finish)
    assert done.returncode == 0, done.stdout


async def test_a_limit_ends_with_its_transaction_and_outside_of_one_with_the_block(shop, engine):
    note = f"op.execute({NOTE!r})\n"
    block = f"with op.get_context().autocommit_block():\n    {note}    op.get_bind().execute(sa.text({NOTE!r}))\n"
    shop.migration("shop", "0002_two", f"{note}{block}{note}")

    shop.manage("migrate", "--database-timeout", "7", DATABASE_POOL_TIMEOUT="1")

    assert [name for (name,) in await rows(engine, "SELECT name FROM shop_other ORDER BY id")] == [
        "250ms",  # in a transaction
        "250ms",  # outside of one, in a try
        "7s",  # past Alembic, with all the time there is
        "250ms",
    ]


async def test_a_statement_outside_of_a_transaction_waits_in_tries_of_its_own(shop, engine):
    shop.manage("migrate")
    block = (
        "with op.get_context().autocommit_block():\n    op.execute('ALTER TABLE shop_item ADD COLUMN price INTEGER')"
    )
    shop.migration("shop", "0002_two", block)
    async with engine.connect() as report, engine.connect() as reader:
        await report.execute(text("SELECT count(*) FROM shop_item"))
        migrating = shop.start("migrate", "--database-timeout", "60")
        await until_somebody_waits(engine)
        await reader.execute(text("SELECT count(*) FROM shop_item"))
        await reader.rollback()
        await report.rollback()
        done = await asyncio.to_thread(migrating.finish)
    assert done.returncode == 0, done.stdout


async def until_somebody_waits(engine: AsyncEngine) -> None:
    mine = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    async with engine.connect() as connection:
        while not await connection.scalar(text(mine)):
            await connection.rollback()  # a transaction sees the activity of its beginning
            await asyncio.sleep(0.02)


async def ask(client: httpx.AsyncClient, number: int) -> httpx.Response:
    await asyncio.sleep(number * 0.03)
    return await client.get("/api/items" if number % 2 else "/api/others", timeout=60)
