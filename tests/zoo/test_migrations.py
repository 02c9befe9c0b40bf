"""One migration builds the tables of all animals, and takes them away without a trace."""

import pytest
from sqlalchemy import inspect

from dovetail.testing.databases import TestDatabases
from tests.outside import run_async, settings_for
from tests.zoo.sites import ZooSite


def tables(url: str) -> list[str]:
    return run_async(
        settings_for(url),
        lambda session: session.run_sync(lambda sync: inspect(sync.connection()).get_table_names()),
    )


@pytest.fixture
def databases(_databases: TestDatabases) -> TestDatabases:
    return _databases


def test_all_animals_are_migrated_without_drift_and_go_without_a_trace(databases, tmp_path, database_kind):
    with databases.empty(database_kind) as url:
        site = ZooSite(tmp_path, url)
        site.manage("makemigrations", "--noinput")
        site.manage("migrate")
        assert site.manage("makemigrations", "--check") == "No changes detected.\n"
        site.manage("migrate", "zoo", "zero", "--yes")
        assert [one for one in tables(url) if one.startswith("zoo")] == []
        site.manage("migrate")
        assert site.manage("makemigrations", "--check") == "No changes detected.\n"
