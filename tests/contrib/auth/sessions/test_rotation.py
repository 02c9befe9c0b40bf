"""Another token for a session: exactly one of several that ask at once gets it."""

import asyncio

import pytest
from sqlalchemy import func, select

from dovetail.contrib.auth.models import User
from dovetail.contrib.auth.sessions.log_in import Lifetime, log_in
from dovetail.contrib.auth.sessions.models import Session, SessionKind
from dovetail.contrib.auth.sessions.rotation import rights_of, rotate
from dovetail.contrib.auth.testing import PASSWORD
from dovetail.contrib.auth.users import authenticate, load_permissions, log_out_everywhere
from dovetail.signing import hash_token

LONG_ENOUGH = 0.2


@pytest.fixture
async def ada(make_user):
    return await make_user(username="ada", is_staff=True)


async def begun(database, user, lifetime):
    async with database.unit_of_work() as session:
        found = await session.get_one(User, user.id)
        logged_in = await log_in(
            session, found, connection=None, method="password", kind=SessionKind.OFFICE, lifetime=lifetime
        )
        return logged_in.token


async def test_of_two_concurrent_rotations_one_gets_the_new_token(database, ada):
    token = await begun(database, ada, Lifetime(absolute=1000, idle=900))

    async def change():
        async with database.unit_of_work() as session:
            return await rotate(session, token, ada)

    found = await asyncio.gather(change(), change())
    (new,) = [one for one in found if one is not None]
    assert len(new.token) == 43
    assert 900 < new.seconds <= 1000
    async with database.unit_of_work(read_only=True) as session:
        assert list(await session.scalars(select(Session.token_hash))) == [hash_token(new.token)]


async def test_the_token_of_another_session_is_not_changed(database, ada, make_user):
    token = await begun(database, ada, Lifetime(absolute=1000))
    bob = await make_user(username="bob")
    async with database.unit_of_work() as session:
        assert await rotate(session, token, bob) is None
        assert await rotate(session, token, ada) is not None


async def test_the_hash_of_rights_depends_on_every_permission_and_nothing_else(session, make_user):
    user = await session.get_one(User, (await make_user(username="eve")).id)
    await load_permissions(session, user)
    seen = {rights_of(user)}
    user.full_name = "Eve"
    assert rights_of(user) in seen
    user.is_staff = True
    seen.add(rights_of(user))
    user.is_staff, user.is_superuser = False, True
    seen.add(rights_of(user))
    user.remember_permissions(["blog.add_tag blog.view_tag"])
    seen.add(rights_of(user))
    user.remember_permissions(["blog.view_tag", "blog.add_tag"])
    assert rights_of(user) in seen
    assert len(seen) == 4


async def test_a_login_that_is_under_way_does_not_survive_that_its_user_logs_out_everywhere(database, ada):
    async def end():
        async with database.unit_of_work() as session:
            await log_out_everywhere(session, ada)

    async with database.unit_of_work() as session:
        user = await authenticate(session, "ada", PASSWORD)
        await log_in(session, user, connection=None, method="password")
        ending = asyncio.create_task(end())
        done, _ = await asyncio.wait({ending}, timeout=LONG_ENOUGH)
        assert not done
    await ending
    async with database.unit_of_work(read_only=True) as session:
        assert await session.scalar(select(func.count()).select_from(Session)) == 0
