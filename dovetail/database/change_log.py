"""The interface between code that writes rows and a log of their changes: `contrib/history` implements ChangeLog.

The log itself sees what is written through SQLAlchemy (sessions, connections, the ORM). A compiled statement that goes
to the driver has to ask for the log, and to carry the log's INSERT:

    log = log_of(session, table)
    if log is not None:
        line = log.insert(table, before=table.c, after=row.c, where=[table.c.id == row.c.id])
        statement = statement.add_cte(line.cte("change"))  # on PostgreSQL; SQLite takes a statement of its own
        arguments |= log.values()
"""

from collections.abc import Mapping, Sequence
from typing import Protocol, TypeAlias

from sqlalchemy import CTE, Column, ColumnElement, FromClause, Insert, Table
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from dovetail.state import InfoKey

Snapshot: TypeAlias = Mapping[str, ColumnElement[object]]  # SQL for the values of a row at one time, by column name


class ChangeLog(Protocol):
    """Records each change of a row in the transaction of the change; its statements read the row in the database."""

    undo_days: int  # so long a change can be undone; 0 for never

    def watch(self, engine: AsyncEngine) -> None:
        """Record from now on what is written through SQLAlchemy on the connections of an engine."""

    def columns(self, table: FromClause) -> Sequence[Column[object]]:
        """Return the columns that a snapshot of a row has to have; none if changes of the table are not recorded."""

    def redacted(self, table: FromClause) -> Sequence[Column[object]]:
        """Return the columns of which a change is recorded without the values, so that it cannot be undone."""

    def insert(
        self,
        table: FromClause,
        *,
        before: Snapshot | None,
        after: Snapshot | None,
        where: Sequence[ColumnElement[bool]],
    ) -> Insert:
        """Return an INSERT of one line for each row that `where` chooses. Without `before` the row is new.

        `before` reads the row as it was. `after` of a changed row names the columns that may have changed.
        """

    def insert_all(self, lines: Sequence[Insert]) -> Insert:
        """Return one INSERT that writes the lines of several, in their order."""

    def insert_deleted(
        self, table: FromClause, where: Sequence[ColumnElement[bool]], before: Snapshot | None = None
    ) -> Insert | None:
        """Return an INSERT of lines for the rows that `where` chooses, and for those deleted with them by the database.

        It has to run before the DELETE, or within the same statement. `before` reads the rows that `where` chooses, if
        another part of the statement has locked them. Return None if changes of none of these tables are recorded.
        """

    def values(self) -> Mapping[str, object]:
        """Return the values for the placeholders of all these INSERTs: who makes the change, and from where."""


UNRECORDED = {"is_unrecorded": True}  # execution options of statements that empty all tables, the log included
CHANGE_LOG = InfoKey[ChangeLog]("change_log")  # in a session's info


def log_of(session: AsyncSession, table: FromClause) -> ChangeLog | None:
    """Return the log that records changes of `table`; None if there is none."""
    # Every write calls this. CHANGE_LOG.find would double the cost.
    log: ChangeLog | None = session.info.get(CHANGE_LOG)
    return log if log is not None and log.columns(table) else None


def snapshot_of(table: Table | CTE) -> Snapshot:
    """Return the columns of a table, or of a CTE of its rows, by their keys."""
    return {column.key: column for column in table.columns}


def is_unrecorded(options: Mapping[str, object]) -> bool:
    """Return whether the log leaves out a statement with these execution options."""
    return bool(options.get("is_unrecorded"))
