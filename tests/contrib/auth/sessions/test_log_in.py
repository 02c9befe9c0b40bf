"""Logging somebody in: the row that is made, and how long it lasts."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select, update

from dovetail.contrib.auth.accounts.access_tokens import get_user_by_token
from dovetail.contrib.auth.models import User
from dovetail.contrib.auth.sessions import log_in as module
from dovetail.contrib.auth.sessions.current import session_of
from dovetail.contrib.auth.sessions.log_in import Lifetime
from dovetail.contrib.auth.sessions.models import Session, SessionKind
from dovetail.contrib.auth.testing import new_token
from dovetail.contrib.auth.users import log_in, note_proof
from dovetail.errors import NotAuthenticatedError
from dovetail.signing import hash_token


@pytest.fixture
async def ada(make_user, session):
    return await session.get_one(User, (await make_user(username="ada")).id)


async def test_a_plugin_logs_somebody_in_by_a_method_of_its_own(session, ada):
    logged_in = await log_in(session, ada, connection=None, method="ldap" * 30)
    row = logged_in.row
    assert (row.method, row.address, row.user_agent, row.kind) == (("ldap" * 30)[:50], "", "", SessionKind.API)
    assert row.token_hash == hash_token(logged_in.token)
    assert len(logged_in.token) == 43
    assert logged_in.token not in repr(logged_in)
    found = await get_user_by_token(session, logged_in.token)
    assert (found.id, session_of(found)) == (ada.id, (row.id, False))


async def test_it_lasts_as_long_as_the_settings_say_and_less_if_nobody_uses_it(session, ada):
    now, logged_in = datetime.now(UTC), await log_in(session, ada, connection=None, method="password")
    row, minute = logged_in.row, timedelta(minutes=1)
    assert timedelta(days=7) - minute < row.expires_at - now < timedelta(days=7) + minute
    assert timedelta(days=14) - minute < row.ends_at - now < timedelta(days=14) + minute
    assert (logged_in.seconds, row.idle_seconds) == (14 * 86_400, 7 * 86_400)


@pytest.mark.parametrize("idle", [None, 5000])
async def test_it_never_lasts_longer_than_its_absolute_lifetime(session, ada, idle):
    lasts = Lifetime(absolute=1000, idle=idle)
    row = (await log_in(session, ada, connection=None, method="password", lifetime=lasts)).row
    assert row.expires_at - row.created_at == timedelta(seconds=1000)


async def test_somebody_who_is_deactivated_is_not_logged_in(session, ada):
    ada.is_active = False
    with pytest.raises(NotAuthenticatedError, match="deactivated"):
        await log_in(session, ada, connection=None, method="password")
    assert await session.scalar(select(func.count()).select_from(Session)) == 0


async def test_a_program_that_logs_in_for_every_call_cannot_flood_the_table(make_user, session, monkeypatch):
    monkeypatch.setattr(module, "MAX_SESSIONS", 3)
    ada, other = [await make_user(username=name) for name in ("ada", "bob")]
    of_bob, in_the_office = (
        await new_token(session, other.id),
        await new_token(session, ada.id, kind=SessionKind.OFFICE),
    )
    tokens = [await new_token(session, ada.id) for _ in range(3)]
    used = update(Session).where(Session.token_hash == hash_token(tokens[0]))
    await session.execute(used.values(used_at=datetime.now(UTC) + timedelta(minutes=1)))
    tokens.append(await new_token(session, ada.id))
    left = set(await session.scalars(select(Session.token_hash)))
    assert left == {hash_token(one) for one in (of_bob, in_the_office, tokens[0], *tokens[2:])}


async def test_a_proof_is_noted_in_its_session_alone(session, ada):
    rows = [(await log_in(session, ada, connection=None, method="password")).row for _ in range(2)]
    for row in rows:
        row.proved_at = None
    await note_proof(session, rows[0])
    assert datetime.now(UTC) - rows[0].proved_at < timedelta(minutes=1)
    assert rows[1].proved_at is None
