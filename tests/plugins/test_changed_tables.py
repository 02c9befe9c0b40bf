"""While a site serves, somebody changes the type of a column: no request fails for it, directly or behind PgBouncer."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable

import httpx
import pytest
from sqlalchemy import NullPool, text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from dovetail.application import make_application
from dovetail.contrib.admin.testing import BackOffice
from dovetail.testing.fixtures import running
from tests.bouncing import bouncing, keeps_statements

pytestmark = pytest.mark.parametrize("database_kind", ["postgresql"])

COLUMNS = {"blog_post.title": ("TEXT", "VARCHAR(200)"), "auth_user.full_name": ("TEXT", "VARCHAR(150)")}


@pytest.fixture(params=["directly", "behind PgBouncer"])
def settings(request, make_settings, database_url):
    """A site whose one connection has seen every statement before."""
    if request.param == "directly":
        yield make_settings(database_url=database_url, database_pool_size=1)
        return
    with bouncing(database_url, size=1) as url:
        yield make_settings(database_url=url, database_pool_size=1, database_prepared_statements=keeps_statements())


@pytest.fixture
async def app(settings):
    async with running(make_application(settings)) as app:
        yield app


@pytest.fixture
async def admin(database_url) -> AsyncIterator[AsyncEngine]:
    engine = create_async_engine(database_url.replace("postgresql://", "postgresql+asyncpg://"), poolclass=NullPool)
    yield engine
    await engine.dispose()


@pytest.fixture
async def office(staff, back_office_for) -> BackOffice:
    return await back_office_for(staff.user)


async def change_types(engine: AsyncEngine, number: int) -> None:
    for column, types in COLUMNS.items():
        table, name = column.split(".")
        async with engine.begin() as connection:
            await connection.execute(text(f"ALTER TABLE {table} ALTER COLUMN {name} TYPE {types[number % 2]}"))


async def test_every_kind_of_request_is_answered_after_a_column_changed_its_type(
    author, staff, office, make_post, admin
):
    client = office.client  # whose cookie the API does not look at
    post = await make_post()
    url, body = f"/api/posts/{post.id}", {"title": "New", "content": "Text."}
    mine = author.client
    requests: dict[str, Callable[[], Awaitable[httpx.Response]]] = {
        "a list": lambda: client.get("/api/posts"),
        "a list by FastAPI": lambda: client.get("/api/posts?search=Text&count=true", headers={"If-None-Match": "x"}),
        "one": lambda: client.get(url),
        "one with a token": lambda: mine.get(url),
        "who I am": lambda: mine.get("/api/users/me"),
        "a create": lambda: mine.post("/api/posts", json=body),
        "a create with a key": lambda: mine.post("/api/posts", json=body, headers={"Idempotency-Key": "k"}),
        "a change": lambda: mine.patch(url, json={"title": "Changed"}),
        "many at once": lambda: mine.patch("/api/posts/bulk", json={"items": [{"id": post.id, "title": "Many"}]}),
        "a list of users": lambda: staff.client.get("/api/users"),
        "a page": lambda: office.get("/blog/post/"),
        "a form": lambda: office.get(f"/blog/post/{post.id}/change/"),
        "a form that is sent": lambda: office.submit(f"/blog/post/{post.id}/change/", {"title": "Sent"}),
        "the pool": lambda: staff.client.get("/debug/pool"),
    }
    for kind, send in (*requests.items(), *requests.items()):
        assert (await send()).status_code < 400, kind
    for number, (kind, send) in enumerate(requests.items()):
        await change_types(admin, number)
        answer = await send()
        assert answer.status_code < 400, (kind, answer.text)


async def test_a_changed_column_type_fails_no_request_under_load(author, client, make_post, admin):
    post = await make_post()
    paths = ("/api/posts", f"/api/posts/{post.id}")
    found: Counter[int] = Counter()

    async def read(number: int) -> None:
        for turn in range(10):
            sender = author.client if number % 2 else client
            found[(await sender.get(paths[turn % 2])).status_code] += 1

    async def change() -> None:
        for number in range(3):
            await change_types(admin, number)

    await asyncio.gather(change(), *(read(number) for number in range(10)))
    assert found == {200: 100}


async def test_what_a_request_wrote_is_written_once_though_it_was_tried_twice(
    author, client, make_post, admin, session
):
    await make_post()
    for number in range(4):
        await author.client.post("/api/posts", json={"title": f"Number {number}", "content": "Text."})
        await change_types(admin, number)
    assert (await client.get("/api/posts?count=true")).status_code == 200
    total = await session.scalar(text("SELECT count(*) FROM blog_post WHERE title LIKE 'Number%'"))
    assert total == 4
