"""The last use of a session: written down now and then, behind the answers, and what it puts off."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, select, update

from dovetail.contrib.auth.models import User
from dovetail.contrib.auth.sessions import use
from dovetail.contrib.auth.sessions.current import CurrentSession
from dovetail.contrib.auth.sessions.log_in import Lifetime, log_in
from dovetail.contrib.auth.sessions.models import Session
from dovetail.contrib.auth.sessions.use import USE_LOGS, note_use
from tests.contract.usual import without_fast_path

MINUTE = timedelta(minutes=1)
READS = ("/api/users/me", "/api/posts", "/api/auth/sessions")


@pytest.fixture
async def ada(make_user):
    return await make_user(username="ada", is_staff=True)


@pytest.fixture
async def client(ada, client_for):
    return await client_for(ada)


async def used_at(session):
    found = await session.scalar(select(Session.used_at))
    await session.commit()
    return found


async def set_back(session, minutes, **values):
    await session.execute(update(Session).values(used_at=datetime.now(UTC) - minutes * MINUTE, **values))
    await session.commit()


@pytest.mark.parametrize("road", ["fast", "usual"])
async def test_use_is_recorded_once_in_five_minutes_and_after_the_response(
    app, client, session, count_statements, road
):
    if road == "usual":
        without_fast_path(app)
    for path in READS:
        with count_statements() as usual:
            await client.get(path)
        await set_back(session, 4)
        await client.get(path)
        await USE_LOGS.get(app)[CurrentSession].write()
        assert datetime.now(UTC) - await used_at(session) > 3 * MINUTE
        await set_back(session, 6)
        with count_statements() as statements:
            assert (await client.get(path)).status_code == 200
        # The use is found to be due after the user was presumed, and the empty page and their row were read in vain.
        in_vain = 2 if road == "fast" and path == "/api/posts" else 0
        assert len(statements) == len(usual) + in_vain
        assert datetime.now(UTC) - await used_at(session) > 5 * MINUTE
        await USE_LOGS.get(app)[CurrentSession].write()
        assert datetime.now(UTC) - await used_at(session) < MINUTE


async def test_write_requests_also_record_the_use(app, client, session):
    for ask in (
        lambda: client.post("/api/posts", json={"title": "x", "content": "y"}),
        lambda: client.patch("/api/users/me", json={"bio": "x"}),
        lambda: client.get("/debug/pool"),
    ):
        await set_back(session, 6)
        assert (await ask()).is_success
        await USE_LOGS.get(app)[CurrentSession].write()
        assert datetime.now(UTC) - await used_at(session) < MINUTE


async def test_concurrent_requests_are_recorded_by_one_write(app, client, session, count_statements, monkeypatch):
    monkeypatch.setattr(use, "PAUSE", 0.01)
    await set_back(session, 6)
    with count_statements() as statements:
        await asyncio.gather(*(client.get("/api/users/me") for _ in range(5)))
        await USE_LOGS.get(app)[CurrentSession]._task
    assert len([one for one in statements if one.startswith("UPDATE auth_session")]) == 1
    assert datetime.now(UTC) - await used_at(session) < MINUTE


async def test_use_extends_a_session_up_to_its_absolute_end(session, ada):
    user = await session.get_one(User, ada.id)
    row = (await log_in(session, user, connection=None, method="x", lifetime=Lifetime(absolute=5000, idle=1000))).row
    end = row.created_at + timedelta(seconds=5000)
    for minutes, left in ((6, timedelta(seconds=1000)), (81, timedelta(seconds=140))):
        now = datetime.now(UTC)
        await session.execute(
            update(Session).values(
                used_at=now - 6 * MINUTE,
                expires_at=now + MINUTE,
                ends_at=end - minutes * MINUTE,
            ),
            execution_options={"synchronize_session": False},
        )
        await note_use(session, [row.id])
        await session.refresh(row)
        assert abs(row.expires_at - now - left) < timedelta(seconds=30)


async def test_the_use_of_a_session_extends_no_other_session(session, ada):
    user = await session.get_one(User, ada.id)
    keys = [(await log_in(session, user, connection=None, method="x")).row.id for _ in range(2)]
    await set_back(session, 6)
    await note_use(session, keys[:1])
    used = [await session.scalar(select(Session.used_at).where(Session.id == key)) for key in keys]
    assert used[0] - used[1] > 5 * MINUTE


async def test_an_idle_session_ends(client, session):
    await set_back(session, 20, expires_at=datetime.now(UTC) - MINUTE, ends_at=datetime.now(UTC) + 60 * MINUTE)
    assert (await client.get("/api/users/me")).status_code == 401


@pytest.mark.parametrize("what", ["ended", "over"])
async def test_recording_use_late_does_not_revive_a_session(app, client, session, what):
    await set_back(session, 6, idle_seconds=1000, ends_at=datetime.now(UTC) + 60 * MINUTE)
    await client.get("/api/users/me")
    over = datetime.now(UTC) - MINUTE
    await session.execute(delete(Session) if what == "ended" else update(Session).values(expires_at=over))
    await session.commit()
    await USE_LOGS.get(app)[CurrentSession].write()
    assert (await client.get("/api/users/me")).status_code == 401


async def test_pending_uses_are_recorded_when_the_server_stops(app, client, session, monkeypatch):
    monkeypatch.setattr(use, "PAUSE", 3600)
    await set_back(session, 6)
    await client.get("/api/users/me")
    await asyncio.wait_for(USE_LOGS.get(app)[CurrentSession].close(), 30)
    assert datetime.now(UTC) - await used_at(session) < MINUTE


async def test_a_database_that_is_away_costs_a_line_in_the_log(app, client, session, caplog, monkeypatch):
    await set_back(session, 6)
    await client.get("/api/users/me")

    async def fail(*_):
        raise OSError("away")

    with monkeypatch.context() as broken:
        broken.setattr(USE_LOGS.get(app)[CurrentSession], "_note_use", fail)
        await USE_LOGS.get(app)[CurrentSession].write()
    assert "the last use of 1 sessions or tokens was not written down" in caplog.text
    await client.get("/api/users/me")
    await USE_LOGS.get(app)[CurrentSession].write()
    assert datetime.now(UTC) - await used_at(session) < MINUTE


async def test_use_recorded_by_another_process_is_not_recorded_again(session, client):
    await set_back(session, 4)
    before = await used_at(session)
    key = await session.scalar(select(Session.id))
    await note_use(session, [key])
    assert await used_at(session) == before
