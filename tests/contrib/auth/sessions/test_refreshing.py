"""Refresh tokens: each gives the next token once, and a copy of one ends the session."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from dovetail.contrib.auth.events.models import EventKind, SecurityEvent
from dovetail.contrib.auth.models import User
from dovetail.contrib.auth.sessions.models import RefreshToken, Session
from dovetail.contrib.auth.testing import PASSWORD
from tests.contrib.auth.helpers import bearer

AGO = timedelta(minutes=1)
# For what asks the database for nothing that the others do not ask it for.
ON_ONE = pytest.mark.parametrize("database_kind", ["sqlite"])
COUNTED = ("refresh_token",)  # operations whose statements are counted here


@pytest.fixture(autouse=True)
def _with_refresh_tokens(monkeypatch):
    monkeypatch.setenv("AUTH_REFRESH_TOKENS", "true")
    monkeypatch.setenv("AUTH_ACCESS_TOKEN_LIFETIME", "600")


@pytest.fixture
async def given(client, make_user):
    """What a login gives."""
    await make_user(username="ada")
    answer = await client.post("/api/auth/login", data={"username": "ada", "password": PASSWORD})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def refresh(client, token, **headers):
    form = {"grant_type": "refresh_token", "refresh_token": token}
    return await client.post("/api/auth/token", data=form, headers=headers)


async def statuses(client, *tokens):
    return [(await client.get("/api/users/me", headers=bearer(token))).status_code for token in tokens]


async def let_pass(session, time=AGO):
    """Let some time pass since tokens were used."""
    was_used = RefreshToken.used_at.is_not(None)
    await session.execute(update(RefreshToken).where(was_used).values(used_at=datetime.now(UTC) - time))
    await session.commit()


async def test_a_login_gives_a_short_token_and_one_that_gives_the_next(client, given, session):
    assert (given["expires_in"], given["refresh_token"][:4]) == (600, "dvr_")
    answer = await refresh(client, given["refresh_token"])
    new = answer.json()
    assert answer.status_code == 200
    assert (new["token_type"], new["expires_in"]) == ("bearer", 600)
    assert (answer.headers["cache-control"], answer.headers["pragma"]) == ("no-store", "no-cache")
    assert new["access_token"] != given["access_token"]
    assert new["refresh_token"] != given["refresh_token"]
    assert await statuses(client, given["access_token"], new["access_token"]) == [401, 200]
    (row,) = (await session.scalars(select(Session))).all()  # one login, one session
    stored = str([vars(one) for one in (row, *(await session.scalars(select(RefreshToken))).all())])
    assert not any(new[name] in stored for name in ("access_token", "refresh_token"))


async def test_the_token_ends_before_the_session_does_and_the_next_goes_on(client, given, session):
    await session.execute(update(Session).values(token_expires_at=datetime.now(UTC)))
    await session.commit()
    assert await statuses(client, given["access_token"]) == [401]
    new = (await refresh(client, given["refresh_token"])).json()
    assert await statuses(client, new["access_token"]) == [200]


async def test_a_second_use_ends_the_session_and_is_a_security_event(client, given, session):
    new = (await refresh(client, given["refresh_token"])).json()
    await let_pass(session)
    answer = await refresh(client, given["refresh_token"])
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")
    assert answer.json()["type"] == "urn:dovetail:problem:bad-request"
    assert await statuses(client, new["access_token"]) == [401]
    assert (await refresh(client, new["refresh_token"])).json()["error"] == "invalid_grant"
    assert (await session.scalars(select(RefreshToken))).all() == []
    event = (await session.scalars(select(SecurityEvent).where(SecurityEvent.kind == EventKind.TOKEN_REUSED))).one()
    assert event.username == "ada"


@ON_ONE
async def test_an_old_token_ends_the_session_too_many_refreshes_later(client, given, session):
    token = given["refresh_token"]
    for _ in range(3):
        new = (await refresh(client, token)).json()
        token = new["refresh_token"]
    await let_pass(session)
    await refresh(client, given["refresh_token"])
    assert await statuses(client, new["access_token"]) == [401]


async def test_of_ten_uses_at_once_one_wins_and_the_session_goes_on(client, given, session):
    answers = await asyncio.gather(*(refresh(client, given["refresh_token"]) for _ in range(10)))
    (won,) = [answer.json() for answer in answers if answer.status_code == 200]
    lost = [answer.json()["error"] for answer in answers if answer.status_code != 200]
    assert lost == ["invalid_grant"] * 9
    assert await statuses(client, won["access_token"]) == [200]
    assert len((await session.scalars(select(RefreshToken))).all()) == 2


async def test_another_client_has_no_grace(client, given):
    new = (await refresh(client, given["refresh_token"], **{"User-Agent": "Browser/1"})).json()
    assert (await refresh(client, given["refresh_token"], **{"User-Agent": "Browser/1"})).status_code == 400
    assert await statuses(client, new["access_token"]) == [200]
    assert (await refresh(client, given["refresh_token"], **{"User-Agent": "Thief/1"})).status_code == 400
    assert await statuses(client, new["access_token"]) == [401]


@ON_ONE
async def test_an_owner_who_was_slower_than_a_thief_ends_the_session_by_retrying(client, given, session):
    stolen = (await refresh(client, given["refresh_token"])).json()  # by a thief behind the same address
    assert (await refresh(client, given["refresh_token"])).status_code == 400
    await let_pass(session, timedelta(seconds=15))
    await refresh(client, given["refresh_token"])
    assert await statuses(client, stolen["access_token"]) == [401]


async def test_a_refresh_takes_five_statements_besides_that_of_its_limit(client, given, count_statements):
    with count_statements() as statements:
        assert (await refresh(client, given["refresh_token"])).status_code == 200
    asked = [one for one in statements if "auth_" in one]
    assert len(asked) == 5, "\n".join(asked)


@ON_ONE
async def test_a_refresh_token_opens_nothing_itself(client, given):
    assert await statuses(client, given["refresh_token"]) == [401]


@pytest.mark.parametrize(
    "changes",
    [{"expires_at": datetime(2020, 1, 1, tzinfo=UTC)}, None],
    ids=["a session that is over", "a deactivated user"],
)
async def test_a_session_that_is_over_gives_no_token(client, given, session, changes):
    await session.execute(update(User).values(is_active=False) if changes is None else update(Session).values(changes))
    await session.commit()
    answer = await refresh(client, given["refresh_token"])
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


@ON_ONE
async def test_logging_out_ends_the_refresh_token_with_the_session(client, given):
    assert (await client.post("/api/auth/logout", headers=bearer(given["access_token"]))).status_code == 204
    assert (await refresh(client, given["refresh_token"])).json()["error"] == "invalid_grant"


@ON_ONE
async def test_a_refresh_goes_on_no_longer_than_the_session_may(client, given, session):
    end = datetime.now(UTC) + timedelta(seconds=100)
    await session.execute(update(Session).values(ends_at=end, expires_at=end))
    await session.commit()
    assert 90 <= (await refresh(client, given["refresh_token"])).json()["expires_in"] <= 100


@ON_ONE
async def test_what_is_no_refresh_token_is_refused(client, given):
    for token in ("x", given["access_token"], given["refresh_token"][:-1] + "!"):
        assert (await refresh(client, token)).json()["error"] == "invalid_grant"
    form = {"grant_type": "password", "refresh_token": given["refresh_token"]}
    answer = await client.post("/api/auth/token", data=form)
    assert (answer.status_code, answer.json()["error"]) == (400, "unsupported_grant_type")


@ON_ONE
async def test_the_document_says_where_the_next_token_comes_from(app):
    flow = app.openapi()["components"]["securitySchemes"]["Bearer"]["flows"]["password"]
    assert (flow["tokenUrl"], flow["refreshUrl"]) == ("/api/auth/login", "/api/auth/token")
