"""Who reads one object is presumed to be whom their token named before; the statement that reads has to confirm it."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest
from sqlalchemy import delete, event, select, update

from dovetail.contrib.auth.models import User
from dovetail.contrib.auth.permissions.grants import create_group, join_group, leave_group
from dovetail.contrib.auth.sessions.models import Session
from dovetail.contrib.auth.tokens.models import PersonalToken
from dovetail.contrib.auth.tokens.personal import make_token
from dovetail.database.prepared_reads import PoolSource
from dovetail.resources.read.reader import Reader
from dovetail.resources.sql.statements import Statement
from dovetail.state import ACTOR, CREDENTIAL
from plugins.blog.models import Post
from plugins.blog.policies import PostPolicy


@pytest.fixture
async def path(make_user, database):
    """The address of a draft of somebody else."""
    bob = await make_user(username="bob")
    async with database.unit_of_work() as session:
        session.add(post := Post(title="A draft", content="x", author_id=bob.id))
        await session.flush()
        return f"/api/posts/{post.id}"


async def publish(database):
    async with database.unit_of_work() as session:
        await session.execute(update(Post).values(is_published=True))


@pytest.fixture
def cost(count_statements):
    """What a request is answered, and how many statements that took."""

    async def ask(client, path):
        with count_statements() as statements:
            answer = await client.get(path)
        return answer.status_code, len(statements)

    return ask


async def test_one_object_costs_who_has_asked_before_one_statement_whether_it_is_there_or_not(
    ada_client, path, cost, database
):
    assert [await cost(ada_client, path) for _ in range(3)] == [(404, 2), (404, 1), (404, 1)]
    await publish(database)
    assert [await cost(ada_client, path) for _ in range(2)] == [(200, 1), (200, 1)]
    assert await cost(ada_client, f"{path}?fields=title") == (200, 1)
    assert await cost(ada_client, path.replace("posts/", "posts/x")) == (422, 2)  # FastAPI asks who that is, too


async def test_the_answer_is_that_of_whoever_asks_for_the_first_time(ada_client, path, database, client_for, ada):
    await publish(database)
    first, second = [await ada_client.get(path) for _ in range(2)]
    assert first.content == second.content
    assert first.headers["etag"] == second.headers["etag"]
    known = await ada_client.get(path, headers={"If-None-Match": first.headers["etag"]})
    assert known.status_code == 304
    assert (await (await client_for(ada)).get(path)).content == first.content


async def test_what_a_group_gives_and_takes_counts_from_the_next_read_on(ada_client, path, cost, database, ada):
    async with database.unit_of_work() as session:
        group = await create_group(session, "editors", ["blog.view_post"])
    for _ in range(2):
        assert (await cost(ada_client, path))[0] == 404
    async with database.unit_of_work() as session:
        await join_group(session, await session.get_one(User, ada.id), group)
    # The statement that says that she has changed reads nothing that counts; then she is looked up.
    assert [await cost(ada_client, path) for _ in range(3)] == [(200, 3), (200, 2), (200, 1)]
    async with database.unit_of_work() as session:
        await leave_group(session, await session.get_one(User, ada.id), group)
    assert [(await cost(ada_client, path))[0] for _ in range(3)] == [404, 404, 404]


@pytest.fixture
async def program(client_for, ada, database):
    """A client that sends a personal token of ada's, whose use was written down just now."""
    async with database.unit_of_work() as session:
        token = (await make_token(session, ada, name="ci", scopes=None, lifetime=timedelta(days=1))).token
        await session.execute(update(PersonalToken).values(used_at=datetime.now(UTC)))
    client = await client_for(ada)
    client.headers["Authorization"] = f"Bearer {token}"
    return client


async def test_a_personal_token_that_is_revoked_or_limited_is_refused_by_the_next_read(program, path, cost, database):
    await publish(database)
    assert [await cost(program, path) for _ in range(2)] == [(200, 2), (200, 1)]
    async with database.unit_of_work() as session:
        await session.execute(update(PersonalToken).values(is_limited=True))
    assert (await cost(program, path))[0] == 403
    async with database.unit_of_work() as session:
        await session.execute(delete(PersonalToken))
    assert (await cost(program, path))[0] == 401


async def test_a_token_whose_use_is_to_be_written_down_is_looked_up(ada_client, path, cost, database):
    async with database.unit_of_work() as session:
        await session.execute(update(Session).values(used_at=datetime.now(UTC) - timedelta(hours=1)))
    assert [await cost(ada_client, path) for _ in range(2)] == [(404, 2), (404, 2)]


async def test_a_request_with_an_expired_token_is_recorded_as_anonymous(app, ada_client, path, database):
    noted = []

    async def watched(scope, receive, send):
        await app(scope, receive, send)
        noted.append(ACTOR in scope or CREDENTIAL in scope)

    transport = httpx.ASGITransport(watched)
    async with httpx.AsyncClient(
        transport=transport, base_url=ada_client.base_url, headers=ada_client.headers
    ) as client:
        assert [(await client.get(path)).status_code for _ in range(2)] == [404, 404]
        async with database.unit_of_work() as session:
            await session.execute(delete(Session))
        assert (await client.get(path)).status_code == 401
    assert noted == [True, True, False]


@pytest.mark.parametrize("database_kind", ["postgresql"])  # SQLite loses no connection
async def test_a_read_that_loses_its_connection_is_read_again_for_whoever_that_is(ada_client, path, cost, database):
    await cost(ada_client, path)
    lost = []

    def lose(connection, *_):
        if not lost:
            lost.append(connection)
            connection.connection.driver_connection.terminate()

    event.listen(database.engine.sync_engine, "before_cursor_execute", lose)
    try:
        assert await cost(ada_client, path) == (404, 3)
    finally:
        event.remove(database.engine.sync_engine, "before_cursor_execute", lose)
    assert lost


async def test_a_request_waits_for_a_connection_only_once(ada_client, path, cost, database, monkeypatch):
    assert [(await cost(ada_client, path))[0] for _ in range(2)] == [404, 404]
    pool, out = database.engine.pool, []
    monkeypatch.setattr(pool, "_timeout", 0.05)
    while not pool.is_exhausted():
        out.append(await pool.take())
    before = pool.timeouts
    try:
        assert (await ada_client.get(path)).status_code == 503
    finally:
        for one in out:
            await pool.give_back(one)
    assert pool.timeouts == before + 1


async def test_a_rule_whose_sql_depends_on_its_values_is_compiled_only_once_for_nothing(ada_client, path, monkeypatch):
    compiled, compile_anew = [], Reader._compile_confirming

    def counted(*given):
        compiled.append(given)
        return compile_anew(*given)

    monkeypatch.setattr(Reader, "_compile_confirming", counted)
    monkeypatch.setattr(PostPolicy, "where", lambda _policy, viewer, _action: Post.author_id.in_([viewer.id]))
    assert [(await ada_client.get(path)).status_code for _ in range(4)] == [404] * 4
    assert len(compiled) == 1


async def test_of_two_that_might_be_presumed_one_is(database):
    first, second = Statement(lambda _: select(1)), Statement(lambda _: select(2))
    remembered = {(first, "a"): (1,), (second, "b"): (2,)}
    async with PoolSource(database.engine, remembered) as source:
        assert source.presume(first, "a", {}) == (1,)
        assert source.presume(second, "b", {}) is None  # it is looked up
        assert source.presumed.statement is first
        source.confirm(source.presumed, (1,))
        assert source.presume(second, "b", {}) == (2,)
