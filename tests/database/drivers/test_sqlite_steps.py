"""Several statements as one on SQLite."""

import sqlite3
from collections.abc import Iterator

import pytest

from dovetail.database.drivers.sqlite_steps import run_steps

ONE = ("INSERT INTO tea VALUES (1)", ())
LAST = ("INSERT INTO tea VALUES ('last') RETURNING name", ())


@pytest.fixture
def connection(tmp_path) -> Iterator[sqlite3.Connection]:
    found = sqlite3.connect(tmp_path / "tea.db", isolation_level=None)
    found.execute("CREATE TABLE tea (name UNIQUE)")
    yield found
    found.close()


def names(connection: sqlite3.Connection) -> list[object]:
    return [name for (name,) in connection.execute("SELECT name FROM tea ORDER BY rowid")]


def test_all_steps_are_done_and_committed_and_the_rows_of_the_last_are_returned(connection):
    assert run_steps(connection, [ONE, LAST]) == [("last",)]
    assert (names(connection), connection.in_transaction) == ([1, "last"], False)


def test_a_failure_takes_all_steps_back(connection):
    with pytest.raises(sqlite3.IntegrityError):
        run_steps(connection, [ONE, ONE])
    assert (names(connection), connection.in_transaction) == ([], False)


def test_within_a_transaction_a_failure_takes_back_the_steps_alone(connection):
    connection.execute("BEGIN")
    connection.execute("INSERT INTO tea VALUES ('before')")
    with pytest.raises(sqlite3.IntegrityError):
        run_steps(connection, [ONE, ONE])
    assert run_steps(connection, [LAST]) == [("last",)]
    assert (names(connection), connection.in_transaction) == (["before", "last"], True)


def test_nothing_has_an_effect_if_the_last_step_finds_no_row(connection):
    assert run_steps(connection, [ONE, ("DELETE FROM tea WHERE name = 'nobody' RETURNING name", ())]) == []
    assert (names(connection), connection.in_transaction) == ([], False)
