"""Whoever proves something about a user holds the user's row until the transaction ends."""

import asyncio
import re

import pytest
from sqlalchemy import event, select, update
from sqlalchemy.dialects import postgresql

from dovetail.contrib.auth.accounts.access_tokens import lock_user_by_token
from dovetail.contrib.auth.accounts.one_time_tokens import create_one_time_token, redeem_one_time_token
from dovetail.contrib.auth.accounts.passwords import hash_password
from dovetail.contrib.auth.manager import UserManager
from dovetail.contrib.auth.models import TokenPurpose, User
from dovetail.contrib.auth.settings import AuthSettings
from dovetail.contrib.auth.testing import PASSWORD, new_token
from dovetail.contrib.auth.users import authenticate

LONG_ENOUGH = 0.5  # seconds in which a change that does not wait is made


@pytest.fixture
async def ada(make_user):
    """Ada, whose hash is as strong as any made today: a login does not write it anew, which would lock her row too."""
    return await make_user(username="ada", hashed_password=await hash_password(PASSWORD))


async def assert_that_changes_wait(database, user, prove):
    """See that a change of the user's row waits for the transaction in which `prove(session)` is done."""

    async def change() -> None:
        async with database.unit_of_work() as session:
            await session.execute(update(User).where(User.id == user.id).values(full_name="Changed"))

    async with database.unit_of_work() as session:
        assert await prove(session)
        changing = asyncio.create_task(change())
        done, _ = await asyncio.wait({changing}, timeout=LONG_ENOUGH)
        assert not done
        assert await session.scalar(select(User.full_name).where(User.id == user.id)) == ""
    await changing


async def test_a_login_locks_the_users_row(database, ada):
    await assert_that_changes_wait(database, ada, lambda session: authenticate(session, "ada", PASSWORD))


async def test_a_change_of_ones_own_account_locks_the_users_row(database, ada):
    async with database.unit_of_work() as session:
        token = await new_token(session, ada.id, lifetime=60)
    await assert_that_changes_wait(database, ada, lambda session: lock_user_by_token(session, token))


async def test_creating_a_one_time_token_locks_the_users_row(database, ada):
    await assert_that_changes_wait(
        database, ada, lambda session: create_one_time_token(session, ada, TokenPurpose.RESET_PASSWORD, lifetime=60)
    )


async def test_redeeming_a_one_time_token_locks_the_users_row(database, ada):
    async with database.unit_of_work() as session:
        token = await create_one_time_token(session, ada, TokenPurpose.VERIFY_EMAIL, lifetime=60)
    await assert_that_changes_wait(
        database, ada, lambda session: redeem_one_time_token(session, token, TokenPurpose.VERIFY_EMAIL)
    )


async def test_requesting_a_new_address_locks_the_users_row(database, ada):
    async def ask(session):
        await UserManager(session, AuthSettings()).request_email_change(ada, "countess@example.org")
        return True

    await assert_that_changes_wait(database, ada, ask)


async def locks_of(session, prove):
    """Return how `prove(session)` locks rows on PostgreSQL, whatever database it runs on."""
    locks = []

    def note(execution):
        if execution.is_select:
            text = str(execution.statement.compile(dialect=postgresql.dialect()))
            if found := re.findall("FOR .*UPDATE.*", text):
                assert "auth_user.id = " in text  # one row, and not all
                locks.extend(found)

    event.listen(session.sync_session, "do_orm_execute", note)
    assert await prove(session)
    return locks


async def test_a_lock_on_a_user_does_not_block_inserting_references_to_them(session, ada):
    sent = await create_one_time_token(session, ada, TokenPurpose.VERIFY_EMAIL, lifetime=60)
    bearer = await new_token(session, ada.id, lifetime=60)
    await session.commit()
    assert await locks_of(session, lambda session: lock_user_by_token(session, bearer)) == [
        "FOR NO KEY UPDATE OF auth_user"
    ]
    await session.rollback()
    for prove in (
        lambda session: authenticate(session, "ada", PASSWORD),
        lambda session: create_one_time_token(session, ada, TokenPurpose.RESET_PASSWORD, lifetime=60),
        lambda session: redeem_one_time_token(session, sent, TokenPurpose.VERIFY_EMAIL),
    ):
        assert set(await locks_of(session, prove)) == {"FOR NO KEY UPDATE"}
        await session.rollback()
