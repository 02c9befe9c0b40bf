"""Reads of one row that come while others are under way are answered by one statement, and each as if it were alone."""

import asyncio
import subprocess
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from uuid import UUID

import httpx
import pytest
from pydantic import create_model
from sqlalchemy import delete, text

from dovetail.api.schemas import Schema
from dovetail.application import make_application
from dovetail.contrib.auth.sessions.models import Session
from dovetail.database.drivers.sqlalchemy_private import QueueEmpty
from dovetail.database.pool.fair_pool import FairQueue
from dovetail.database.pool.waiting_line import MOST_TOGETHER, Read
from dovetail.database.prepared_reads import connect_to_read
from dovetail.resources.policy import Open
from dovetail.resources.resource import Resource
from dovetail.testing.fixtures import make_client, running
from dovetail.testing.statements import counted_statements
from plugins.blog.models import Post
from plugins.blog.services import create_post
from tests.database.pool.crowds import PATIENCE, answers_of, crowd, get_each, seen, until_blocked, waiting
from tests.running import free_port, serving
from tests.zoo.keys import Small, Token, TokenText, Word

on_postgresql = pytest.mark.parametrize("database_kind", ["postgresql"])
POSTS = 5


@pytest.fixture
def settings(make_settings, database_url, request):
    """The site's settings with one connection."""
    more = getattr(request, "param", {})
    return make_settings(database_url=database_url, **{"database_pool_size": 1, "database_pool_timeout": 30, **more})


@pytest.fixture
async def posts(database, ada):
    """The addresses of published posts, and of a draft of Ada's behind them."""
    made = []
    async with database.unit_of_work() as session:
        author = await session.merge(ada, load=False)
        for number in range(POSTS + 1):
            is_published = number < POSTS
            tags = [f"tag {number}", f"tag {number + 1}", "all"]
            made.append(
                await create_post(
                    session, author=author, title=f"Post {number}", content="é", is_published=is_published, tags=tags
                )
            )
    return [f"/api/posts/{post.id}" for post in made]


@asynccontextmanager
async def locked_posts(database):
    """Nobody reads posts during the block; who tries keeps a connection busy. Gives what waits until somebody does."""
    async with database.outside_the_pool() as session, database.outside_the_pool() as watching:
        await session.execute(text("LOCK TABLE blog_post IN ACCESS EXCLUSIVE MODE"))
        yield lambda: until_blocked(watching)
        await session.rollback()


@asynccontextmanager
async def some_at_work(database):
    """Others have a connection during the block, and all the rest of them lie ready."""
    async with connect_to_read(database.engine):
        async with AsyncExitStack() as stack:
            for _ in range(database.engine.pool.size() - 1):
                await stack.enter_async_context(connect_to_read(database.engine))
        yield


async def put_view_over_posts(database, title):
    """Let the titles of posts be made by this expression."""
    columns = [f'"{column.name}"' for column in Post.__table__.columns if column.name != "title"]
    async with database.outside_the_pool() as session:
        await session.execute(text("ALTER TABLE blog_post RENAME TO kept"))
        await session.execute(text(f"CREATE VIEW blog_post AS SELECT {', '.join(columns)}, {title} AS title FROM kept"))
        await session.commit()


def wait_for(lock):
    """Return an empty text of SQL's, which is there when nobody has the lock."""
    return f"(SELECT left(pg_advisory_xact_lock_shared({lock})::text, 0))"


def key_of(path):
    return int(path.rsplit("/", 1)[1])


async def test_those_who_wait_are_answered_by_one_statement_each_as_if_alone(
    client, database, posts, count_statements, database_kind
):
    paths = [*posts, "/api/posts/999999", posts[0]]
    alone = await get_each(client, paths)
    with count_statements() as statements:
        async with crowd(database, *((client, path) for path in paths)) as tasks:
            pass
        together = await answers_of(tasks)
    assert [one.status_code for one in together] == [200] * POSTS + [404, 404, 200]
    assert [seen(one)[0] for one in together] == [seen(one)[0] for one in alone]
    assert [seen(one) for one in together if one.is_success] == [seen(one) for one in alone if one.is_success]
    assert len(statements) == (1 if database_kind == "postgresql" else len(paths))


@on_postgresql
async def test_those_who_want_the_same_row_share_the_statement_of_one(client, database, posts, count_statements):
    alone = await client.get(posts[0])
    with count_statements() as statements:
        async with crowd(database, *[(client, posts[0])] * 9) as tasks:
            pass
        together = await answers_of(tasks)
    assert {seen(one) for one in together} == {seen(alone)}
    assert len(statements) == 1
    assert "unnest" not in statements[0]


