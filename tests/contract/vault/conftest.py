"""The site with the vault in the place of the ledger."""

import pytest

from tests.contract.ledger.fixtures import app, boss, database_url, office, road  # noqa: F401 - fixtures of the tests here
from tests.contract.vault.models import VaultBase


@pytest.fixture(params=["postgresql"])
def database_kind(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


@pytest.fixture
def plugin() -> tuple[str, type[VaultBase]]:
    return "tests.contract.vault", VaultBase
