import asyncio
import logging
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from anyio import to_thread
from sqlalchemy import select

from dovetail.contrib.auth.events.models import EventKind, SecurityEvent
from dovetail.contrib.auth.events.record import record, record_failure
from dovetail.contrib.auth.events.recorder import MAXIMUM_ROWS, RECORDER, Recorder
from dovetail.contrib.auth.mail.models import OutgoingMail
from dovetail.contrib.auth.models import User
from dovetail.contrib.auth.testing import PASSWORD
from tests.contrib.auth.helpers import NEW_PASSWORD, bearer, login, token_in, token_of
from tests.running import python

BROWSER = {"User-Agent": "Firefox/1\x1b[31m" + "x" * 500}


async def events(app, session, *kinds):
    await RECORDER.get(app).settle()
    session.expire_all()
    found = await session.scalars(select(SecurityEvent).order_by(SecurityEvent.id))
    return [event for event in found if not kinds or event.kind in kinds]


async def test_events_of_logins_and_failures_have_user_address_and_request(app, client, make_user, session, caplog):
    caplog.set_level(logging.INFO, "dovetail.auth.events")
    ada = await make_user(username="ada")
    client.headers.update(BROWSER)
    answers = [await login(client, "ada"), await login(client, "ada", "wrong password")]
    found = await events(app, session, EventKind.LOGIN, EventKind.LOGIN_FAILED)
    assert [(event.kind, event.user_id, event.username, event.address) for event in found] == [
        (EventKind.LOGIN, ada.id, "ada", "127.0.0.1"),
        (EventKind.LOGIN_FAILED, ada.id, "ada", "127.0.0.1"),
    ]
    assert [event.request_id for event in found] == [answer.headers["x-request-id"] for answer in answers]
    assert all(event.user_agent.startswith("Firefox/1?[31mxxx") and len(event.user_agent) == 200 for event in found)
    assert found[1].detail == "wrong password"
    lines = [text.getMessage() for text in caplog.records if text.name == "dovetail.auth.events"]
    assert [line.partition(" agent=")[0] for line in lines] == [
        "login user=ada actor=ada from=127.0.0.1",
        "login_failed user=ada actor=- from=127.0.0.1",
    ]


async def test_events_about_other_users_have_their_id_and_name(app, client_for, make_user, session):
    boss = await make_user(username="boss", is_superuser=True)
    assert (await (await client_for(boss)).post("/api/auth/logout-everybody")).status_code == 204
    [event] = await events(app, session, EventKind.SESSION_ENDED)
    assert (event.user_id, event.actor_id, event.actor_name) == (None, boss.id, "boss")


async def test_a_failed_login_is_recorded_with_its_reason(app, client, make_user, session):
    await make_user(username="gone", is_active=False)
    for name, password in (("nobody", PASSWORD), ("gone", PASSWORD), ("gone", "no")):
        await login(client, name, password)
    found = await events(app, session)
    assert [(event.kind, event.username, event.detail) for event in found] == [
        (EventKind.LOGIN_FAILED, "", "unknown name"),
        (EventKind.LOGIN_FAILED, "gone", "deactivated account"),
        (EventKind.LOGIN_FAILED, "gone", "wrong password"),
    ]


@pytest.mark.usefixtures("outbox")  # so that mails are sent before the account is deleted: they record events, too
async def test_each_event_of_an_account_has_its_user_and_its_actor(app, client, client_for, make_user, session):
    user = await make_user(username="ada", is_verified=True)
    boss = await client_for(await make_user(username="boss", is_superuser=True))
    ada, other, third = await client_for(user), await token_of(client, "ada"), await token_of(client, "ada")
    await client.post("/api/auth/logout", headers=bearer(third))
    sessions = (await ada.get("/api/auth/sessions")).json()["items"]
    [key] = [one["id"] for one in sessions if not one["is_current"]]
    made = await ada.post("/api/auth/tokens", json={"name": "ci", "scopes": [], "unlimited": True})
    for answer in (
        await ada.delete(f"/api/auth/tokens/{made.json()['id']}"),
        await ada.patch("/api/users/me", json={"username": "countess", "current_password": "a guess at it"}),
        await ada.patch("/api/users/me", json={"email": "countess@example.org", "current_password": PASSWORD}),
        await ada.delete(f"/api/auth/sessions/{key}"),
        await client.get("/api/users/me", headers=bearer(other)),
        await client.post("/api/auth/forgot-password", json={"email": user.email}),
        await boss.post(f"/api/users/{user.id}/reset-password"),
        await ada.post("/api/auth/logout-everywhere"),
        await boss.delete(f"/api/users/{user.id}"),
    ):
        assert answer.status_code in {200, 202, 204, 401, 422}, answer.text
    found = [event for event in await events(app, session) if event.kind != EventKind.LOGIN]
    assert sorted((event.kind, event.username, event.actor_name, event.detail) for event in found) == [
        (EventKind.EMAIL_CHANGE_REQUESTED, "ada", "ada", ""),
        (EventKind.LOGOUT, "ada", "ada", ""),
        (EventKind.PROOF_FAILED, "ada", "ada", "wrong password"),
        (EventKind.RESET_REQUESTED, "ada", "", ""),
        (EventKind.RESET_STARTED, "ada", "boss", ""),
        (EventKind.SESSION_ENDED, "ada", "ada", "all"),
        (EventKind.SESSION_ENDED, "ada", "ada", f"number {key}"),
        (EventKind.TOKEN_MADE, "ada", "ada", "the personal token 'ci' with all that its owner may do"),
        (EventKind.TOKEN_REVOKED, "ada", "ada", "the personal token 'ci'"),
        (EventKind.USER_DELETED, "ada", "boss", ""),
    ]


