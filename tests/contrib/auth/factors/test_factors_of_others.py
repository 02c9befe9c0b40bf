"""Somebody lost their factors: who may remove them, and how they are told; links of commands."""

import pytest
from sqlalchemy import select

from dovetail.contrib.auth.events.models import EventKind, SecurityEvent
from dovetail.contrib.auth.permissions.grants import grant
from tests.contrib.auth.factors.conftest import FACTORS, register
from tests.contrib.auth.factors.soft_authenticator import SoftAuthenticator
from tests.contrib.auth.helpers import login


@pytest.fixture
async def boss(client_for, make_user):
    return await client_for(await make_user(username="boss", is_superuser=True))


async def test_a_superuser_removes_the_factors_of_somebody_who_lost_them_and_they_are_told(
    client, boss, with_totp, session, outbox
):
    ada = await with_totp()
    await register(ada.client, SoftAuthenticator())
    assert (await boss.get("/api/users?has_second_factor=true")).json()["items"][0]["username"] == "ada"
    assert (await boss.delete(f"/api/users/{ada.user.id}/factors")).status_code == 204
    assert "access_token" in (await login(client, "ada")).json()
    assert (await ada.client.get(FACTORS)).json()["recovery_codes"] == 0
    newest = select(SecurityEvent).where(SecurityEvent.kind == EventKind.FACTOR_REMOVED)
    event = (await session.scalars(newest)).one()
    assert (event.username, event.actor_name) == ("ada", "boss")
    told = [message.body for message in outbox.messages if message.to == ada.user.email]
    assert "all second factors and passkeys were removed." in told[-1].lower()


async def test_removing_factors_requires_the_permission(client_for, make_user, with_totp, database):
    ada = await with_totp(is_superuser=True)
    helper, boss = await make_user(username="helper", is_staff=True), await make_user(username="b", is_superuser=True)
    help_desk = await client_for(helper)
    path = f"/api/users/{ada.user.id}/factors"
    for one in (path, "/api/users/999/factors"):  # whether there is such a user is not told
        assert (await help_desk.delete(one)).status_code == 403
    async with database.unit_of_work() as session:
        await grant(session, helper, ["auth.remove_factors"])
    assert (await help_desk.delete(path)).status_code == 403  # who may do more than the helper
    reader = await make_user(username="reader")
    assert (await help_desk.delete(f"/api/users/{reader.id}/factors")).status_code == 204
    other = await client_for(boss)
    assert (await other.delete(f"/api/users/{boss.id}/factors")).status_code == 403
    assert (await other.delete("/api/users/999/factors")).status_code == 404
    assert (await ada.client.get(FACTORS)).json()["totp"]


async def test_a_change_of_factors_is_an_event_and_a_mail_without_secrets(with_totp, session, outbox):
    ada = await with_totp()
    await ada.client.post(f"{FACTORS}/recovery-codes")
    kinds = (await session.scalars(select(SecurityEvent.kind).order_by(SecurityEvent.id))).all()
    assert kinds[1:] == [EventKind.FACTOR_ADDED, EventKind.RECOVERY_CODES_MADE]
    bodies = "".join(message.body for message in outbox.messages)
    assert "he authenticator app “Telephone” was added." in bodies
    assert "ew recovery codes were made." in bodies
    assert ada.secret not in bodies
    assert not any(code in bodies for code in ada.recovery_codes)
