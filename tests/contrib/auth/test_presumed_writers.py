"""Who changes one object is presumed to be whom their token named before; the statement that writes asks for that."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, event, select, update

from dovetail.contrib.auth.models import User
from dovetail.contrib.auth.permissions.grants import create_group, join_group, leave_group
from dovetail.contrib.auth.sessions.models import Session
from dovetail.contrib.history.models import RecordedChange
from dovetail.errors import PermissionDeniedError
from plugins.blog.models import Post
from plugins.blog.policies import PostPolicy

pytestmark = pytest.mark.parametrize("database_kind", ["postgresql"])  # SQLite writes and confirms by statements apart


@pytest.fixture
async def make_post(database):
    async def make(author):
        async with database.unit_of_work() as session:
            session.add(post := Post(title="A post", content="x", is_published=True, author_id=author.id))
            await session.flush()
            return f"/api/posts/{post.id}"

    return make


@pytest.fixture
async def own(ada, make_post):
    """The address of a post of ada's."""
    return await make_post(ada)


@pytest.fixture
def cost(count_statements, ada_client):
    """What a change is answered, and how many statements that took."""

    async def ask(path, title, **headers):
        with count_statements() as statements:
            answer = await ada_client.patch(path, json={"title": title}, headers=headers)
        return answer.status_code, len(statements)

    return ask


@pytest.fixture
def titles(database):
    async def titles():
        async with database.unit_of_work() as session:
            return list(await session.scalars(select(Post.title)))

    return titles


async def test_a_change_costs_who_has_asked_before_one_statement(own, cost, titles):
    assert [await cost(own, title) for title in ("B", "C", "D")] == [(200, 2), (200, 1), (200, 1)]
    assert await titles() == ["D"]


async def test_what_is_refused_costs_as_many_statements_as_when_who_asks_is_looked_up_first(own, cost, titles):
    first, *later = [await cost(own, "B", **{"If-Match": '"stale"'}) for _ in range(3)]
    assert first[0] == 412
    assert later == [first] * 2
    first, *later = [await cost(own, "A post") for _ in range(3)]  # which changes nothing
    assert first[0] == 200
    assert later == [first] * 2
    assert await titles() == ["A post"]


@pytest.mark.parametrize("end", [delete(Session), update(User).values(is_active=False)], ids=["logged out", "gone"])
async def test_an_expired_token_changes_nothing_and_is_refused(own, cost, titles, database, end):
    assert [(await cost(own, title))[0] for title in ("B", "C")] == [200, 200]
    async with database.unit_of_work() as session:
        await session.execute(end)
    assert (await cost(own, "D"))[0] == 401
    assert (await cost(own, "D", **{"If-Match": '"stale"'}))[0] == 401
    assert (await cost(own + "0", "D"))[0] == 401
    assert await titles() == ["C"]


async def test_what_a_group_gives_and_takes_counts_from_the_next_change_on(cost, make_user, make_post, database, ada):
    path = await make_post(await make_user(username="bob"))
    async with database.unit_of_work() as session:
        group = await create_group(session, "editors", ["blog.change_post"])
    assert [(await cost(path, "B"))[0] for _ in range(2)] == [403, 403]
    async with database.unit_of_work() as session:
        await join_group(session, await session.get_one(User, ada.id), group)
    assert [(await cost(path, title))[0] for title in ("B", "C")] == [200, 200]
    async with database.unit_of_work() as session:
        await leave_group(session, await session.get_one(User, ada.id), group)
    assert [(await cost(path, title))[0] for title in ("D", "E")] == [403, 403]


async def test_the_history_names_who_made_a_change_as_they_are_called_by_then(own, cost, database):
    assert [(await cost(own, title))[0] for title in ("B", "C")] == [200, 200]
    async with database.unit_of_work() as session:
        await session.execute(update(User).values(username="lovelace"))
        await session.execute(delete(RecordedChange))
    assert [await cost(own, title) for title in ("D", "E", "F")] == [(200, 4), (200, 2), (200, 1)]
    async with database.unit_of_work() as session:
        assert list(await session.scalars(select(RecordedChange.actor_name))) == ["lovelace"] * 3


