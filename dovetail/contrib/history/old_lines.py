"""Lines that are older than HISTORY_DAYS: `purge-expired` removes them, and an archive keeps them as JSON lines."""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta

import orjson
from sqlalchemy import ColumnElement, delete, func, select

from dovetail.contrib.history.models import RecordedChange
from dovetail.contrib.history.settings import HistorySettings
from dovetail.database.unit_of_work import Database
from dovetail.plugin import Context

BATCH = 1000  # lines of one transaction
FIELDS = tuple(column.key for column in RecordedChange.__table__.columns)


def is_old(context: Context) -> ColumnElement[bool]:
    """Return the condition on lines that are older than HISTORY_DAYS."""
    settings = context.plugin_settings["history"]
    assert isinstance(settings, HistorySettings)  # noqa: S101 - the plugin's own
    return RecordedChange.created_at < datetime.now(UTC) - timedelta(days=settings.days)


EXPIRED = ("change", RecordedChange, is_old)  # for `manage.py purge-expired`


async def archived_lines(
    database: Database, condition: ColumnElement[bool] | None
) -> AsyncIterator[Sequence[tuple[int, bytes]]]:
    """Yield the lines as their numbers and JSON, in batches; no connection is held in between."""
    after, last = 0, await _last_line(database)
    while True:
        statement = select(RecordedChange).where(RecordedChange.id > after, RecordedChange.id <= last)
        if condition is not None:
            statement = statement.where(condition)
        async with database.unit_of_work(read_only=True) as session:
            rows = (await session.scalars(statement.order_by(RecordedChange.id).limit(BATCH))).all()
        if not rows:
            return
        yield [(row.id, orjson.dumps({name: getattr(row, name) for name in FIELDS})) for row in rows]
        after = rows[-1].id


async def delete_lines(database: Database, numbers: Sequence[int]) -> int:
    """Delete the lines with these numbers, and return how many there were; those beside them may not be written yet."""
    total = 0
    for start in range(0, len(numbers), BATCH):
        gone = delete(RecordedChange).where(RecordedChange.id.in_(numbers[start : start + BATCH]))
        async with database.unit_of_work() as session:
            total += len((await session.scalars(gone.returning(RecordedChange.id))).all())
    return total


async def _last_line(database: Database) -> int:
    async with database.unit_of_work(read_only=True) as session:
        return await session.scalar(select(func.max(RecordedChange.id))) or 0
