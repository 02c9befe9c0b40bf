"""The log of changes: what writes rows past SQLAlchemy asks it, and it watches the rest."""

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
from dovetail.database.change_log import CHANGE_LOG, Picture
from dovetail.plugin import Context


class HistoryLog:
    """Writes a line for each row that is changed: the kernel's ChangeLog."""

    values = staticmethod(origin_values)  # what fills the placeholders: who changes something here and now, from where

    def __init__(self, recorded: Recorded, undo_days: int = 30) -> None:
        self.recorded = recorded
        self.undo_days = undo_days
        self._lines = Lines(recorded)

    def watch(self, engine: AsyncEngine) -> None:
        """Write down from now on what goes through SQLAlchemy on the connections of an engine."""
        if engine.dialect.name == "sqlite":
            define_functions(engine.sync_engine)
        watcher = Watcher(self._lines)
        event.listen(engine.sync_engine, "before_execute", watcher.before, retval=True)
        event.listen(engine.sync_engine, "after_execute", watcher.after)

    def columns(self, table: FromClause) -> Sequence[Column[object]]:
        """Return the columns that a picture of a row has to have; none if changes of the table are not written down."""
        found = self.recorded.find(table)
        return () if found is None else found.columns

    def insert(
        self, table: FromClause, *, before: Picture | None, after: Picture | None, where: Sequence[ColumnElement[bool]]
    ) -> Insert:
        """Return the INSERT of a line for each row that `where` chooses; see the kernel's ChangeLog."""
        return self._lines.insert(self.recorded.tables[cast("Table", table).key], before, after, where)

    def insert_all(self, lines: Sequence[Insert]) -> Insert:
        """Return one INSERT of the lines of several."""
        return self._lines.insert_all(lines)

    def insert_deleted(
        self, table: FromClause, where: Sequence[ColumnElement[bool]], before: Picture | None = None
    ) -> Insert | None:
        """Return the INSERT of lines for the rows that `where` chooses, and for what the database deletes with them."""
        return self._lines.insert_deleted(cast("Table", table), where, before)


def history_log(session: AsyncSession) -> HistoryLog:
    """Return the log of a session's site, where this plugin is enabled: no other may keep one beside it."""
    log = CHANGE_LOG.find(session.info)
    assert isinstance(log, HistoryLog)  # noqa: S101 - `check` refuses a second one
    return log


def make_log(context: Context) -> HistoryLog:
    """Return the log of a site."""
    settings = context.plugin_settings["history"]
    assert isinstance(settings, HistorySettings)  # noqa: S101 - the plugin's own
    check_ignored(context, settings.ignore)
    return HistoryLog(Recorded(context, settings.ignore), settings.undo_days)
