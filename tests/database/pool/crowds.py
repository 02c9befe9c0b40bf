"""Requests that all wait for the only connection of a pool."""

import asyncio
from contextlib import asynccontextmanager

from sqlalchemy import text

from dovetail.database.prepared_reads import connect_to_read

PATIENCE = 60  # seconds, of a test


async def until(condition):
    async with asyncio.timeout(PATIENCE):
        while not await condition():  # noqa: ASYNC110 - the database tells nobody
            await asyncio.sleep(0.001)


async def waiting(database, number):
    async def are_waiting():
        return database.engine.pool.statistics().waiting == number

    await until(are_waiting)


async def until_blocked(session):
    """Wait until somebody waits for a lock of this session's database, which is PostgreSQL."""

    async def is_blocked():
        blocked = "SELECT count(*) FROM pg_locks JOIN pg_database d ON d.oid = database WHERE NOT granted"
        return await session.scalar(text(f"{blocked} AND datname = current_database()"))

    await until(is_blocked)


@asynccontextmanager
async def crowd(database, *requests):
    """Let requests wait for the only connection, in this order; the block has their tasks, and runs before they do."""
    async with connect_to_read(database.engine):
        tasks = []
        for client, path in requests:
            tasks.append(asyncio.create_task(client.get(path)))
            await waiting(database, len(tasks))
        yield tasks


async def answers_of(tasks):
    async with asyncio.timeout(PATIENCE):
        return await asyncio.gather(*tasks)


def seen(answer):
    return answer.status_code, answer.content, answer.headers.get("etag"), answer.headers["content-type"]


async def get_each(client, paths):
    return [await client.get(path) for path in paths]
