"""Each private part of asyncpg and aiosqlite that is leaned on: these fail when one of them changes its meaning."""

import asyncio
import sqlite3
import threading

import asyncpg
import pytest

from dovetail.database.drivers.aiosqlite_connections import fetch_last, interrupt_of, open_connection, release_lock
from dovetail.database.drivers.asyncpg_connections import ARRAYS, Connection, Connector

on_postgresql = pytest.mark.parametrize("database_kind", ["postgresql"])
FOR_EVER = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n"


@on_postgresql
async def test_a_statement_bears_a_name_of_its_own_in_every_process(empty_database_url):
    connection = await asyncpg.connect(empty_database_url, connection_class=Connection)
    for number in range(3):
        await connection.fetch(f"SELECT {number}")
    names = {row["name"] for row in await connection.fetch("SELECT name FROM pg_prepared_statements")}
    await connection.close()
    assert len(names) == 4
    assert all(name.startswith("__dovetail_stmt_") for name in names)


@on_postgresql
async def test_after_a_statement_became_invalid_new_connections_send_another_text(empty_database_url):
    connector = Connector()

    async def texts() -> set[str]:
        connection = await connector.connect(empty_database_url)
        await connection.fetch("SELECT 1")
        found = await connection.fetch("SELECT statement FROM pg_prepared_statements WHERE statement LIKE 'SELECT 1%'")
        connector.renew(connection)
        connector.renew(connection)  # one that is not of the newest tells nothing new
        await connection.close()
        return {row["statement"] for row in found}

    first, second, third = await texts(), await texts(), await texts()
    assert first == {"SELECT 1"}
    assert len(first | second | third) == 3


@on_postgresql
async def test_what_is_known_of_arrays_is_what_the_server_says_of_them(empty_database_url):
    connection = await asyncpg.connect(empty_database_url)
    described, _ = await connection._introspect_types(list(ARRAYS), None)
    await connection.close()
    said = {row["oid"]: dict(row) for row in described if row["oid"] in ARRAYS}
    assert said.keys() == ARRAYS.keys()
    for number, known in ARRAYS.items():
        assert known == {name: said[number][name] for name in known}


@on_postgresql
async def test_a_server_is_asked_about_no_array_of_its_own_and_about_those_of_others(empty_database_url):
    connection = await asyncpg.connect(empty_database_url, connection_class=Connection)
    sent: list[str] = []
    connection.add_query_logger(lambda record: sent.append(record.query))
    for number in ARRAYS:
        kind = await connection.fetchval("SELECT $1::oid::regtype::text", number)
        assert await connection.fetchval(f"SELECT $1::{kind}", []) == []
    assert not [query for query in sent if "pg_type" in query]
    await connection.execute("CREATE TYPE mood AS ENUM ('sad', 'glad')")
    asked = await connection.fetchval("SELECT ARRAY[$1::bigint] || $2::bigint[]", 1, [2, 3])
    assert (asked, await connection.fetchval("SELECT $1::mood[]", ["glad"])) == ([1, 2, 3], ["glad"])
    assert len([query for query in sent if "pg_type" in query]) == 1
    await connection.close()


async def test_a_statement_of_sqlite_can_be_stopped_without_waiting_for_its_thread():
    connection = await open_connection(":memory:")
    running = asyncio.create_task(connection.execute_fetchall(FOR_EVER))
    while not running.done():  # what its thread has not begun is not stopped
        interrupt_of(connection)()
        await asyncio.sleep(0.05)

    with pytest.raises(sqlite3.OperationalError, match="interrupted"):
        await running
    assert await connection.execute_fetchall("SELECT 1") == [(1,)]
    await connection.close()


async def test_a_connection_of_sqlite_lets_go_of_its_lock_without_being_waited_for(tmp_path):
    kept, other = [await open_connection(tmp_path / "file", timeout=5, isolation_level=None) for _ in range(2)]
    await kept.execute("BEGIN IMMEDIATE")
    release_lock(kept)
    await other.execute("BEGIN IMMEDIATE")
    assert other.in_transaction
    await asyncio.gather(kept.close(), other.close())
    release_lock(kept)  # again, which changes nothing


async def test_the_thread_of_an_sqlite_connection_ends_with_the_process_and_is_gone_after_a_failure(tmp_path):
    def workers() -> set[threading.Thread]:
        return {thread for thread in threading.enumerate() if "connection_worker" in thread.name}

    before = workers()
    connection = await open_connection(":memory:")
    (thread,) = workers() - before
    assert thread.daemon
    await connection.close()
    thread.join(60)

    with pytest.raises(sqlite3.OperationalError):
        await open_connection(str(tmp_path))
    assert workers() - before == set()


async def test_statements_that_are_run_together_on_sqlite_change_nothing_if_one_of_them_fails():
    connection = await open_connection(":memory:", isolation_level=None)
    await connection.execute_fetchall("CREATE TABLE word (text TEXT UNIQUE)")
    await connection.execute_fetchall("BEGIN")
    made = ("INSERT INTO word VALUES (?) RETURNING text", ("tea",))
    assert await fetch_last(connection, [("INSERT INTO word VALUES ('cup')", ()), made]) == [("tea",)]
    with pytest.raises(sqlite3.IntegrityError):
        await fetch_last(connection, [("INSERT INTO word VALUES ('pot')", ()), made])
    await connection.execute_fetchall("COMMIT")
    assert await connection.execute_fetchall("SELECT text FROM word") == [("cup",), ("tea",)]
    await connection.close()


async def test_statements_that_are_a_transaction_together_leave_none_open_where_it_cannot_be_committed():
    connection = await open_connection(":memory:", isolation_level=None)
    await connection.execute_fetchall("PRAGMA foreign_keys=on")
    await connection.execute_fetchall("CREATE TABLE cup (id INTEGER PRIMARY KEY)")
    await connection.execute_fetchall("CREATE TABLE tea (cup REFERENCES cup (id) DEFERRABLE INITIALLY DEFERRED)")
    with pytest.raises(sqlite3.IntegrityError):
        await fetch_last(connection, [("INSERT INTO tea VALUES (1)", ())])
    assert not connection.in_transaction
    await fetch_last(connection, [("INSERT INTO tea VALUES (2)", ()), ("INSERT INTO cup VALUES (2)", ())])
    assert await connection.execute_fetchall("SELECT cup FROM tea") == [(2,)]
    await connection.close()