@on_postgresql
async def test_who_finds_nobody_at_work_goes_alone(client, database, posts, count_statements):
    with count_statements() as statements:
        await get_each(client, posts[:3])
    assert len(statements) == 3
    assert not [one for one in statements if "unnest" in one]


@on_postgresql
@pytest.mark.parametrize("settings", [{"database_pool_size": 3}], indirect=True)
async def test_who_comes_in_the_same_turn_is_answered_by_one_statement_although_connections_are_free(
    client, database, posts, count_statements
):
    alone = await get_each(client, posts)
    async with some_at_work(database):
        with count_statements() as statements:
            tasks = [asyncio.create_task(client.get(path)) for path in posts]
            together = await answers_of(tasks)
    assert [seen(one)[0] for one in together] == [seen(one)[0] for one in alone]
    assert [seen(one) for one in together if one.is_success] == [seen(one) for one in alone if one.is_success]
    assert len(statements) == 1


@on_postgresql
@pytest.mark.parametrize("settings", [{"database_pool_size": 3, "database_pool_timeout": PATIENCE}], indirect=True)
async def test_who_is_read_along_by_a_statement_that_stalls_goes_on_by_a_connection_that_is_free(
    client, database, posts, count_statements
):
    alone = await get_each(client, posts[:3])
    stall = 20261130
    await put_view_over_posts(
        database, f"title || CASE WHEN id = {key_of(posts[0])} THEN {wait_for(stall)} ELSE '' END"
    )
    async with some_at_work(database), database.outside_the_pool() as session:
        await session.execute(text(f"SELECT pg_advisory_lock({stall})"))
        with count_statements() as statements:
            tasks = [asyncio.create_task(client.get(path)) for path in posts[:3]]
            assert [seen(one) for one in await answers_of(tasks[1:])] == [seen(one) for one in alone[1:]]
        assert not tasks[0].done()
        assert len([one for one in statements if "unnest" in one]) == 2
        await session.execute(text(f"SELECT pg_advisory_unlock({stall})"))
        assert [seen(one) for one in await answers_of(tasks[:1])] == [seen(one) for one in alone[:1]]
    statistics = database.engine.pool.statistics()
    assert (statistics.checked_out, statistics.waiting) == (0, 0)


@on_postgresql
async def test_no_more_rows_than_the_limit_are_read_by_one_statement(client, database, count_statements):
    paths = [f"/api/posts/{number}" for number in range(1000, 1000 + MOST_TOGETHER + 6)]
    with count_statements() as statements:
        async with crowd(database, *((client, path) for path in paths)) as tasks:
            pass
        together = await answers_of(tasks)
    assert {one.status_code for one in together} == {404}
    assert len(statements) == 2


@on_postgresql
async def test_who_asks_for_less_is_not_read_with_others_nor_who_shows_a_token_with_strangers(
    client, hers, database, posts, count_statements
):
    draft = posts[-1]
    assert (await hers.get(draft)).status_code == 200
    requests = [
        (client, posts[0]),
        (hers, draft),
        (client, draft),
        (client, f"{posts[1]}?fields=title"),
        (hers, posts[1]),
    ]
    with count_statements() as statements:
        async with crowd(database, *requests) as tasks:
            pass
        together = await answers_of(tasks)
    assert [one.status_code for one in together] == [200, 200, 404, 200, 200]
    assert together[3].json() == {"title": "Post 1"}
    assert len(statements) == 3  # two strangers by one, and both of hers


@on_postgresql
async def test_each_sees_what_their_own_token_lets_them_see_and_one_that_is_revoked_is_refused(
    hers, ada, database, posts, *, make_user, client_for, count_statements
):
    bob = await client_for(await make_user(username="bob"))
    eve = await make_user(username="eve")
    late = await client_for(eve)
    draft = posts[-1]
    for one in (hers, bob, late):
        assert (await one.get(posts[0])).status_code == 200  # so that they are known
    requests = [(hers, draft), (bob, draft), (late, posts[0]), (bob, posts[1]), (hers, draft)]
    with count_statements() as statements:
        async with crowd(database, *requests) as tasks, database.outside_the_pool() as session:
            await session.execute(delete(Session).where(Session.user_id == eve.id))
            await session.commit()
        together = await answers_of(tasks)
    assert [one.status_code for one in together] == [200, 404, 401, 200, 200]
    assert together[0].json()["author"]["id"] == ada.id
    assert together[3].json()["title"] == "Post 1"
    assert seen(together[4]) == seen(together[0])
    assert len([one for one in statements if "unnest" in one]) == 1


