"""Sessions in the API: seen and ended by their owner and by administrators, and proved again."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select, update

from dovetail.contrib.auth.events.models import EventKind, SecurityEvent
from dovetail.contrib.auth.models import User
from dovetail.contrib.auth.permissions.grants import grant
from dovetail.contrib.auth.sessions.models import Session, SessionKind
from dovetail.contrib.auth.testing import PASSWORD, new_token
from tests.contrib.auth.helpers import bearer, pointers, token_of

BROWSER = {"User-Agent": "Browser/1.0"}
LONG_AGO = timedelta(hours=1)


@pytest.fixture
async def bob(make_user):
    return await make_user(username="bob")


async def age(session, user, **values):
    """Let what a user did in their sessions lie an hour back, or change something else of them."""
    changes = values or {"proved_at": datetime.now(UTC) - LONG_AGO}
    await session.execute(update(Session).where(Session.user_id == user.id).values(changes))
    await session.commit()


async def listed(client, **options):
    answer = await client.get("/api/auth/sessions", **options)
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


async def count(session, user):
    return await session.scalar(select(func.count()).select_from(Session).where(Session.user_id == user.id))


async def test_a_login_is_a_row_that_its_owner_sees_and_nobody_else(client, ada, bob, client_for):
    phone = bearer(await token_of(client, "ada"))
    laptop = bearer(
        (await client.post("/api/auth/login", data={"username": "ada", "password": PASSWORD}, headers=BROWSER)).json()[
            "access_token"
        ]
    )
    items = await listed(client, headers=laptop)
    assert [(one["method"], one["door"], one["is_current"]) for one in items] == [
        ("password", "api", True),
        ("password", "api", False),
    ]
    assert (items[0]["user_agent"], items[0]["address"]) == ("Browser/1.0", "127.0.0.1")
    assert items[0]["created_at"] <= items[0]["used_at"] < items[0]["expires_at"]
    assert [one["is_current"] for one in await listed(client, headers=phone)] == [False, True]
    (own,) = await listed(await client_for(bob))
    assert own["id"] not in {one["id"] for one in items}
    assert not {"token_hash", "user_id"} & own.keys()
    assert (await client.get("/api/auth/sessions")).status_code == 401


async def test_the_user_agent_is_shortened_and_sanitized(client, ada):
    agent = {"User-Agent": "x\x7f" + "y" * 5000}
    login = await client.post("/api/auth/login", data={"username": "ada", "password": PASSWORD}, headers=agent)
    (one,) = await listed(client, headers=bearer(login.json()["access_token"]))
    assert one["user_agent"] == "x" + "y" * 298


async def test_an_expired_session_is_not_listed(client_for, ada, session):
    client = await client_for(ada)
    await new_token(session, ada.id)
    await session.execute(update(Session).where(Session.id == 2).values(expires_at=datetime.now(UTC)))
    await session.commit()
    assert len(await listed(client)) == 1


async def test_one_ends_a_session_and_its_very_next_request_is_refused(client_for, ada):
    mine, stolen = [await client_for(ada) for _ in range(2)]
    (theirs,) = [one["id"] for one in await listed(mine) if not one["is_current"]]
    assert (await mine.delete(f"/api/auth/sessions/{theirs}")).status_code == 204
    assert (await stolen.get("/api/users/me")).status_code == 401
    assert (await stolen.get("/api/posts")).status_code == 401
    assert [one["is_current"] for one in await listed(mine)] == [True]
    assert (await mine.delete(f"/api/auth/sessions/{theirs}")).status_code == 404


async def test_nobody_ends_a_session_of_another_by_its_number(client_for, ada, bob, session):
    hers, his = await client_for(ada), await client_for(bob)
    (one,) = await listed(hers)
    answers = [await his.delete(f"/api/auth/sessions/{key}") for key in (one["id"], 999)]
    assert {(answer.status_code, answer.json()["detail"]) for answer in answers} == {(404, "You have no such session.")}
    assert len(await listed(hers)) == 1


async def test_without_a_recent_proof_one_ends_only_the_session_one_is_in(client_for, ada, session):
    mine, other = [await client_for(ada) for _ in range(2)]
    await age(session, ada)
    keys = {one["is_current"]: one["id"] for one in await listed(mine)}
    refused = await mine.delete(f"/api/auth/sessions/{keys[False]}")
    assert (refused.status_code, refused.json()["type"]) == (401, "urn:dovetail:problem:proof-required")
    challenge = 'Bearer error="insufficient_user_authentication", max_age="600"'
    assert refused.headers["www-authenticate"] == challenge
    assert (await mine.delete(f"/api/auth/sessions/{keys[True]}")).status_code == 204
    assert (await other.get("/api/users/me")).status_code == 200


async def test_the_password_is_a_proof_for_some_minutes_and_in_its_own_session_only(client_for, ada, session):
    mine, other = [await client_for(ada) for _ in range(2)]
    await age(session, ada)
    for client in (mine, other):
        assert (await client.post("/api/auth/logout-everywhere")).status_code == 401
    assert (await mine.post("/api/auth/prove", json={"password": PASSWORD})).status_code == 204
    assert (await other.post("/api/auth/logout-everywhere")).status_code == 401
    await age(session, ada, proved_at=datetime.now(UTC) - timedelta(seconds=590))
    assert (await mine.post("/api/auth/logout-everywhere?keep_current=true")).status_code == 204


async def test_a_wrong_password_is_no_proof(client_for, ada, session, hashes):
    client = await client_for(ada)
    await age(session, ada)
    for password in ("wrong password", "x" * 128):
        answer = await client.post("/api/auth/prove", json={"password": password})
        assert (answer.status_code, pointers(answer)) == (422, ["/password"])
    hashes.count = 0
    assert (await client.post("/api/auth/prove", json={"password": "x" * 129})).status_code == 422
    assert hashes.count == 0
    assert (await client.post("/api/auth/logout-everywhere")).status_code == 401


async def test_a_user_without_a_password_cannot_prove_by_one(client_for, make_user, session):
    user = await make_user(hashed_password="!")
    client = await client_for(user)
    assert (await client.post("/api/auth/prove", json={"password": "!"})).status_code == 422


@pytest.mark.parametrize("keep", [False, True])
async def test_logging_out_everywhere_ends_all_sessions_at_every_door(client_for, ada, bob, session, keep):
    mine, other, his = await client_for(ada), await client_for(ada), await client_for(bob)
    await new_token(session, ada.id, kind=SessionKind.OFFICE)
    await session.commit()
    assert (await mine.post(f"/api/auth/logout-everywhere?keep_current={str(keep).lower()}")).status_code == 204
    assert (await mine.get("/api/users/me")).status_code == (200 if keep else 401)
    assert (await other.get("/api/users/me")).status_code == 401
    assert await count(session, ada) == keep
    assert (await his.get("/api/users/me")).status_code == 200


async def test_a_cookie_of_the_back_office_is_no_bearer_token(client, make_user, session):
    boss = await make_user(is_superuser=True)
    token = await new_token(session, boss.id, kind=SessionKind.OFFICE)
    await session.commit()
    assert (await client.get("/api/users/me", headers=bearer(token))).status_code == 401
    assert (await client.get("/api/posts", headers=bearer(token))).status_code == 401


async def test_staff_with_the_permissions_see_and_end_the_sessions_of_others(client_for, make_user, ada, session):
    eddie, boss = await make_user(username="eddie", is_staff=True), await make_user(is_superuser=True)
    hers, his = await client_for(ada), await client_for(eddie)
    path = f"/api/users/{ada.id}/sessions"
    for answer in (await his.get(path), await his.delete(path)):
        assert answer.status_code == 403
    await grant(session, await session.get_one(User, eddie.id), ["auth.view_session", "auth.delete_session"])
    await session.commit()
    (seen,) = (await his.get(path)).json()["items"]
    assert (seen["method"], seen["is_current"]) == ("password", False)
    assert (await his.delete(path)).status_code == 204
    assert (await hers.get("/api/users/me")).status_code == 401
    assert (await his.delete(f"/api/users/{boss.id}/sessions")).status_code == 403
    for answer in (await his.get("/api/users/999/sessions"), await his.delete("/api/users/999/sessions")):
        assert answer.status_code == 404
    assert (await hers.get(path)).status_code == 401


async def test_a_superuser_logs_everybody_out_and_stays_unless_they_say_otherwise(client_for, make_user, ada, session):
    boss = await make_user(username="boss", is_superuser=True)
    eddie = await make_user(username="eddie", is_staff=True)
    hers, his, its = await client_for(ada), await client_for(eddie), await client_for(boss)
    assert (await his.post("/api/auth/logout-everybody")).status_code == 403
    await age(session, boss)
    assert (await its.post("/api/auth/logout-everybody")).status_code == 401
    assert (await its.post("/api/auth/prove", json={"password": PASSWORD})).status_code == 204
    assert (await its.post("/api/auth/logout-everybody")).status_code == 204
    for client, status in ((hers, 401), (his, 401), (its, 200)):
        assert (await client.get("/api/users/me")).status_code == status
    assert (await its.post("/api/auth/logout-everybody?keep_current=false")).status_code == 204
    assert (await its.get("/api/users/me")).status_code == 401


async def test_what_is_ended_and_proved_is_a_security_event(client_for, ada, session):
    client, _ = [await client_for(ada) for _ in range(2)]
    (other,) = [one["id"] for one in await listed(client) if not one["is_current"]]
    assert (await client.post("/api/auth/prove", json={"password": PASSWORD})).status_code == 204
    assert (await client.delete(f"/api/auth/sessions/{other}")).status_code == 204
    assert (await client.post("/api/auth/logout-everywhere?keep_current=true")).status_code == 204
    rows = await session.execute(select(SecurityEvent.kind, SecurityEvent.username, SecurityEvent.detail))
    assert [tuple(row) for row in rows if row.kind != EventKind.LOGIN] == [
        (EventKind.PROVED, "ada", ""),
        (EventKind.SESSION_ENDED, "ada", f"number {other}"),
        (EventKind.SESSION_ENDED, "ada", "all others"),
    ]


async def test_somebody_without_a_password_changes_what_they_log_in_with_after_a_recent_login_only(
    client_for, make_user, session
):
    user = await make_user(username="eve", hashed_password="!")
    client = await client_for(user)
    changes = ({"username": "evelyn"}, {"email": "eve@example.com"}, {"password": "a long pass phrase"})
    await age(session, user)
    for change in changes:
        refused = await client.patch("/api/users/me", json=change)
        assert (refused.status_code, refused.json()["type"]) == (401, "urn:dovetail:problem:proof-required")
    await age(session, user, proved_at=datetime.now(UTC))
    for change in changes:
        assert (await client.patch("/api/users/me", json=change)).status_code == 200
    for current, status in (({}, 422), ({"current_password": "a long pass phrase"}, 200)):
        assert (await client.patch("/api/users/me", json={"username": "eva", **current})).status_code == status
