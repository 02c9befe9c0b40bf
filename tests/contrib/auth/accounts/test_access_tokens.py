"""Bearer tokens: who holds one, until when, and who loses theirs."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from dovetail.contrib.auth.accounts.access_tokens import get_user_by_token, lock_user_by_token
from dovetail.contrib.auth.models import User
from dovetail.contrib.auth.sessions.ending import end_session, end_sessions_of
from dovetail.contrib.auth.sessions.models import Session
from dovetail.contrib.auth.testing import new_token
from dovetail.signing import hash_token


@pytest.fixture
async def ids(make_user):
    return [(await make_user(username=name)).id for name in ("ada", "bob")]


async def expire(session, token, ago=timedelta(seconds=1)):
    await session.execute(
        update(Session).where(Session.token_hash == hash_token(token)).values(expires_at=datetime.now(UTC) - ago)
    )


async def hashes(session):
    return set(await session.scalars(select(Session.token_hash)))


async def test_a_token_holds_256_bits_and_is_its_users_for_as_long_as_was_said(session, ids):
    token, other = [await new_token(session, one, lifetime=100) for one in ids]
    assert len(token) == 43
    for find in (get_user_by_token, lock_user_by_token):
        assert (await find(session, token)).id == ids[0]
        assert (await find(session, other)).id == ids[1]
        assert await find(session, token[:-1]) is None
    row = await session.scalar(select(Session).where(Session.user_id == ids[0]))
    assert timedelta(seconds=60) < row.expires_at - datetime.now(UTC) <= timedelta(seconds=100)
    assert row.token_hash == hash_token(token)
    await expire(session, token)
    for find in (get_user_by_token, lock_user_by_token):
        assert await find(session, token) is None
        assert (await find(session, other)).id == ids[1]


async def test_a_deactivated_user_holds_nothing(session, ids):
    token = await new_token(session, ids[0], lifetime=100)
    await session.execute(update(User).where(User.id == ids[0]).values(is_active=False))
    assert await get_user_by_token(session, token) is None
    assert await lock_user_by_token(session, token) is None


async def test_a_locked_user_has_the_current_values(session, ids):
    token = await new_token(session, ids[0], lifetime=100)
    seen = await session.get_one(User, ids[0])
    await session.execute(
        update(User).where(User.id == ids[0]).values(full_name="Ada"),
        execution_options={"synchronize_session": False},
    )
    assert seen.full_name == ""
    assert (await lock_user_by_token(session, token)).full_name == "Ada"


async def test_a_new_token_sweeps_those_of_its_user_that_are_over(session, ids):
    over, works, of_bob = [await new_token(session, one, lifetime=100) for one in (ids[0], *ids)]
    await expire(session, over)
    await expire(session, of_bob)
    new = await new_token(session, ids[0], lifetime=100)
    assert await hashes(session) == {hash_token(one) for one in (works, of_bob, new)}


async def test_a_revoked_token_is_gone_and_no_other(session, ids):
    gone, mine, of_bob = [await new_token(session, one, lifetime=100) for one in (ids[0], *ids)]
    await end_session(session, gone)
    assert await hashes(session) == {hash_token(mine), hash_token(of_bob)}


async def test_all_tokens_of_a_user_are_revoked_but_the_one_that_is_kept(session, ids):
    one, kept, of_bob = [await new_token(session, one, lifetime=100) for one in (ids[0], *ids)]
    await end_sessions_of(session, ids[0], keep_token=kept)
    assert await hashes(session) == {hash_token(kept), hash_token(of_bob)}
    await end_sessions_of(session, ids[0])
    assert await hashes(session) == {hash_token(of_bob)}
    assert await get_user_by_token(session, one) is None