async def test_a_token_whose_use_is_to_be_written_down_is_looked_up(own, cost, database):
    async with database.unit_of_work() as session:
        await session.execute(update(Session).values(used_at=datetime.now(UTC) - timedelta(hours=1)))
    assert [await cost(own, title) for title in ("B", "C")] == [(200, 2), (200, 2)]


async def test_a_refusal_is_that_of_whoever_asks(own, cost, database, monkeypatch):
    decide = PostPolicy.where

    def where(policy, viewer, action):
        if viewer is not None and viewer.full_name == "Trainee":
            raise PermissionDeniedError("Not yet.")
        return decide(policy, viewer, action)

    monkeypatch.setattr(PostPolicy, "where", where)
    assert [(await cost(own, title))[0] for title in ("B", "C")] == [200, 200]
    async with database.unit_of_work() as session:
        await session.execute(update(User).values(full_name="Trainee"))
    assert [(await cost(own, title))[0] for title in ("D", "E")] == [403, 403]
    async with database.unit_of_work() as session:
        await session.execute(update(User).values(full_name="Ada"))
    assert [(await cost(own, title))[0] for title in ("F", "G")] == [200, 200]


async def test_no_secret_is_sent_to_be_compared(own, cost, database, ada):
    sent = []

    def note(*given):
        sent.extend(given[3])

    event.listen(database.engine.sync_engine, "before_cursor_execute", note)
    try:
        assert [await cost(own, title) for title in ("B", "C")] == [(200, 2), (200, 1)]
    finally:
        event.remove(database.engine.sync_engine, "before_cursor_execute", note)
    assert ada.username in sent
    assert ada.hashed_password not in sent


async def test_a_deletion_costs_one_statement_too(make_post, ada, ada_client, count_statements, titles):
    costs = []
    for _ in range(3):
        path = await make_post(ada)
        with count_statements() as statements:
            assert (await ada_client.delete(path)).status_code == 204
        costs.append(len(statements))
    assert costs == [2, 1, 1]
    assert (await ada_client.delete(path)).status_code == 404
    assert await titles() == []


@pytest.mark.parametrize("end", [delete(Session), update(User).values(is_active=False)], ids=["logged out", "gone"])
async def test_an_expired_token_deletes_nothing(make_post, ada, ada_client, database, titles, end):  # noqa: PLR0917 - fixtures
    first, own = await make_post(ada), await make_post(ada)
    assert (await ada_client.delete(first)).status_code == 204
    async with database.unit_of_work() as session:
        await session.execute(end)
    for headers in ({}, {"If-Match": '"stale"'}):
        assert (await ada_client.delete(own, headers=headers)).status_code == 401
    assert (await ada_client.delete(own + "0")).status_code == 401
    assert await titles() == ["A post"]


async def test_what_a_group_gives_and_takes_counts_from_the_next_deletion_on(
    make_user, make_post, ada_client, database, ada
):
    bob = await make_user(username="bob")
    paths = [await make_post(bob) for _ in range(3)]
    async with database.unit_of_work() as session:
        group = await create_group(session, "editors", ["blog.delete_post"])
    assert [(await ada_client.delete(paths[0])).status_code for _ in range(2)] == [403, 403]
    async with database.unit_of_work() as session:
        await join_group(session, await session.get_one(User, ada.id), group)
    assert [(await ada_client.delete(path)).status_code for path in paths[:2]] == [204, 204]
    async with database.unit_of_work() as session:
        await leave_group(session, await session.get_one(User, ada.id), group)
    assert [(await ada_client.delete(paths[2])).status_code for _ in range(2)] == [403, 403]
