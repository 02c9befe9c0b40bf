"""Tokens that are sent to an address: whose they are, what for, and for how long."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, select, update

from dovetail.contrib.auth.accounts import one_time_tokens
from dovetail.contrib.auth.accounts.one_time_tokens import (
    MAXIMUM_SENT,
    WINDOW,
    create_one_time_token,
    delete_expired_one_time_tokens,
    expire_one_time_tokens,
    find_user_of_one_time_token,
    redeem_one_time_token,
)
from dovetail.contrib.auth.models import OneTimeToken, TokenPurpose, User
from dovetail.signing import hash_token

RESET, VERIFY, CHANGE = TokenPurpose.RESET_PASSWORD, TokenPurpose.VERIFY_EMAIL, TokenPurpose.CHANGE_EMAIL


@pytest.fixture
async def ids(make_user):
    return [(await make_user(username=name)).id for name in ("ada", "bob")]


@pytest.fixture
async def ada(session, ids):
    return await session.get_one(User, ids[0])


@pytest.fixture
async def bob(session, ids):
    return await session.get_one(User, ids[1])


async def make(session, user, purpose=RESET, **values):
    token = await create_one_time_token(session, user, purpose, **({"lifetime": 60} | values))
    assert token is not None
    return token


async def age(session, token, *, created, expires):
    """Make a token that was created and expires that long from now."""
    now = datetime.now(UTC)
    await session.execute(
        update(OneTimeToken)
        .where(OneTimeToken.token_hash == hash_token(token))
        .values(created_at=now + created, expires_at=now + expires)
    )


async def is_there(session, token):
    return await session.scalar(select(OneTimeToken.id).where(OneTimeToken.token_hash == hash_token(token))) is not None


async def test_a_token_holds_256_bits_and_tells_whose_it_is_until_it_is_used_up(session, ada, bob):
    token = await make(session, ada)
    assert len(token) == 43
    assert await make(session, ada) != token
    for _ in range(2):
        assert await find_user_of_one_time_token(session, token, RESET) is ada
    redeemed = await redeem_one_time_token(session, token, RESET)
    assert (redeemed.user, redeemed.purpose, redeemed.email) == (ada, RESET, "ada@example.org")
    assert await find_user_of_one_time_token(session, token, RESET) is None
    assert await redeem_one_time_token(session, token, RESET) is None


async def test_a_token_is_good_for_its_purpose_and_no_other(session, ada):
    token = await make(session, ada, VERIFY)
    for purposes in ((), (RESET,), (CHANGE,), (RESET, CHANGE)):
        assert await find_user_of_one_time_token(session, token, *purposes) is None
        assert await redeem_one_time_token(session, token, *purposes) is None
    assert (await redeem_one_time_token(session, token, RESET, VERIFY)).purpose == VERIFY


async def test_a_token_is_good_as_long_as_was_said(session, ada):
    token = await make(session, ada, lifetime=100)
    row = await session.scalar(select(OneTimeToken))
    assert row.expires_at - row.created_at == timedelta(seconds=100)
    assert abs(datetime.now(UTC) - row.created_at) < timedelta(seconds=30)
    await age(session, token, created=-WINDOW, expires=timedelta(seconds=-1))
    assert await find_user_of_one_time_token(session, token, RESET) is None
    assert await redeem_one_time_token(session, token, RESET) is None


async def test_a_token_is_worthless_once_its_user_is_deactivated_or_has_another_address(session, ada):
    token = await make(session, ada)
    for values in ({"is_active": False}, {"is_active": True, "email": "new@example.org"}):
        await session.execute(update(User).where(User.id == ada.id).values(values))
        assert await find_user_of_one_time_token(session, token, RESET) is None
        assert await redeem_one_time_token(session, token, RESET) is None
    change = await make(session, ada, CHANGE, email="third@example.org")
    assert (await redeem_one_time_token(session, change, CHANGE)).email == "third@example.org"


async def test_expiring_tokens_leaves_those_of_others_and_of_other_purposes(session, ada, bob):
    of_ada, of_bob, to_verify = await make(session, ada), await make(session, bob), await make(session, ada, VERIFY)
    await expire_one_time_tokens(session, ada.id, RESET, CHANGE)
    assert await find_user_of_one_time_token(session, of_ada, RESET) is None
    assert await find_user_of_one_time_token(session, to_verify, VERIFY) is ada
    await expire_one_time_tokens(session, ada.id)
    assert await find_user_of_one_time_token(session, to_verify, VERIFY) is None
    assert await find_user_of_one_time_token(session, of_bob, RESET) is bob


async def test_a_token_that_expired_before_is_not_expired_anew(session, ada):
    token = await make(session, ada)
    await age(session, token, created=-WINDOW, expires=timedelta(seconds=-600))
    await expire_one_time_tokens(session, ada.id)
    expired = await session.scalar(select(OneTimeToken.expires_at))
    assert expired < datetime.now(UTC) - timedelta(seconds=300)


async def test_making_a_token_sweeps_only_what_is_the_users_is_over_and_counts_no_more(session, ada, bob):
    over, counts, works, of_bob = [await make(session, user) for user in (ada, ada, ada, bob)]
    old, gone = -WINDOW - timedelta(seconds=60), timedelta(seconds=-1)
    await age(session, over, created=old, expires=gone)
    await age(session, counts, created=timedelta(seconds=-60), expires=gone)
    await age(session, works, created=old, expires=timedelta(seconds=600))
    await age(session, of_bob, created=old, expires=gone)
    await make(session, ada)
    assert [await is_there(session, one) for one in (over, counts, works, of_bob)] == [False, True, True, True]
    assert await delete_expired_one_time_tokens(session) == 1
    assert not await is_there(session, of_bob)


async def test_five_are_sent_within_an_hour_of_one_purpose_to_one_user_or_address(session, ada, bob):
    first = await make(session, ada, CHANGE, email="there@example.org")
    for _ in range(MAXIMUM_SENT - 1):
        await make(session, ada, CHANGE, email="there@example.org")
    assert await create_one_time_token(session, ada, CHANGE, lifetime=60, email="elsewhere@example.org") is None
    assert await create_one_time_token(session, bob, CHANGE, lifetime=60, email="there@example.org") is None
    assert await create_one_time_token(session, bob, CHANGE, lifetime=60, email="elsewhere@example.org") is not None
    assert await create_one_time_token(session, ada, RESET, lifetime=60) is not None
    await age(session, first, created=-WINDOW, expires=timedelta(seconds=60))
    assert await create_one_time_token(session, ada, CHANGE, lifetime=60) is not None
    assert await create_one_time_token(session, ada, CHANGE, lifetime=60) is None


async def test_of_two_users_the_one_who_was_sent_the_token_redeems_it(session, ada, bob):
    for user in (bob, ada):
        token = await make(session, user, VERIFY)
        assert (await redeem_one_time_token(session, token, VERIFY)).user is user


@pytest.mark.parametrize(
    "change",
    [
        update(User).values(is_active=False),
        update(User).values(email=User.username + "@example.com"),
        delete(OneTimeToken),
    ],
)
async def test_a_user_who_changes_between_lookup_and_lock_invalidates_the_token(session, ada, monkeypatch, change):
    token = await make(session, ada)

    async def find_and_be_overtaken(*args):
        found = await find_user_of_one_time_token(*args)
        await session.execute(change, execution_options={"synchronize_session": False})
        return found

    monkeypatch.setattr(one_time_tokens, "find_user_of_one_time_token", find_and_be_overtaken)
    assert await redeem_one_time_token(session, token, RESET) is None
