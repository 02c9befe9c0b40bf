"""Several statements as one on SQLite, and what it keeps in memory meanwhile."""

import sqlite3
from collections.abc import Iterator

import pytest

from dovetail.database.drivers.sqlite_steps import MOST_IN_MEMORY, SMALL, run_steps

MANY = f"WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n LIMIT {MOST_IN_MEMORY + 1})"
SQL = "INSERT INTO tea SELECT 'last' WHERE ? <> '' RETURNING name"
LAST = (SQL, ("x" * (SMALL + 1),))


@pytest.fixture
def connection(tmp_path) -> Iterator[sqlite3.Connection]:
    found = sqlite3.connect(tmp_path / "tea.db", isolation_level=None)
    found.execute("CREATE TABLE tea (name UNIQUE)")
    yield found
    found.close()


def sent_by(connection: sqlite3.Connection, steps: list[tuple[str, tuple[object, ...]]]) -> list[str]:
    """Run the steps, and return the settings and savepoints among what SQLite was asked."""
    sent: list[str] = []
    connection.set_trace_callback(sent.append)
    try:
        assert run_steps(connection, steps) == [("last",)]
    finally:
        connection.set_trace_callback(None)
    return [one for one in sent if "=" in one or "dovetail" in one]


def test_few_rows_are_kept_in_memory_and_many_are_not(connection):
    few = sent_by(connection, [("INSERT INTO tea VALUES (1)", ()), LAST])
    assert few == [
        "PRAGMA temp_store=memory",
        "SAVEPOINT dovetail_steps",
        "RELEASE dovetail_steps",
        "PRAGMA temp_store=default",
    ]
    connection.execute("DELETE FROM tea")
    many = sent_by(connection, [(f"{MANY} INSERT INTO tea SELECT x FROM n", ()), LAST])
    assert [one for one in many if "n(x)" not in one][2:] == [
        "ROLLBACK TO dovetail_steps",
        "RELEASE dovetail_steps",
        "PRAGMA temp_store=default",
        "SAVEPOINT dovetail_steps",
        "RELEASE dovetail_steps",
    ]
    assert connection.execute("SELECT count(*) FROM tea").fetchone() == (MOST_IN_MEMORY + 2,)


def test_the_settings_are_left_alone_for_short_values_and_not_for_deletions(connection):
    plain = ["SAVEPOINT dovetail_steps", "RELEASE dovetail_steps"]
    assert sent_by(connection, [("INSERT INTO tea VALUES (1)", ()), (SQL, ("x",))]) == plain
    gone = ("DELETE FROM tea WHERE name = 'last' RETURNING name", ())
    assert [one for one in sent_by(connection, [gone]) if "PRAGMA" in one or one in plain][1:3] == plain


def test_a_failure_takes_all_steps_back_and_leaves_the_settings_as_they_were(connection):
    with pytest.raises(sqlite3.IntegrityError):
        run_steps(connection, [("INSERT INTO tea VALUES (1)", ()), ("INSERT INTO tea VALUES (1)", ())])
    assert connection.execute("SELECT count(*) FROM tea").fetchone() == (0,)
    assert (connection.in_transaction, connection.execute("PRAGMA temp_store").fetchone()) == (False, (0,))
    connection.execute("PRAGMA temp_store=file")  # what a site has set
    assert sent_by(connection, [LAST]) == ["SAVEPOINT dovetail_steps", "RELEASE dovetail_steps"]
    assert connection.execute("PRAGMA temp_store").fetchone() == (1,)
    connection.execute("DELETE FROM tea")
    connection.execute("BEGIN")
    connection.execute("PRAGMA temp_store=default")
    assert sent_by(connection, [LAST]) == ["SAVEPOINT dovetail_steps", "RELEASE dovetail_steps"]
    connection.execute("ROLLBACK")
    assert connection.execute("SELECT count(*) FROM tea").fetchone() == (0,)


def test_temporary_tables_of_the_site_are_still_there_afterwards(connection):
    connection.execute("CREATE TEMPORARY TABLE cups (name)")
    connection.execute("INSERT INTO cups VALUES ('mug')")
    assert sent_by(connection, [LAST]) == ["SAVEPOINT dovetail_steps", "RELEASE dovetail_steps"]
    assert connection.execute("SELECT name FROM cups").fetchall() == [("mug",)]
