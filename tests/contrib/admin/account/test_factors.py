"""The section of one's own factors on the account page, without a browser's scripts."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select, update

from dovetail.contrib.admin.testing import ORIGIN, read_form
from dovetail.contrib.auth.factors.challenges import make_challenge
from dovetail.contrib.auth.factors.models import ChallengePurpose, Passkey, Totp
from dovetail.contrib.auth.sessions.models import Session
from dovetail.contrib.auth.testing import PASSWORD
from tests.contrib.auth.factors.conftest import code_of

LOCALHOST = "http://localhost"  # where browsers know passkeys, and not at testserver


async def enrol(office, name: str = "Telephone") -> tuple[str, list[str]]:
    shown = (await office.post("/account/factors/totp", {"name": name})).text
    secret = "".join(re.search(r'class="secret">([^<]+)', shown)[1].split())
    key = re.search(r'name="id" value="(\d+)"', shown)[1]
    done = await office.post("/account/factors/confirm", {"id": key, "code": code_of(secret)})
    return secret, re.findall(r"<li>([0-9a-z-]{27})</li>", done.text)


async def test_staff_enrol_rename_and_remove_an_app(office, session):
    secret, codes = await enrol(office)
    assert (len(secret), len(codes)) == (32, 10)
    page = (await office.get("/account/")).text
    assert "Telephone" in page
    assert "10 of 10 are left" in page
    key = str(await session.scalar(select(Totp.id)))
    await session.rollback()
    await office.post("/account/factors/rename", {"kind": "totp", "id": key, "name": "Old"})
    assert "It is called Old now." in (await office.get("/account/")).text
    renewed = (await office.post("/account/factors/codes", {})).text
    assert len(set(re.findall(r"<li>([0-9a-z-]{27})</li>", renewed)) - set(codes)) == 10
    await office.post("/account/factors/remove", {"kind": "totp", "id": key})
    assert "Old was removed." in (await office.get("/account/")).text
    assert await session.scalar(select(func.count()).select_from(Totp)) == 0


@pytest.mark.parametrize("route", ["rename", "remove"])
async def test_what_is_no_factor_of_ones_own_is_not_there(office, route, make_user, session):
    other = await make_user(username="other")
    session.add(Totp(user_id=other.id, name="x", secret="x", confirmed_at=datetime.now(UTC)))
    await session.commit()
    key = str(await session.scalar(select(Totp.id)))
    await session.rollback()
    for data in ({"kind": "totp", "id": key}, {"kind": "x", "id": "1"}, {"kind": "totp", "id": "²"}, {}):
        answer = await office.post(f"/account/factors/{route}", {"name": "Mine", **data})
        assert answer.status_code == 404
    assert await session.scalar(select(Totp.name)) == "x"


async def test_a_name_or_a_passkey_that_will_not_do_is_told(office, session):
    for name in ("", " ", "x" * 101, "a\x1bb"):
        assert (await office.post("/account/factors/totp", {"name": name})).status_code == 422
    for passkey in (
        "",
        "[]",
        "{",
        '{"id": "\\u0000"}',
        "[" * 60_000,
        '{"id": "AA", "response": {"clientDataJSON": "AAAA"}}',
    ):
        answer = await office.post("/account/factors/passkey", {"name": "Key", "passkey": passkey})
        assert "No passkey was made" in answer.text
    assert await session.scalar(select(func.count()).select_from(Passkey)) == 0


async def test_who_logged_in_long_ago_proves_by_a_code_that_it_is_still_them(office, session):
    secret, _ = await enrol(office)
    await session.execute(update(Session).values(proved_at=datetime.now(UTC) - timedelta(days=1)))
    await session.commit()
    sent_away = await office.post("/account/factors/codes", {})
    assert sent_away.headers["location"].startswith("/admin/prove")
    assert (await office.post("/prove", {"code": "000000"})).status_code == 403
    assert (await office.post("/prove", {"code": code_of(secret, 1)})).status_code == 303
    assert "Your recovery codes" in (await office.post("/account/factors/codes", {})).text


async def test_the_second_step_is_asked_for_by_the_login_page_too(client, boss, office, session):
    _, codes = await enrol(office)
    page = await client.get("/admin/login")
    data = {**read_form(page.text), "username": "boss", "password": PASSWORD}
    first = await client.post("/admin/login?next=/admin/auth/user/", data=data, headers={"Origin": ORIGIN})
    assert first.headers["location"] == "/admin/login/second-factor?next=/admin/auth/user/"
    assert (await client.get("/admin/")).status_code == 303  # nobody is logged in yet
    step = (await client.get(first.headers["location"])).text
    token = {"csrf_token": read_form(step)["csrf_token"][0]}
    wrong = await client.post(first.headers["location"], data={**token, "code": "000000"}, headers={"Origin": ORIGIN})
    assert (wrong.status_code, "This code is wrong" in wrong.text) == (401, True)
    right = await client.post(
        first.headers["location"], data={**token, "recovery_code": codes[0]}, headers={"Origin": ORIGIN}
    )
    assert right.headers["location"] == "/admin/auth/user/"
    assert "boss" in (await client.get("/admin/auth/user/")).text


async def test_a_link_to_enrol_that_is_wrong_used_or_not_of_staff_opens_nothing(client, boss, make_user, database):
    reader = await make_user(username="reader")
    async with database.unit_of_work() as session:
        tokens = [
            await make_challenge(session, ChallengePurpose.ENROL, user.id, lifetime=lifetime)
            for user, lifetime in ((boss, 3600), (boss, -1), (reader, 3600))
        ]
    good = await client.get(f"{LOCALHOST}/admin/enrol?token={tokens[0]}")
    assert (good.status_code, "for boss" in good.text) == (200, True)
    for token in (tokens[1], tokens[2], "x", ""):
        answer = await client.get(f"{LOCALHOST}/admin/enrol?token={token}")
        assert ("This link was used" in answer.text, "for boss" in answer.text) == (True, False), token
        options = await client.post(
            f"{LOCALHOST}/admin/enrol/options?token={token}",
            data={"csrf_token": read_form(good.text)["csrf_token"][0]},
            headers={"Origin": LOCALHOST, "Accept": "application/json"},
        )
        assert options.status_code == 403


async def test_an_action_on_users_removes_the_factors_of_who_lost_them(office, back_office_for, make_user, session):
    ada = await make_user(username="ada", is_superuser=True)
    await enrol(await back_office_for(ada))
    chosen = {"pks": [str(ada.id)]}
    asked = await office.post("/auth/user/action/remove-factors/", chosen)
    assert "Their password is enough then." in asked.text
    assert await session.scalar(select(func.count()).select_from(Totp)) == 1
    await session.rollback()
    done = await office.post("/auth/user/action/remove-factors/", {**chosen, "confirmed": "yes"})
    assert done.status_code == 303
    assert "1 second factor removed." in (await office.get("/")).text
    assert await session.scalar(select(func.count()).select_from(Totp)) == 0
