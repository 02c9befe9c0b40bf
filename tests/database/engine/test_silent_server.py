"""A PostgreSQL that says nothing more, as one behind a broken network: it closes nothing and answers nothing."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import make_url, text

from dovetail.application import make_application
from dovetail.context import open_context
from dovetail.database.session import SessionDep
from dovetail.database.unit_of_work import Database
from dovetail.registry import load_registry
from dovetail.settings import Settings
from dovetail.testing.fixtures import make_client, running
from tests.database.test_error_translation import assert_is_unavailable

pytestmark = pytest.mark.parametrize("database_kind", ["postgresql"])


async def test_a_server_that_falls_silent_is_given_up_too_and_the_site_recovers(make_settings, database_url):
    async with silenceable(make_settings, database_url) as (_app, client, audible):
        assert (await ask_the_database(client)).status_code == 401
        audible.clear()
        async with asyncio.timeout(60):
            assert_is_unavailable(await ask_the_database(client))
        audible.set()
        assert (await ask_the_database(client)).status_code == 401


@pytest.mark.parametrize("path", ["/api/posts", "/api/posts/1", "/api/tags"])
async def test_a_read_whose_server_falls_silent_is_given_up_and_the_site_recovers(make_settings, database_url, path):
    async with silenceable(make_settings, database_url) as (_app, client, audible):
        before = await client.get(path)
        audible.clear()  # the connection just worked, so nobody asks before using it
        async with asyncio.timeout(60):
            assert_is_unavailable(await client.get(path))
        audible.set()
        assert (await client.get(path)).status_code == before.status_code


@pytest.mark.parametrize("when", ["flush", "commit"])
async def test_a_transaction_whose_server_falls_silent_is_given_up(make_settings, database_url, when):
    async with silenceable(make_settings, database_url) as (app, client, audible):
        database: Database = app.state.database

        @app.post("/write")
        async def write(session: SessionDep) -> None:
            await session.execute(text("CREATE TABLE written (number INTEGER)"))
            audible.clear()
            if when == "flush":
                await session.execute(text("INSERT INTO written VALUES (1)"))

        async with asyncio.timeout(60):
            assert_is_unavailable(await client.post("/write"))
        assert database.engine.pool.checkedout() == 0
        audible.set()
        async with database.unit_of_work() as session:
            assert await session.scalar(text("SELECT 1")) == 1


async def test_a_statement_of_a_request_that_takes_too_long_is_cancelled(make_settings, database_url):
    settings = make_settings(plugins=(), database_url=database_url, database_command_timeout=0.3)
    async with running(make_application(settings)) as app, make_client(app) as client:
        database: Database = app.state.database

        @app.post("/sleep")
        async def sleep(session: SessionDep) -> None:
            await session.execute(text("SELECT pg_sleep(60)"))

        async with asyncio.timeout(60):
            assert_is_unavailable(await client.post("/sleep"))
        async with database.outside_the_pool() as session:
            asleep = (
                "SELECT count(*) FROM pg_stat_activity "
                "WHERE datname = current_database() AND state = 'active' AND query LIKE '%pg_sleep(60)'"
            )
            while await session.scalar(text(asleep)):  # noqa: ASYNC110 - the server tells nobody
                await asyncio.sleep(0.01)


async def test_a_statement_of_a_command_may_take_as_long_as_it_needs(make_settings, database_url):
    settings = make_settings(plugins=(), database_url=database_url, database_command_timeout=0.1)
    async with open_context(settings, load_registry(settings)) as context, context.database.unit_of_work() as session:
        assert await session.scalar(text("SELECT 1 FROM pg_sleep(0.5)")) == 1


async def ask_the_database(client: httpx.AsyncClient) -> httpx.Response:
    return await client.get("/api/users/me", headers={"Authorization": "Bearer nobody"})


@asynccontextmanager
async def silenceable(
    make_settings: Callable[..., Settings], database_url: str
) -> AsyncIterator[tuple[FastAPI, httpx.AsyncClient, asyncio.Event]]:
    """A site, its client, and an event that makes its database fall silent when it is cleared."""
    async with passing_on(database_url) as (url, audible):
        settings = make_settings(database_url=url, database_connect_timeout=2, database_command_timeout=2)
        async with running(make_application(settings)) as app, make_client(app) as client:
            yield app, client, audible


@asynccontextmanager
async def passing_on(url: str) -> AsyncIterator[tuple[str, asyncio.Event]]:
    """A proxy in front of the server of `url`: its address, and an event that is clear while it swallows everything."""
    to = make_url(url)
    audible = asyncio.Event()
    audible.set()

    async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            if audible.is_set():
                writer.write(data)
        writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        folder, port = to.query.get("host"), to.port or 5432
        connecting = (
            asyncio.open_unix_connection(f"{folder}/.s.PGSQL.{port}")
            if folder
            else asyncio.open_connection(to.host, port)
        )
        upstream_reader, upstream_writer = await connecting
        await asyncio.gather(copy(reader, upstream_writer), copy(upstream_reader, writer), return_exceptions=True)

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        there = to.set(host="127.0.0.1", port=port, query={"ssl": "disable"})
        yield there.render_as_string(hide_password=False), audible
