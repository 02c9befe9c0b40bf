"""The seam between what writes rows and what keeps a history of them: `contrib/history` puts a ChangeLog there.

Who writes past SQLAlchemy, by a statement that was compiled before, asks whether the rows are written down, and takes
the INSERT of the log along:

    log = log_of(session, table)
    if log is not None:
        line = log.insert(table, before=table.c, after=row.c, where=[table.c.id == row.c.id])
        statement = statement.add_cte(line.cte("change"))  # on PostgreSQL; SQLite takes a statement of its own
        arguments |= log.values()

What goes through SQLAlchemy (sessions, connections, the ORM) is seen to by the log itself.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol, TypeAlias

from sqlalchemy import Column, ColumnElement, FromClause, Insert
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from dovetail.state import InfoKey

Picture: TypeAlias = Mapping[str, ColumnElement[object]]  # a row at one time: SQL for its values, by names of columns


class ChangeLog(Protocol):
    """Writes down each change of a row, in the transaction of the change, from the rows in the database themselves."""

    undo_days: int  # for which a change can be taken back; 0 for never

    def watch(self, engine: AsyncEngine) -> None:
        """Write down from now on what goes through SQLAlchemy on the connections of an engine."""

    def columns(self, table: FromClause) -> Sequence[Column[object]]:
        """Return the columns that a picture of a row has to have; none if changes of the table are not written down."""

    def insert(
        self, table: FromClause, *, before: Picture | None, after: Picture | None, where: Sequence[ColumnElement[bool]]
    ) -> Insert:
        """Return the INSERT of a line for each row that `where` chooses: without `before` it is new, else changed.

        `before` is read from the rows as they were. Of a change, `after` names the columns that may have changed.
        """

    def insert_all(self, lines: Sequence[Insert]) -> Insert:
        """Return one INSERT of the lines of several, in their order."""

    def insert_deleted(
        self, table: FromClause, where: Sequence[ColumnElement[bool]], before: Picture | None = None
    ) -> Insert | None:
        """Return the INSERT of lines for the rows that `where` chooses, and for what the database deletes with them.

        None if changes of none of these tables are written down. `before` is of the rows that `where` chooses, where a
        statement beside this one has locked them.

        It has to run before they are deleted, or beside that in one statement.
        """

    def values(self) -> Mapping[str, object]:
        """Return what fills the placeholders of all these INSERTs: who changes something here and now, from where."""


UNRECORDED = {"is_unrecorded": True}  # execution options of what empties the tables, and the log with them
CHANGE_LOG = InfoKey[ChangeLog]("change_log")  # in a session's info


def log_of(session: AsyncSession, table: FromClause) -> ChangeLog | None:
    """Return the log that writes down changes of `table`; None if nobody does."""
    # Asked for every write, so without CHANGE_LOG.find, which would double the cost.
    log: ChangeLog | None = session.info.get(CHANGE_LOG)
    return log if log is not None and log.columns(table) else None


def is_unrecorded(options: Mapping[str, object]) -> bool:
    """Return whether a statement with these execution options leaves no trace in the log."""
    return bool(options.get("is_unrecorded"))
