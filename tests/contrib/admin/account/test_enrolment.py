"""The page behind a one-time link, on which somebody without a password registers a first passkey."""

import asyncio
import json

import pytest
from sqlalchemy import func, select, update

from dovetail.contrib.admin.testing import read_form
from dovetail.contrib.auth.factors.challenges import make_challenge
from dovetail.contrib.auth.factors.models import ChallengePurpose, Passkey
from dovetail.contrib.auth.models import User
from dovetail.contrib.auth.sessions.models import Session
from tests.contrib.auth.factors.soft_authenticator import SoftAuthenticator

HOST = "http://localhost"  # where browsers know passkeys, and not at testserver


class Guest:
    """Somebody with a link, and with an authenticator at hand."""

    def __init__(self, client, token: str) -> None:
        self.client, self.token = client, token
        self.authenticator = SoftAuthenticator(origin=HOST)

    async def post(self, path: str, **data: str):
        page = await self.client.get(f"{HOST}/admin/enrol?token={self.token}")
        form = {"csrf_token": read_form(page.text)["csrf_token"][0], **data}
        headers = {"Origin": HOST, "Accept": "application/json" if "options" in path else "text/html"}
        return await self.client.post(f"{HOST}/admin/{path}?token={self.token}", data=form, headers=headers)

    async def made(self) -> str:
        """Return what the browser answers when a passkey was made."""
        return json.dumps(self.authenticator.create((await self.post("enrol/options")).json()))


async def let_in(session, *, is_active: bool) -> None:
    await session.execute(update(User).values(is_active=is_active))
    await session.commit()


@pytest.fixture
async def guest(client, boss, database):
    async with database.unit_of_work() as session:
        token = await make_challenge(session, ChallengePurpose.ENROL, boss.id, lifetime=3600)
    return Guest(client, token)


async def test_the_holder_of_a_link_registers_a_passkey_and_is_logged_in_unless_deactivated(guest, boss, session):
    form = read_form((await guest.post("enrol", passkey="{}", name="Key")).text)
    assert form["csrf_token"]  # no passkey was made, and the link is good for another try
    made = await guest.made()
    await let_in(session, is_active=False)
    assert "This link was used" in (await guest.post("enrol", passkey=made, name="Key")).text
    assert await session.scalar(select(func.count()).select_from(Passkey)) == 0
    await let_in(session, is_active=True)
    done = await guest.post("enrol", passkey=await guest.made(), name="My key")
    assert (done.status_code, "Your passkey logs you in from now on." in done.text) == (200, True)
    assert "boss" in (await guest.client.get(f"{HOST}/admin/auth/user/")).text
    passkey = (await session.scalars(select(Passkey))).one()
    assert (passkey.user_id, passkey.name) == (boss.id, "My key")
    assert (await session.scalars(select(Session.method))).all() == ["passkey"]


async def test_a_link_makes_one_passkey_of_many_at_once(guest, session):
    made = [await guest.made() for _ in range(3)]
    answers = await asyncio.gather(*(guest.post("enrol", passkey=one, name="Key") for one in made))
    assert sorted(one.status_code for one in answers) == [200, 400, 400]
    assert await session.scalar(select(func.count()).select_from(Passkey)) == 1
