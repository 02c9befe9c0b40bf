"""The deferred foreign keys that made a COMMIT fail are found, whatever the tables that have some look like."""

import sqlite3
from contextlib import closing

import pytest

from dovetail.database.drivers.sqlite_broken_keys import BrokenKey, broken_keys, note_broken_keys

KEY = "FOREIGN KEY (a, b) REFERENCES target (x, y) DEFERRABLE INITIALLY DEFERRED"


@pytest.mark.parametrize("table", ["plain", "without_rowid", "o'dd \"name"])
def test_only_the_key_that_rows_violate_is_noted(table):
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        connection.execute("PRAGMA foreign_keys = on")
        connection.execute("CREATE TABLE target (x INTEGER, y TEXT, UNIQUE (x, y))")
        connection.execute("INSERT INTO target VALUES (1, 'one')")
        for name, end in (("without_rowid", " WITHOUT ROWID"), ("plain", ""), ('"o\'dd ""name"', "")):
            connection.execute(f"CREATE TABLE {name} (id INTEGER PRIMARY KEY, a INTEGER, b TEXT, {KEY}){end}")
            connection.execute(f"INSERT INTO {name} VALUES (1, 1, 'one'), (2, 1, NULL)")
        quoted = table.replace('"', '""')
        connection.execute("BEGIN")
        connection.execute(f"INSERT INTO \"{quoted}\" VALUES (3, 2, 'two')")
        with pytest.raises(sqlite3.IntegrityError) as refused:
            connection.execute("COMMIT")
        note_broken_keys(connection, refused.value)
        assert broken_keys(refused.value) == {BrokenKey(table, ("a", "b"))}
