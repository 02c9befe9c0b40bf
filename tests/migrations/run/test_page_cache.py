"""SQLite has room in memory while migrations run, and no more than it had when they are done."""

from contextlib import nullcontext

import pytest
from sqlalchemy import NullPool, text

from dovetail.database.engine.engine import create_engine
from dovetail.errors import MigrationError
from dovetail.migrations.run.page_cache import PAGE_CACHE
from dovetail.migrations.run.runner import MigrationRun, migrate_connection
from dovetail.registry import load_registry
from tests.migrations.sites import Site

LOOK = """
if op.get_bind().dialect.name == 'sqlite':
    print('room', op.get_bind().exec_driver_sql('PRAGMA cache_size').scalar())
else:
    print('room', 0)
"""


def test_a_migration_has_room_in_memory_on_sqlite(site: Site):
    site.plugin("shop", "")
    site.migration("shop", "0001_look", LOOK)

    expected = -PAGE_CACHE if site.database_url.startswith("sqlite") else 0
    assert f"room {expected}\n" in site.manage("migrate")


@pytest.mark.parametrize("fails", [False, True])
async def test_a_connection_has_the_room_that_it_had_when_the_migrations_are_done(
    make_settings, empty_database_url, fails
):
    settings = make_settings(database_url=empty_database_url)
    engine = create_engine(settings, may_create=True, poolclass=NullPool)
    async with engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            await connection.execute(text("PRAGMA cache_size=-1234"))
        if fails:
            await connection.execute(text("CREATE TABLE auth_user (id INTEGER)"))  # in the way of the first one
        await connection.commit()
        with pytest.raises(MigrationError, match="auth_user") if fails else nullcontext():
            await migrate_connection(connection, MigrationRun(settings, load_registry(settings)))
        if connection.dialect.name == "sqlite":
            assert await connection.scalar(text("PRAGMA cache_size")) == -1234
    await engine.dispose()