@on_postgresql
async def test_a_token_that_is_revoked_while_all_wait_is_refused_among_strangers_who_are_answered(
    client, hers, ada, database, posts
):
    assert (await hers.get(posts[-1])).status_code == 200
    before = await client.get(posts[0], headers={"Authorization": "Bearer nobody"})
    requests = [(client, posts[0]), (hers, posts[-1]), (client, posts[1])]
    async with crowd(database, *requests) as tasks, database.outside_the_pool() as session:
        await session.execute(delete(Session).where(Session.user_id == ada.id))
        await session.commit()
    together = await answers_of(tasks)
    assert [one.status_code for one in together] == [200, before.status_code, 200]
    assert before.status_code == 401


@on_postgresql
async def test_an_answer_is_as_new_as_its_request_for_nobody_joins_a_statement_that_was_sent(
    client, database, posts, count_statements
):
    with count_statements() as statements:
        async with locked_posts(database) as until_blocked:
            async with crowd(database, (client, posts[0]), (client, posts[1])) as tasks:
                pass
            await until_blocked()
            late = asyncio.create_task(client.get(posts[0]))
            await waiting(database, 2)  # the one who is read along, and the late one
        assert [one.status_code for one in await answers_of([*tasks, late])] == [200, 200, 200]
    assert len([one for one in statements if "blog_post" in one and "LOCK" not in one]) == 2


@on_postgresql
@pytest.mark.parametrize("is_sent", [False, True], ids=["before it has a connection", "while its statement runs"])
async def test_who_hangs_up_takes_nobody_along(client, database, posts, is_sent):
    alone = await get_each(client, posts[:4])
    async with locked_posts(database) as until_blocked:
        async with crowd(database, *((client, path) for path in posts[:4])) as tasks:
            if not is_sent:
                tasks[0].cancel()
        await until_blocked()
        tasks[0 if is_sent else 1].cancel()
        with suppress(asyncio.CancelledError):
            await tasks[0]
    rest = tasks[1:] if is_sent else tasks[2:]
    assert [seen(one) for one in await answers_of(rest)] == [seen(one) for one in alone[-len(rest) :]]
    statistics = database.engine.pool.statistics()
    assert (statistics.checked_out, statistics.waiting) == (0, 0)


@on_postgresql
async def test_who_hangs_up_in_the_moment_a_connection_comes_takes_nobody_along(client, database, posts):
    async with crowd(database, *((client, path) for path in posts[:4])) as tasks:
        pass
    tasks[0].cancel()  # the connection was handed over, and nothing has run since
    assert [one.status_code for one in await answers_of(tasks[1:])] == [200] * 3


@on_postgresql
async def test_who_is_read_along_and_hangs_up_leaves_the_others_their_rows(client, database, posts, count_statements):
    with count_statements() as statements:
        async with crowd(database, *((client, path) for path in posts[:4])) as tasks:
            pass
        tasks[2].cancel()
        assert [one.status_code for one in await answers_of([tasks[0], tasks[1], tasks[3]])] == [200] * 3
    assert len(statements) == 1


@on_postgresql
@pytest.mark.parametrize("settings", [{"database_pool_timeout": 4}], indirect=True)
async def test_who_is_read_along_waits_no_longer_than_for_a_connection(client, database, posts):
    await get_each(client, posts)  # so that it takes no time to come to wait
    async with locked_posts(database) as until_blocked:
        async with crowd(database, *((client, path) for path in posts[:3])) as tasks:
            pass
        await until_blocked()
        assert [one.status_code for one in await answers_of(tasks[1:])] == [503, 503]
        assert database.engine.pool.statistics().timeouts == 2
    assert [one.status_code for one in await answers_of(tasks[:1])] == [200]


@on_postgresql
@pytest.mark.parametrize("settings", [{"database_command_timeout": 4}], indirect=True)
async def test_a_statement_without_an_answer_is_the_end_of_one_and_the_others_wait_on(client, database, posts):
    async with locked_posts(database) as until_blocked:
        async with crowd(database, *((client, path) for path in posts[:3])) as tasks:
            pass
        await until_blocked()
        assert (await answers_of(tasks[:1]))[0].status_code == 503
    assert [one.status_code for one in await answers_of(tasks[1:])] == [200, 200]


