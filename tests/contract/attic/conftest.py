"""The site with the attic."""

import pytest

from dovetail.database.models import Base
from tests.contract.attic.models import AtticBase
from tests.contract.ledger.fixtures import app, boss, database_url, office, road  # noqa: F401 - fixtures of the tests here


@pytest.fixture
def plugin() -> tuple[str, type[Base]]:
    """The plugin, and the base of its models."""
    return "tests.contract.attic", AtticBase
