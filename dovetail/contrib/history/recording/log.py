"""The log of changes: it listens to SQLAlchemy's statements and builds INSERTs for code that bypasses SQLAlchemy."""

from collections.abc import Sequence
from typing import cast

from sqlalchemy import Column, ColumnElement, FromClause, Insert, Table, event
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from dovetail.contrib.history.recording.lines import Lines
from dovetail.contrib.history.recording.origin import origin_values
from dovetail.contrib.history.recording.recorded import Recorded, check_ignored
from dovetail.contrib.history.recording.sqlite_functions import define_functions
from dovetail.contrib.history.recording.watching import Watcher
from dovetail.contrib.history.settings import HistorySettings
from dovetail.database.change_log import CHANGE_LOG, Snapshot
from dovetail.plugin import Context


class HistoryLog:
    """Writes a line for each changed row: the implementation of the kernel's ChangeLog."""

    values = staticmethod(origin_values)  # the parameters for the origin of a change, taken from the current context

    def __init__(self, recorded: Recorded, undo_days: int = 30) -> None:
        self.recorded = recorded
        self.undo_days = undo_days
        self._lines = Lines(recorded)

    def watch(self, engine: AsyncEngine) -> None:
        """Record from now on all changes that SQLAlchemy makes on the connections of an engine."""
        if engine.dialect.name == "sqlite":
            define_functions(engine.sync_engine)
        watcher = Watcher(self._lines)
        event.listen(engine.sync_engine, "before_execute", watcher.before, retval=True)
        event.listen(engine.sync_engine, "after_execute", watcher.after)

    def columns(self, table: FromClause) -> Sequence[Column[object]]:
        """Return the columns whose values a line needs; none if the table is not recorded."""
        found = self.recorded.find(table)
        return () if found is None else found.columns

    def redacted(self, table: FromClause) -> Sequence[Column[object]]:
        """Return the secret columns, of which lines have no values."""
        found = self.recorded.find(table)
        return () if found is None else [found.fields[name] for name in sorted(found.secrets)]

    def insert(
        self,
        table: FromClause,
        *,
        before: Snapshot | None,
        after: Snapshot | None,
        where: Sequence[ColumnElement[bool]],
    ) -> Insert:
        """Return the INSERT of one line for each row that `where` selects; see the kernel's ChangeLog."""
        return self._lines.insert(self.recorded.tables[cast("Table", table).key], before, after, where)

    def insert_all(self, lines: Sequence[Insert]) -> Insert:
        """Return one INSERT that combines those of `lines`."""
        return self._lines.insert_all(lines)

    def insert_deleted(
        self, table: FromClause, where: Sequence[ColumnElement[bool]], before: Snapshot | None = None
    ) -> Insert | None:
        """Return the INSERT of lines for the rows that `where` selects, and for the rows that cascades change."""
        return self._lines.insert_deleted(cast("Table", table), where, before)


def history_log(session: AsyncSession) -> HistoryLog:
    """Return the log of a session's site. This plugin has to be enabled; no other log can be."""
    log = CHANGE_LOG.find(session.info)
    assert isinstance(log, HistoryLog)  # noqa: S101 - `check` refuses a second one
    return log


def make_log(context: Context) -> HistoryLog:
    """Return the log of a site."""
    settings = context.plugin_settings["history"]
    assert isinstance(settings, HistorySettings)  # noqa: S101 - the plugin's own
    check_ignored(context, settings.ignore)
    return HistoryLog(Recorded(context, settings.ignore), settings.undo_days)
