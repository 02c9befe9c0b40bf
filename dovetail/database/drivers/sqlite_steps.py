"""Run several statements on SQLite as one: all of them have an effect, or none has."""

import sqlite3
from collections.abc import Sequence
from contextlib import suppress
from typing import TypeAlias

from dovetail.database.drivers.lost_connections import AT_COMMIT
from dovetail.database.drivers.sqlite_broken_keys import note_broken_keys

Steps: TypeAlias = Sequence[tuple[str, tuple[object, ...]]]
Rows: TypeAlias = list[tuple[object, ...]]


def run_steps(connection: sqlite3.Connection, steps: Steps) -> Rows:
    """Run statements in order and return the rows of the last. Raise sqlite3.Error; then none has had any effect.

    Neither has one if the last is an UPDATE or DELETE that returns no rows. If no transaction is open, they form one.
    """
    connection.execute("SAVEPOINT dovetail_steps")
    try:
        for sql, arguments in steps[:-1]:
            connection.execute(sql, arguments)
        rows = connection.execute(*steps[-1]).fetchall()
        if not rows and steps[-1][0].startswith(("UPDATE", "DELETE")):
            _take_back(connection)  # a trigger kept the row: the history has no line of it
        else:
            _release(connection)
    except BaseException:
        with suppress(sqlite3.Error):  # some errors, such as a full disk, have rolled back the whole transaction
            _take_back(connection)
        raise
    return rows


def _take_back(connection: sqlite3.Connection) -> None:
    connection.execute("ROLLBACK TO dovetail_steps")
    connection.execute("RELEASE dovetail_steps")


def _release(connection: sqlite3.Connection) -> None:
    try:
        connection.execute("RELEASE dovetail_steps")
    except sqlite3.IntegrityError as error:  # it looks at deferred foreign keys, where it is a COMMIT
        error.add_note(AT_COMMIT)
        note_broken_keys(connection, error)
        raise
