"""Look whether the row of a file is found quickly, and whether files are kept as long as they may be needed."""

from collections.abc import Iterator

from sqlalchemy import Table

from dovetail.contrib.media.opening import settings_of
from dovetail.files.media import FileColumn, find_columns
from dovetail.plugin import CheckMessage, Context, warning


def check_columns(context: Context) -> Iterator[CheckMessage]:
    """Warn of columns of files without an index, and of files that go before their deletion can be undone."""
    for one in find_columns(model for plugin in context.plugins for model in plugin.models):
        if not _is_indexed(one):
            called = f"{one.model.__name__}.{one.name}"
            told = f"{called} holds files and has no index, so that serving one reads all rows."
            yield warning("media.W001", told, "write mapped_column(..., index=True)")
    undo_days = getattr(context.plugin_settings.get("history"), "undo_days", 0)
    kept = settings_of(context).keep_days
    if kept < undo_days:
        told = f"Changes can be undone for {undo_days} days, but files are kept for {kept} once no row refers to them."
        yield warning("media.W002", told, "raise MEDIA_KEEP_DAYS, or lower HISTORY_UNDO_DAYS")


def _is_indexed(one: FileColumn) -> bool:
    table = one.source.table
    if not isinstance(table, Table):
        return False
    first = {next(iter(index.columns), None) for index in table.indexes}
    return bool(one.source.unique) or any(found is one.source for found in first)