@on_postgresql
async def test_a_row_that_cannot_be_read_is_the_error_of_who_asks_for_it_alone(client, database, posts):
    broken = key_of(posts[1])
    await put_view_over_posts(database, f"CASE WHEN id = {broken} THEN (1 / (id - {broken}))::varchar ELSE title END")
    alone = await get_each(client, posts[:3])
    for order in ([0, 1, 2], [1, 0, 2]):  # whoever sends the statement
        async with crowd(database, *((client, posts[number]) for number in order)) as tasks:
            pass
        together = await answers_of(tasks)
        assert [one.status_code for one in together] == [alone[number].status_code for number in order]
    assert [one.status_code for one in alone] == [200, 422, 200]


@on_postgresql
async def test_a_connection_that_is_lost_under_the_statement_costs_nobody_an_answer(client, database, posts):
    async with locked_posts(database) as until_blocked:
        async with crowd(database, *((client, path) for path in posts[:3])) as tasks:
            pass
        await until_blocked()
        async with database.outside_the_pool() as session:
            ended = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE NOT granted"
            await session.execute(text(ended))
    assert [one.status_code for one in await answers_of(tasks)] == [200] * 3


@on_postgresql
async def test_a_statement_that_became_invalid_is_tried_again(client, database, posts):
    for length in (300, 301, 302):
        async with crowd(database, *((client, path) for path in posts[:3])) as tasks:
            pass
        assert [one.status_code for one in await answers_of(tasks)] == [200] * 3
        async with database.outside_the_pool() as session:
            await session.execute(text(f"ALTER TABLE blog_post ALTER title TYPE varchar({length})"))
            await session.commit()


@on_postgresql
@pytest.mark.parametrize("settings", [{"database_prepared_statements": False}], indirect=True)
async def test_it_works_without_prepared_statements(client, database, posts, count_statements):
    alone = await get_each(client, posts)
    with count_statements() as statements:
        async with crowd(database, *((client, path) for path in posts)) as tasks:
            pass
        together = await answers_of(tasks)
    assert [seen(one)[0] for one in together] == [seen(one)[0] for one in alone]
    assert len(statements) == 1


@asynccontextmanager
async def site_of(settings, model, keys):
    """A site with a resource of this model, its database, and the addresses of rows with these keys."""
    kind = model.__table__.c.id.type.python_type
    schema = create_model("Row", __base__=Schema, id=(kind, ...), value=(str, ...))
    rows = Resource(
        model=model, read=schema, name="row", policy=Open(), without=("create", "update", "replace", "delete")
    )
    app = make_application(settings)
    app.include_router(rows.router, prefix="/api")
    async with running(app) as application, make_client(application) as client:
        database = application.state.database
        async with database.unit_of_work() as session:
            await (await session.connection()).run_sync(model.__table__.create)
            session.add_all([model(id=key, value=f"row {number}") for number, key in enumerate(keys)])
        yield client, database, [f"/api/rows/{key}" for key in keys]


UUIDS = tuple(UUID(int=number) for number in (7, 2**127, 11))


@on_postgresql
@pytest.mark.parametrize(
    ("model", "keys", "number"),
    [
        (Small, (3, 1, 2), 1),
        (Token, UUIDS, 1),
        (TokenText, tuple(map(str, UUIDS)), 3),  # which the driver has no lists of
        (Word, ("b", "a", "c"), 1),
    ],
    ids=["numbers", "UUIDs", "UUIDs as texts", "texts"],
)
async def test_rows_are_read_together_by_keys_of_many_types(make_settings, empty_database_url, model, keys, number):
    settings = make_settings(database_url=empty_database_url, database_pool_size=1, plugins=())
    async with site_of(settings, model, keys) as (client, database, paths):
        alone = await get_each(client, paths)
        with counted_statements(database) as statements:
            async with crowd(database, *((client, path) for path in paths)) as tasks:
                pass
            together = await answers_of(tasks)
        assert [seen(one) for one in together] == [seen(one) for one in alone]
        assert [one.json()["value"] for one in together] == ["row 0", "row 1", "row 2"]
        assert len(statements) == number


