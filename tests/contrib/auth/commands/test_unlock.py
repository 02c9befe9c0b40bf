"""`manage.py unlock` forgets what was counted for a user or an address."""

import pytest

from dovetail.contrib.auth.testing import PASSWORD
from tests.running import manage


@pytest.fixture
def database_kind() -> str:
    return "sqlite"


@pytest.fixture
async def refused(client, make_user):
    """Guess until nobody at 2001:db8::1 may log in as ada any more."""
    await make_user(username="ada", email="ada@example.org", is_verified=True)
    form, address = {"username": "ada"}, {"X-Forwarded-For": "2001:db8::1"}

    async def log_in() -> int:
        answer = await client.post("/api/auth/login", data=form | {"password": PASSWORD}, headers=address)
        return answer.status_code

    for _ in range(6):
        await client.post("/api/auth/login", data=form | {"password": "a guess, and a wrong one"}, headers=address)
    assert await log_in() == 429
    return log_in


def unlock(name: str, database_url: str) -> str:
    return manage("unlock", name, DATABASE_URL=database_url).stdout


@pytest.mark.parametrize("name", ["ada@example.org", "2001:db8::7"])
async def test_a_user_and_an_address_can_be_unlocked(refused, database_url, name):
    assert unlock(name, database_url).endswith(f"of {name} forgotten.\n")
    assert await refused() == 200


async def test_unlocking_does_not_affect_other_users(refused, database_url):
    for name in ("bob", "2001:db8:0:1::1"):
        assert unlock(name, database_url) == f"0 counts of {name} forgotten.\n"
    assert await refused() == 429
