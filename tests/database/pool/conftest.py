"""Ada, who has an account, and her client."""

import pytest


@pytest.fixture
async def ada(make_user):
    return await make_user(username="ada")


@pytest.fixture
async def hers(client_for, ada):
    """Ada's client."""
    return await client_for(ada)
