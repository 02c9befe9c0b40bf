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


async def last_line(database: Database, condition: ColumnElement[bool] | None) -> int:
    """Return the number of the last line for which a condition holds, or of all; 0 if there is none."""
    statement = select(func.max(RecordedChange.id))
    async with database.unit_of_work(read_only=True) as session:
        return await session.scalar(statement if condition is None else statement.where(condition)) or 0


async def archived_lines(
    database: Database, condition: ColumnElement[bool] | None, last: int
) -> AsyncIterator[Sequence[bytes]]:
    """Yield the lines up to the one with the number `last` as JSON, in batches; no connection is held in between."""
    after = 0
    while True:
        statement = select(RecordedChange).where(RecordedChange.id > after, RecordedChange.id <= last)
        if condition is not None:
            statement = statement.where(condition)
        async with database.unit_of_work(read_only=True) as session:
            rows = (await session.scalars(statement.order_by(RecordedChange.id).limit(BATCH))).all()
        if not rows:
            return
        yield [orjson.dumps({name: getattr(row, name) for name in FIELDS}) for row in rows]
        after = rows[-1].id


async def delete_lines(database: Database, condition: ColumnElement[bool] | None, last: int) -> AsyncIterator[int]:
    """Delete these lines, and yield how many each batch deleted."""
    count = BATCH
    while count == BATCH:
        some = select(RecordedChange.id).where(RecordedChange.id <= last)
        if condition is not None:
            some = some.where(condition)
        async with database.unit_of_work() as session:
            some = some.order_by(RecordedChange.id).limit(BATCH)
            gone = delete(RecordedChange).where(RecordedChange.id.in_(some)).returning(RecordedChange.id)
            count = len((await session.scalars(gone)).all())
        yield count
