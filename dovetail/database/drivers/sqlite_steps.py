"""Run several statements on SQLite as one: all of them have an effect, or none has.

Within a transaction, SQLite keeps the pages that a statement changes, to take the statement back if it fails. More than
64 KB of them go to a temporary file (https://www.sqlite.org/compile.html#stmtjrnl_spill), and making one takes longer
than a small statement. So they are kept in memory here, unless very many rows are changed. Where few pages are changed,
as by the change of a title, that would take longer, and is left out.
"""

import sqlite3
from collections.abc import Sequence
from contextlib import suppress
from typing import TypeAlias, overload

from dovetail.database.drivers.lost_connections import AT_COMMIT
from dovetail.database.drivers.sqlite_broken_keys import note_broken_keys

Steps: TypeAlias = Sequence[tuple[str, tuple[object, ...]]]
Rows: TypeAlias = list[tuple[object, ...]]
# Rows that the steps before the last one may change; the history has a line for each deleted row.
MOST_IN_MEMORY = 1_000
SMALL = 4_000  # characters of the values of a statement, whose pages with those of a full-text index fit into 64 KB


def run_steps(connection: sqlite3.Connection, steps: Steps) -> Rows:
    """Run statements in order and return the rows of the last. Raise sqlite3.Error; then none has had any effect.

    Neither has one if the last is an UPDATE or DELETE that returns no rows. If no transaction is open, they form one.
    """
    if connection.in_transaction or _changes_little(steps) or not _may_change_temp_store(connection):
        return _run(connection, steps)
    connection.execute("PRAGMA temp_store=memory")
    try:
        rows = _run(connection, steps, most=MOST_IN_MEMORY)
    finally:
        with suppress(sqlite3.Error):  # what was done stays done
            connection.execute("PRAGMA temp_store=default")
    return _run(connection, steps) if rows is None else rows


@overload
def _run(connection: sqlite3.Connection, steps: Steps) -> Rows: ...
@overload
def _run(connection: sqlite3.Connection, steps: Steps, *, most: int) -> Rows | None: ...
def _run(connection: sqlite3.Connection, steps: Steps, *, most: int | None = None) -> Rows | None:
    """Run the steps; return None, without any effect, if those before the last one change more than `most` rows."""
    connection.execute("SAVEPOINT dovetail_steps")
    try:
        before = connection.total_changes
        for sql, arguments in steps[:-1]:
            connection.execute(sql, arguments)
        if most is not None and connection.total_changes - before > most:
            _take_back(connection)
            return None
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


def _changes_little(steps: Steps) -> bool:
    """Return True for an INSERT or UPDATE of short values; a DELETE may take many rows along."""
    sql, arguments = steps[-1]
    if not sql.startswith(("INSERT", "UPDATE")):
        return False
    return sum(len(one) for one in arguments if isinstance(one, str | bytes)) <= SMALL


def _may_change_temp_store(connection: sqlite3.Connection) -> bool:
    """Return True if the site has not set it, and there are no temporary tables, which a change of it deletes."""
    if connection.execute("PRAGMA temp_store").fetchone() != (0,):
        return False
    return all(name != "temp" for _number, name, _file in connection.execute("PRAGMA database_list"))


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
