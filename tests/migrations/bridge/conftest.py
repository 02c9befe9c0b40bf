"""Databases for tests that compare two."""

import pytest

from dovetail.testing.databases import TestDatabases


@pytest.fixture
def databases(_databases: TestDatabases) -> TestDatabases:
    return _databases
