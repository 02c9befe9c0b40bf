"""One migration run at a time, and no statement waits long for a lock that somebody else holds."""

import asyncio
import os
import re
import subprocess

import pytest
from sqlalchemy import make_url, text

from dovetail.errors import MigrationError
from dovetail.migrations.history.ledger import read_ledger, unknown_versions
from dovetail.migrations.locks import sqlite_blockers
from dovetail.migrations.locks.lock import migration_lock
from tests.migrations.run.test_migrate import make
from tests.migrations.schema import tables
from tests.migrations.sites import Site


@pytest.fixture
def shop(site: Site) -> Site:
    site.plugin("shop", "")
    site.migration("shop", "0001_one", make("shop_one"))
    return site


async def test_a_run_waits_for_the_one_before_it(shop, engine):
    async with engine.connect() as connection:

        def hold(sync_connection):
            with migration_lock(sync_connection):
                yield

        held = hold(connection.sync_connection)
        await connection.run_sync(lambda _sync: next(held))
        waiting = shop.start("migrate")
        await asyncio.sleep(1.5)
        assert await tables(engine) == set()
        await connection.run_sync(lambda _sync: next(held, None))

    done = await asyncio.to_thread(waiting.finish)
    assert done.returncode == 0
    assert "Applying shop_0001_one" in done.stdout


async def test_it_does_not_wait_for_ever(engine):
    async with engine.connect() as connection, engine.connect() as other:

        def hold(sync_connection, patience):
            with migration_lock(sync_connection, patience=patience):
                yield

        held = hold(connection.sync_connection, 1)
        await connection.run_sync(lambda _sync: next(held))
        with pytest.raises(MigrationError, match="another migrate has been running"):
            await other.run_sync(lambda sync: next(hold(sync, 0.3)))
        await connection.run_sync(lambda _sync: next(held, None))


async def test_a_blocked_migration_gives_up_and_says_who_blocks_it(shop, engine):
    shop.manage("migrate")
    shop.migration("shop", "0002_two", "op.add_column('shop_one', sa.Column('price', sa.Integer()))")

    async with engine.connect() as other:
        if engine.dialect.name == "sqlite":
            await other.exec_driver_sql("INSERT INTO shop_one (name) VALUES ('secret')")
        else:
            await other.execute(text("SET application_name = 'a long report'"))
            await other.commit()
            await other.execute(text("SELECT 'secret' FROM shop_one"))
        done = await asyncio.to_thread(shop.run, "migrate", "--database-timeout", "0.3")

    assert done.returncode == 1
    message = done.stdout.splitlines()[-1]
    assert "secret" not in message
    if engine.dialect.name == "sqlite":
        assert "database is locked; waited 0.3 s to write to " in message
        assert f", in which process {os.getpid()} (" in message
        assert "is in the middle of a transaction" in message
        assert "--database-timeout SECONDS waits longer" in message
    else:
        assert "shop_0002_two (plugin shop) failed: canceling statement due to lock timeout" in message
        assert re.search(r"\(a long report\), idle in transaction, in a transaction for \d+ s, on shop_one", message)
        assert "pg_terminate_backend" in message
        assert "ALTER TABLE shop_one ADD COLUMN price INTEGER" in message
    assert "Applying shop_0002_two ... OK" in shop.manage("migrate")


@pytest.mark.parametrize("seconds", ["30", "0"])
async def test_who_has_patience_waits_for_the_lock_and_goes_on(shop, engine, seconds):
    shop.manage("migrate")
    shop.migration("shop", "0002_two", "op.add_column('shop_one', sa.Column('price', sa.Integer()))")

    async with engine.connect() as other:
        await other.execute(text("INSERT INTO shop_one (name) VALUES ('held')"))
        waiting = shop.start("migrate", "--database-timeout", seconds)
        if engine.dialect.name == "postgresql":
            while "waits for a lock" not in waiting.output():  # noqa: ASYNC110 - a process tells nobody
                await asyncio.sleep(0.05)
        else:
            await asyncio.sleep(2)
        await other.rollback()

    done = await asyncio.to_thread(waiting.finish)
    assert done.returncode == 0, done.stdout
    waited = "waits for a lock ... " if engine.dialect.name == "postgresql" else ""
    assert f"Applying shop_0002_two ... {waited}OK" in done.stdout


def test_a_file_that_somebody_has_open_is_said_to_be(tmp_path):
    path = tmp_path / "site.sqlite3"
    with path.open("w"), subprocess.Popen(["tail", "-f", path]) as reader:
        while not sqlite_blockers._openers(path.resolve()):
            pass
        said = sqlite_blockers.describe_lock_holders(make_url(f"sqlite:///{path}"), 5.0)
        reader.kill()

    assert f"waited 5 s to write to {path}, which process {reader.pid} (tail) has open" in said


def test_on_a_system_without_proc_it_says_what_usually_holds_the_lock(tmp_path, monkeypatch):
    monkeypatch.setattr(sqlite_blockers, "PROC", tmp_path / "nothing")

    said = sqlite_blockers.describe_lock_holders(make_url(f"sqlite:///{tmp_path}/site.sqlite3"), 5.0)

    assert "another process is in the middle of a transaction: a server, a shell or a backup" in said
    assert "--database-timeout SECONDS waits longer" in said


async def test_what_another_run_applies_meanwhile_is_not_taken_for_somebody_elses(shop, engine):
    async with engine.connect() as connection:
        assert await connection.run_sync(read_ledger) == ()
        await asyncio.to_thread(shop.manage, "migrate")

        assert await connection.run_sync(unknown_versions) == []