@on_postgresql
async def test_a_key_that_no_column_can_hold_spoils_nobodys_answer(make_settings, empty_database_url):
    settings = make_settings(database_url=empty_database_url, database_pool_size=1, plugins=())
    async with site_of(settings, Small, (1, 2, 3)) as (client, database, paths):
        for asked in (["/api/rows/99999", *paths], [*paths, "/api/rows/99999"]):
            alone = await get_each(client, asked)
            async with crowd(database, *((client, path) for path in asked)) as tasks:
                pass
            together = await answers_of(tasks)
            assert [one.status_code for one in together] == [one.status_code for one in alone]
            assert sorted(one.status_code for one in together)[:3] == [200, 200, 200]


@on_postgresql
async def test_a_server_with_few_connections_answers_many_while_some_hang_up(posts, database_url):
    port, paths = free_port(), [*posts, "/api/posts/999999"]
    variables = {"DATABASE_URL": database_url, "DATABASE_POOL_SIZE": 2, "DATABASE_POOL_TIMEOUT": PATIENCE}
    with serving("runserver", str(port), "--workers", "1", port=port, output=subprocess.DEVNULL, **variables):
        limits = httpx.Limits(max_connections=40)
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", limits=limits, timeout=PATIENCE) as client:
            expected = [seen(one)[:3] for one in await get_each(client, paths[:POSTS])]

            async def ask(number):
                number %= len(paths)
                answer = await client.get(paths[number])
                if number < POSTS:
                    assert seen(answer)[:3] == expected[number]
                else:
                    assert answer.status_code == 404

            for _ in range(5):
                asking = [asyncio.create_task(ask(number)) for number in range(120)]
                await asyncio.sleep(0.01)
                for one in asking[::7]:
                    one.cancel()
                ended = await asyncio.gather(*asking, return_exceptions=True)
                assert not [one for one in ended if one is not None and not isinstance(one, asyncio.CancelledError)]


async def test_who_is_read_along_and_waited_long_enough_has_what_lies_ready():
    queue: FairQueue[str] = FairQueue()
    reads = [Read("posts", (number,)) for number in range(3)]
    waiting = [asyncio.create_task(queue.wait(0.01, read)) for read in reads]
    await asyncio.sleep(0)
    queue.put("a connection")
    queue.put("another, which lies ready")
    assert await waiting[0] == "a connection"
    ended = await asyncio.gather(*waiting[1:], return_exceptions=True)
    assert ended[0] == "another, which lies ready"
    assert isinstance(ended[1], QueueEmpty)


async def test_who_was_to_be_read_along_in_vain_keeps_the_place_in_the_line():
    queue: FairQueue[str] = FairQueue()
    served: list[str] = []

    async def wait(name, kind=None):
        await queue.wait(None, None if kind is None else Read(kind, (name,)))
        served.append(name)

    first = Read("posts", ("first",))
    leading = asyncio.create_task(queue.wait(None, first))
    waiting = [leading]
    for name, kind in (("second", "posts"), ("a transaction", None), ("third", "tags"), ("fourth", "posts")):
        await asyncio.sleep(0)
        waiting.append(asyncio.create_task(wait(name, kind)))
    await asyncio.sleep(0)
    queue.put("a connection")
    assert await leading == "a connection"
    assert queue.line.gather(first) == [("first",), ("second",), ("fourth",)]
    queue.put("another")
    await asyncio.sleep(0)
    assert served == ["a transaction"]
    queue.release(first)
    for item in ("one more", "and one", "the last"):
        queue.put(item)
    await asyncio.gather(*waiting)
    assert served == ["a transaction", "second", "third", "fourth"]


async def test_what_comes_to_somebody_who_is_cancelled_goes_to_the_first_who_was_to_be_read_along():
    queue, served = FairQueue(), []

    async def wait(name, read=None):
        await queue.wait(None, read)
        served.append(name)

    waiting = []
    for name, read in (("first", Read("posts", (1,))), ("second", Read("posts", (2,))), ("a transaction", None)):
        waiting.append(asyncio.create_task(wait(name, read)))
        await asyncio.sleep(0)
    queue.put("a connection")
    waiting[0].cancel()
    await asyncio.wait(waiting[:2])
    queue.put("a connection")
    await waiting[2]
    assert served == ["second", "a transaction"]


async def test_a_connection_that_lies_ready_goes_to_who_was_to_be_read_along_in_vain():
    queue: FairQueue[str] = FairQueue()
    first, second = Read("posts", (1,)), Read("posts", (2,))
    waiting = [asyncio.create_task(queue.wait(None, read)) for read in (first, second)]
    await asyncio.sleep(0)
    queue.put("a connection")
    queue.put("another, which nobody needs")
    await waiting[0]
    queue.release(first)
    assert await waiting[1] == "another, which nobody needs"
