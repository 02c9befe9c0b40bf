"""Proving again who one is by a factor."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from dovetail.contrib.auth.events.models import EventKind, SecurityEvent
from dovetail.contrib.auth.sessions.models import Session
from tests.contrib.auth.factors.conftest import FACTORS
from tests.contrib.auth.factors.soft_authenticator import SoftAuthenticator

PROVE = "/api/auth/prove/second-factor"


@pytest.fixture
def long_ago(database):
    async def wait() -> None:
        async with database.unit_of_work() as session:
            await session.execute(update(Session).values(proved_at=datetime.now(UTC) - timedelta(days=1)))

    return wait


async def may_change(holder) -> bool:
    answer = await holder.client.post(f"{FACTORS}/totp", json={"name": "Another"})
    assert answer.status_code in {201, 401}
    return answer.status_code == 201


async def test_a_code_or_a_recovery_code_is_a_recent_proof_and_works_once(with_totp, long_ago):
    ada = await with_totp()
    for proof in ({"code": ada.code()}, {"recovery_code": ada.recovery_codes[0]}):
        await long_ago()
        assert not await may_change(ada)
        assert (await ada.client.post(PROVE, json=proof)).status_code == 204
        assert await may_change(ada)
        again = await ada.client.post(PROVE, json=proof)
        assert (again.status_code, again.json()["errors"][0]["type"]) == (401, "wrong_factor")


async def test_a_passkey_is_a_recent_proof_for_a_question_of_its_own(client, with_passkey, long_ago):
    ada = await with_passkey()
    await long_ago()
    login = (await client.post("/api/auth/passkeys/options")).json()["options"]
    refused = await ada.client.post(PROVE, json={"passkey": ada.authenticator.get(login)})
    assert refused.status_code == 401
    asked = (await ada.client.post("/api/auth/prove/options")).json()["options"]
    assert [one["id"] for one in asked["allowCredentials"]] == [ada.authenticator.keys[0].id]
    strange = SoftAuthenticator(keys=ada.authenticator.keys, origin="https://evil.example")
    assert (await ada.client.post(PROVE, json={"passkey": strange.get(asked)})).status_code == 401
    asked = (await ada.client.post("/api/auth/prove/options")).json()["options"]
    assert (await ada.client.post(PROVE, json={"passkey": ada.authenticator.get(asked)})).status_code == 204
    assert await may_change(ada)


async def test_guessing_codes_with_a_stolen_token_is_limited_and_recorded(with_totp, session):
    ada = await with_totp()
    guesses = [await ada.client.post(PROVE, json={"code": f"{n:06}"}) for n in range(6)]
    assert [one.status_code for one in guesses] == [401] * 5 + [429]
    assert (await ada.client.post(PROVE, json={"recovery_code": ada.recovery_codes[0]})).status_code == 204
    kinds = (EventKind.PROOF_FAILED, EventKind.RECOVERY_CODE_USED, EventKind.PROVED)
    found = await session.scalars(select(SecurityEvent).where(SecurityEvent.kind.in_(kinds)).order_by(SecurityEvent.id))
    assert [(event.kind, event.username, event.detail) for event in found] == [
        *[(EventKind.PROOF_FAILED, "ada", "totp")] * 5,
        (EventKind.RECOVERY_CODE_USED, "ada", "9 are left"),
        (EventKind.PROVED, "ada", "recovery_code"),
    ]
