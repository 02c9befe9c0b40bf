"""People with second factors, and what they hold in their hands."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import httpx
import pyotp
import pytest
from sqlalchemy import update

from dovetail.contrib.auth.factors.models import Totp
from dovetail.contrib.auth.models import User
from tests.contrib.auth.factors.soft_authenticator import SoftAuthenticator

FACTORS = "/api/auth/factors"


@dataclass
class Holder:
    """Somebody with an authenticator app, or passkeys, and recovery codes, who is logged in."""

    user: User
    client: httpx.AsyncClient
    recovery_codes: list[str]
    secret: str = ""
    authenticator: SoftAuthenticator | None = None

    def code(self, steps: int = 0) -> str:
        """The code that the app shows, or showed `steps` of 30 seconds ago; each is good once."""
        return code_of(self.secret, steps)


def code_of(secret: str, steps: int = 0) -> str:
    return pyotp.TOTP(secret).at(datetime.now(UTC) + timedelta(seconds=30 * steps))


@pytest.fixture
def with_totp(make_user, client_for, database):
    """Make a user with an authenticator app by the API: `await with_totp("ada")`. No code of now is used yet."""

    async def make(username: str = "ada", **fields) -> Holder:
        user = await make_user(username=username, **fields)
        client = await client_for(user)
        enrolment = (await client.post(f"{FACTORS}/totp", json={"name": "Telephone"})).json()
        secret = enrolment["secret"]
        path = f"{FACTORS}/totp/{enrolment['id']}/confirm"
        confirmed = await client.post(path, json={"code": code_of(secret)})
        assert confirmed.status_code == 200, confirmed.text
        async with database.unit_of_work() as session:  # as if it had been some minutes ago
            await session.execute(update(Totp).where(Totp.user_id == user.id).values(last_step=Totp.last_step - 10))
        return Holder(user=user, client=client, recovery_codes=confirmed.json()["recovery_codes"], secret=secret)

    return make


@pytest.fixture
def with_passkey(make_user, client_for):
    """Make a user with a passkey by the API: `await with_passkey("ada")`."""

    async def make(username: str = "ada", authenticator: SoftAuthenticator | None = None, **fields) -> Holder:
        user = await make_user(username=username, **fields)
        client, authenticator = await client_for(user), authenticator or SoftAuthenticator()
        registered = await register(client, authenticator)
        assert registered.status_code == 201, registered.text
        codes = registered.json()["recovery_codes"]
        return Holder(user=user, client=client, recovery_codes=codes, authenticator=authenticator)

    return make


async def register(client: httpx.AsyncClient, authenticator: SoftAuthenticator, name: str = "Key") -> httpx.Response:
    options = (await client.post(f"{FACTORS}/passkeys/options")).json()["options"]
    return await client.post(f"{FACTORS}/passkeys", json={"name": name, "passkey": authenticator.create(options)})