async def test_rolled_back_events_are_not_recorded_but_failures_are(database, make_user, session, caplog):
    caplog.set_level(logging.INFO, "dovetail.auth.events")
    ada = await make_user(username="ada")
    with suppress(LookupError):
        async with database.unit_of_work() as work:
            await record(work, EventKind.TOKEN_MADE, user=ada)
            raise LookupError
    assert caplog.messages == []
    async with database.unit_of_work(read_only=True) as reading:
        assert (await reading.scalars(select(SecurityEvent))).all() == []
    async with database.unit_of_work() as work:
        await record(work, EventKind.TOKEN_MADE, user=ada, actor=ada, detail="the token 'ci'\n")
        assert caplog.messages == []
    assert caplog.messages == ["token_made user=ada actor=ada from=- agent='': the token 'ci'?"]
    (event,) = (await session.scalars(select(SecurityEvent))).all()
    assert (event.kind, event.actor_id, event.times, event.address) == (EventKind.TOKEN_MADE, ada.id, 1, "")


@pytest.mark.parametrize("database_kind", ["sqlite"])  # they are counted in memory
async def test_a_thousand_equal_refusals_are_two_rows(app, client, client_for, make_user, session):
    ada = await client_for(await make_user(username="ada"))
    for _ in range(1000 // 50):
        for _ in range(50):
            assert (await ada.get("/api/users")).status_code == 403
    denied = await events(app, session, EventKind.ACCESS_DENIED)
    assert sum(event.times for event in denied) == 1000
    assert len(denied) <= 2
    assert {(event.username, event.actor_name, event.detail) for event in denied} == {
        ("", "ada", "This is for staff only. (GET /api/users)")
    }


async def test_refusals_of_many_kinds_cannot_flood_the_table(database, session):
    recorder = Recorder(database)
    for number in range(3 * MAXIMUM_ROWS):
        values = {"kind": EventKind.ACCESS_DENIED, "address": f"2001:db8::{number:x}", "detail": "no"}
        recorder.add((number,), values)
    await recorder.settle()
    found = (await session.scalars(select(SecurityEvent))).all()
    assert len(found) == MAXIMUM_ROWS + 1
    assert sum(event.times for event in found) == 3 * MAXIMUM_ROWS


async def test_a_new_refusal_is_written_before_the_window_of_repeated_ones_ends(database):
    recorder = Recorder(database)

    async def written() -> list[str]:
        async with database.unit_of_work(read_only=True) as session:
            return list(await session.scalars(select(SecurityEvent.detail).order_by(SecurityEvent.id)))

    for detail in ("guessed", "guessed", "denied"):
        recorder.add((detail,), {"kind": EventKind.ACCESS_DENIED, "detail": detail})
        for _ in range(1000):
            if detail in await written():
                break
            await asyncio.sleep(0.05)
    assert await written() == ["guessed", "denied"]
    await recorder.settle()
    assert await written() == ["guessed", "denied", "guessed"]


async def test_events_outlive_the_account_and_keep_its_name(app, back_office_for, make_user, session):
    eve, root = await make_user(username="eve"), await make_user(username="root", is_superuser=True)
    office = await back_office_for(root)
    recorder = RECORDER.get(app)
    answer = await office.submit(f"/auth/user/delete/?pks={eve.id}", {})
    assert answer.status_code == 303, answer.text
    recorder.add((1,), {"kind": EventKind.LOGIN_FAILED, "user_id": eve.id, "username": "eve", "detail": "late"})
    found = await events(app, session, EventKind.USER_DELETED, EventKind.LOGIN_FAILED)
    assert {(event.kind, event.user_id, event.username, event.actor_name) for event in found} == {
        (EventKind.USER_DELETED, None, "eve", "root"),
        (EventKind.LOGIN_FAILED, None, "eve", ""),
    }
    assert await session.get(User, eve.id) is None


async def test_no_event_contains_a_secret_in_its_row_or_log_line(  # noqa: PLR0917 - fixtures
    app, client, back_office_for, make_user, session, outbox, caplog
):
    caplog.set_level(logging.DEBUG)
    ada = await make_user(username="ada", password=PASSWORD)
    secrets = [PASSWORD, NEW_PASSWORD, "a wrong but telling password", "typed-into-the-wrong-field"]
    await login(client, secrets[3], secrets[2])
    await login(client, "ada", secrets[2])
    token = (await login(client, "ada")).json()["access_token"]
    mine = {"Authorization": f"Bearer {token}"}
    await client.get("/api/users/me", headers={"Authorization": "Bearer made-up-token-of-somebody"})
    await client.post("/api/auth/forgot-password", json={"email": ada.email})
    reset = token_in(outbox.messages[-1])
    await client.post("/api/auth/reset-password", json={"token": reset, "password": secrets[1]})
    await client.patch("/api/users/me", json={"password": PASSWORD, "current_password": secrets[2]}, headers=mine)
    root = await make_user(username="root", is_superuser=True)
    office = await back_office_for(root)
    key = office.client.cookies.get("dovetail_session") or next(iter(office.client.cookies.values()))
    await office.post("/login", {"username": secrets[3], "password": secrets[2]})
    await office.post("/login", {"username": "root", "password": PASSWORD})
    await office.post("/logout", {})
    secrets += [token, reset, key, "made-up-token-of-somebody"]
    rows = await events(app, session)
    assert len({row.kind for row in rows}) >= 5
    text = " ".join(
        f"{row.username} {row.actor_name} {row.user_agent} {row.request_id} {row.detail} {row.address}" for row in rows
    )
    lines = "\n".join(one.getMessage() for one in caplog.records if one.name.startswith("dovetail"))
    for secret in secrets:
        assert secret not in text
        assert secret not in lines


async def test_a_failure_outside_of_a_request_is_logged_alone(caplog):
    await record_failure(EventKind.LOGIN_FAILED, detail="by hand")
    assert caplog.messages == ["login_failed user=- actor=- from=- agent='': by hand"]


async def test_events_are_kept_for_as_many_days_as_the_settings_say(database, database_url, session):
    now = datetime.now(UTC)
    session.add_all(
        SecurityEvent(kind=EventKind.LOGIN, detail=str(days), created_at=now - timedelta(days=days))
        for days in (0, 29, 31)
    )
    session.add(OutgoingMail(kind="message", to="a@x.org", subject="new", due_at=None))
    lost = OutgoingMail(kind="message", to="a@x.org", subject="old", due_at=None, created_at=now - timedelta(days=31))
    session.add(lost)
    await session.commit()
    done = await to_thread.run_sync(
        partial(python, "manage.py", "purge-expired", DATABASE_URL=database_url, AUTH_EVENTS_DAYS=30)
    )
    assert "1 expired security event removed." in done.stdout
    assert "1 expired undeliverable mail removed." in done.stdout
    assert (await session.scalars(select(SecurityEvent.detail).order_by(SecurityEvent.id))).all() == ["0", "29"]
    assert (await session.scalars(select(OutgoingMail.subject))).all() == ["new"]


async def test_a_page_of_the_back_office_that_is_refused_is_recorded(app, back_office_for, make_user, session):
    office = await back_office_for(await make_user(username="eddie", is_staff=True))
    assert (await office.get("/auth/user/")).status_code == 403
    (denied,) = await events(app, session, EventKind.ACCESS_DENIED)
    assert (denied.actor_name, denied.detail.endswith("(GET /admin/auth/user/)")) == ("eddie", True)


async def test_refusals_are_recorded_in_english_in_any_language_of_the_page(
    app, back_office_for, make_user, session, caplog
):
    office = await back_office_for(await make_user(username="eddie", is_superuser=True))
    office.client.headers["Accept-Language"] = "de"
    page = await office.client.post("/admin/blog/tag/add/", data={"name": "x"})
    assert (page.status_code, "Das Formular gilt nicht mehr" in page.text) == (403, True)
    (denied,) = await events(app, session, EventKind.ACCESS_DENIED)
    assert denied.detail.startswith("The form is no longer valid, so nothing was done.")
    (line,) = [one for one in caplog.messages if one.startswith("access_denied")]
    assert "The form is no longer valid" in line
