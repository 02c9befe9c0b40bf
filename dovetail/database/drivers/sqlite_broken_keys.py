"""Find the deferred foreign keys that made a COMMIT fail: SQLite's error does not name them.

After such a COMMIT the transaction is still open, so its rows can be read until it is rolled back.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import suppress
from itertools import groupby
from time import monotonic
from typing import NamedTuple

SECONDS = 0.2  # the most that all of the search may take
STEPS = 1_000  # of SQLite's virtual machine, after which it looks at the clock again
NOTE = "Broken: "  # begins a note on the error; a table and its columns follow
SEPARATOR = "\x1f"


class BrokenKey(NamedTuple):
    """A foreign key by its table and columns."""

    table: str
    columns: tuple[str, ...]


class _Key(NamedTuple):
    table: str
    columns: tuple[str, ...]
    target: str
    targets: tuple[str, ...]
    has_rowid: bool  # of the table


def note_broken_keys(connection: sqlite3.Connection, error: BaseException) -> None:
    """Note on the error of a COMMIT the foreign keys that rows violate, those that are found in SECONDS."""
    until = monotonic() + SECONDS
    connection.set_progress_handler(lambda: monotonic() > until, STEPS)
    try:
        with suppress(sqlite3.Error):  # interrupted, or a table that is not what it seems
            for key in list(_keys(connection)):
                if connection.execute(_search(key)).fetchone() is not None:
                    error.add_note(NOTE + SEPARATOR.join((key.table, *key.columns)))
    finally:
        connection.set_progress_handler(None, 0)


def broken_keys(error: object) -> set[BrokenKey]:
    """Return the foreign keys that are noted on an error."""
    notes = [note for note in getattr(error, "__notes__", ()) if note.startswith(NOTE)]
    parts = [note.removeprefix(NOTE).split(SEPARATOR) for note in notes]
    return {BrokenKey(table, tuple(columns)) for table, *columns in parts}


def _keys(connection: sqlite3.Connection) -> Iterator[_Key]:
    """Yield the foreign keys of tables that have deferred ones."""
    deferring = (
        "SELECT one.name, NOT wr FROM sqlite_master AS one JOIN pragma_table_list(one.name) AS found "
        "WHERE one.type = 'table' AND found.schema = 'main' AND sql LIKE '%INITIALLY DEFERRED%'"
    )
    for table, has_rowid in connection.execute(deferring).fetchall():
        rows = connection.execute(
            'SELECT id, "table", "from", "to" FROM pragma_foreign_key_list(?) ORDER BY id, seq', (table,)
        )
        for _, group in groupby(rows.fetchall(), key=lambda row: row[0]):
            found = list(group)
            if all(row[3] is not None for row in found):
                own, targets = (tuple(row[place] for row in found) for place in (2, 3))
                yield _Key(table, own, found[0][1], targets, bool(has_rowid))


def _search(key: _Key) -> str:
    """Return the SELECT that finds a row with a broken reference; the newest first, since it is likely to be one."""
    given = " AND ".join(f"one.{_quoted(name)} IS NOT NULL" for name in key.columns)
    pairs = zip(key.columns, key.targets, strict=True)
    same = " AND ".join(f"other.{_quoted(target)} = one.{_quoted(name)}" for name, target in pairs)
    there = f"SELECT 1 FROM {_quoted(key.target)} AS other WHERE {same}"  # noqa: S608 - quoted names
    rows = f"SELECT 1 FROM {_quoted(key.table)} AS one WHERE {given} AND NOT EXISTS ({there})"  # noqa: S608 - as above
    return f"{rows} ORDER BY rowid DESC LIMIT 1" if key.has_rowid else f"{rows} LIMIT 1"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
