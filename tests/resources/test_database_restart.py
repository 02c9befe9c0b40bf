"""A read trusts a connection that just worked; a database that was restarted meanwhile is no reason to fail."""

import asyncio
import threading

import asyncpg
import pytest

PATHS = ("/api/books", "/api/books?limit=1&count=true", "/api/books/1", "/api/books/1?fields=title")

pytestmark = pytest.mark.parametrize("database_kind", ["postgresql"])


@pytest.mark.parametrize("heard", [False, True], ids=["the site has not heard of it", "the site has heard of it"])
@pytest.mark.parametrize("path", PATHS)
async def test_reads_outlive_a_restart_of_the_database(client, make_book, library_url, path, heard):
    await make_book(title="Apples")
    before = await read_ten_times(client, path)
    assert {answer.status_code for answer in before} == {200}
    cut_connections(library_url)
    await asyncio.sleep(0.1 if heard else 0)
    after = await read_ten_times(client, path)
    assert {(answer.status_code, answer.content) for answer in after} == {(200, before[0].content)}


@pytest.mark.parametrize("path", PATHS)
async def test_a_read_whose_connection_is_cut_while_it_runs_is_repeated(app, client, make_book, library_url, path):
    await make_book(title="Apples")
    lock = await asyncpg.connect(library_url)
    transaction = lock.transaction()
    await transaction.start()
    await lock.execute("LOCK TABLE library_book")
    reading = asyncio.create_task(client.get(path))
    while not await waiting(lock):  # noqa: ASYNC110 - the server tells nobody
        await asyncio.sleep(0.01)
    cut_connections(library_url, keep=lock.get_server_pid())
    await transaction.rollback()
    await lock.close()
    assert (await reading).status_code == 200


async def read_ten_times(client, path):
    known = {"X-Viewer": "1"}  # whose read is a transaction
    return await asyncio.gather(*(client.get(path, headers=known if number % 2 else {}) for number in range(10)))


def cut_connections(url: str, keep: int = 0) -> None:
    """Hang up on everybody, as a restart does, while the event loop stands still and hears nothing."""

    async def cut() -> None:
        connection = await asyncpg.connect(url)
        await connection.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
            f"WHERE datname = current_database() AND pid NOT IN (pg_backend_pid(), {keep})"
        )
        await connection.close()

    thread = threading.Thread(target=lambda: asyncio.run(cut()))
    thread.start()
    thread.join()


async def waiting(connection: asyncpg.Connection) -> bool:
    question = (
        "SELECT count(*) FROM pg_locks JOIN pg_database found ON found.oid = database "
        "WHERE NOT granted AND datname = current_database()"
    )
    return bool(await connection.fetchval(question))
