"""Databases of tests are copies of one that is filled once a worker."""

import asyncio

import pytest
from sqlalchemy import inspect
from sqlalchemy.ext.asyncio import create_async_engine

from dovetail.settings import with_async_driver
from dovetail.testing.databases import TestDatabases
from tests.people.models import PeopleBase
from tests.tables import make_tables


@pytest.fixture
def databases(tmp_path):
    databases = TestDatabases(tmp_path)
    yield databases
    databases.close()


def tables(url: str) -> set[str]:
    async def read() -> set[str]:
        engine = create_async_engine(with_async_driver(url))
        async with engine.connect() as connection:
            found = await connection.run_sync(lambda sync: inspect(sync).get_table_names())
        await engine.dispose()
        return set(found)

    return asyncio.run(read())


def test_what_is_added_to_a_migrated_database_is_added_once_and_is_in_every_copy(
    databases, database_kind, settings_class
):
    added = []

    def extend(url: str) -> None:
        added.append(url)
        make_tables(url, PeopleBase)

    with databases.migrated(database_kind, settings_class) as url:
        migrated = tables(url)
    for _ in range(2):
        with databases.extended(database_kind, settings_class, "people", extend) as url:
            assert tables(url) == migrated | set(PeopleBase.metadata.tables)
    with databases.migrated(database_kind, settings_class) as url:
        assert tables(url) == migrated
    assert len(added) == 1


def test_one_database_after_another_is_made_over_one_connection(databases):
    pids = []
    for _ in range(2):
        with databases.empty("postgresql"):
            pids.append(databases._maker._connection.get_server_pid())
    assert pids[0] == pids[1]


def test_a_lost_connection_is_replaced(databases):
    with databases.empty("postgresql"):
        databases._maker._connection.terminate()
    with databases.empty("postgresql") as url:
        assert tables(url) == set()


def test_two_makers_of_databases_do_not_get_in_each_others_way(databases, tmp_path):
    others = TestDatabases(tmp_path)
    try:
        with databases.empty("postgresql") as one, others.empty("postgresql") as other:
            assert one != other
    finally:
        others.close()
