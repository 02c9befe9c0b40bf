"""A session whose part of SQLAlchemy's is made when somebody asks for it is one like all others by then."""

import pytest
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession, async_object_session

from dovetail.contrib.auth.models import User
from dovetail.database.drivers.sqlalchemy_private import LateSession, has_changes, has_connected, is_made
from dovetail.database.fast_unit_of_work import driver_to_read, flush


@pytest.fixture
def late(database):
    return LateSession(database.sessions)


async def test_nothing_is_made_of_it_for_who_only_looks(late, database):
    assert late.info == database.sessions.kw["info"]
    assert late.info is not database.sessions.kw["info"]
    assert late.sync_session_class is database.sessions.kw["sync_session_class"]
    assert not has_changes(late)
    assert not has_connected(late)
    assert not is_made(late)


async def test_it_is_made_as_all_others_are_and_keeps_its_info(late, database):
    late.info["noted"] = "before"
    async with late as session, session.begin():
        assert await session.scalar(text("SELECT 1")) == 1
        assert is_made(session)
        assert has_connected(session)
        session.info["noted"] = "after"
        assert session.sync_session.info is session.info
        assert type(session.sync_session) is session.sync_session_class
        session.add(user := User(username="ada", email="ada@example.org", hashed_password="!"))
        assert has_changes(session)
        await session.flush()
        assert async_object_session(user) is session
    async with database.unit_of_work() as other:
        assert await other.scalar(select(User.username)) == "ada"
        assert isinstance(late, AsyncSession)


async def test_what_no_session_has_it_has_not(late):
    with pytest.raises(AttributeError, match="nothing_of_the_kind"):
        _ = late.nothing_of_the_kind


async def test_a_statement_past_the_session_makes_none(database):
    async with database.fast_unit_of_work() as session:
        await flush(session)
        assert len(await (await driver_to_read(session)).fetch("SELECT 1", ())) == 1
        assert not is_made(session)
