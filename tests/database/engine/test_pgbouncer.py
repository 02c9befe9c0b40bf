"""Behind PgBouncer: no statement is run for another, and `check` knows a pooler that could."""

import asyncio

import pytest
from sqlalchemy import text

from dovetail.database.engine.pgbouncer import shares_prepared_statements
from dovetail.database.unit_of_work import Database
from tests.bouncing import bouncing, keeps_statements
from tests.running import manage

on_postgresql = pytest.mark.parametrize("database_kind", ["postgresql"])


@on_postgresql
async def test_a_pooler_that_knows_of_no_statements_is_recognized_and_none_else(make_settings, empty_database_url):
    assert not await shares_prepared_statements(make_settings(database_url=empty_database_url))
    with bouncing(empty_database_url, size=2, mode="session") as url:
        assert not await shares_prepared_statements(make_settings(database_url=url))
    with bouncing(empty_database_url, size=2) as url:
        assert await shares_prepared_statements(make_settings(database_url=url)) is not keeps_statements()


@on_postgresql
def test_check_says_what_to_do_about_such_a_pooler(empty_database_url):
    with bouncing(empty_database_url, size=2) as url:
        found = manage("check", "--database", DATABASE_URL=url).stderr
        without = manage("check", "--database", DATABASE_URL=url, DATABASE_PREPARED_STATEMENTS="false").stderr
    assert ("kernel.W050" in found and "DATABASE_PREPARED_STATEMENTS=false" in found) is not keeps_statements()
    assert "kernel.W050" not in without
    assert "kernel.W051" in without
    assert "blog_0001_initial" in without


def test_check_says_in_one_line_that_the_database_does_not_answer():
    found = manage("check", "--database", DATABASE_URL="postgresql://x:hunter2@127.0.0.1:1/x")
    assert found.code == 1
    assert "kernel.E050" in found.stderr
    assert "hunter2" not in found.stderr


@on_postgresql
async def test_many_clients_share_two_sessions_without_prepared_statements(make_settings, empty_database_url):
    with bouncing(empty_database_url, size=2) as url:
        settings = make_settings(database_url=url, database_pool_size=5, database_prepared_statements=False)
        databases = [Database.from_settings(settings) for _ in range(3)]

        async def ask(database: Database, number: int) -> None:
            async with database.unit_of_work(read_only=True) as session:
                assert await session.scalar(text(f"SELECT :value + {number}"), {"value": number}) == 2 * number

        await asyncio.gather(*(ask(databases[number % 3], number) for number in range(90)))
        for database in databases:
            await database.dispose()
