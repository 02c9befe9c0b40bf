"""Changes older than HISTORY_DAYS: `purge-expired` deletes them, and an archive keeps them as JSON lines.

They are found without an index on `created_at`, by a binary search over the ids: later lines have higher ids, apart
from the small disorder that concurrent transactions cause.
"""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta

import orjson
from sqlalchemy import ColumnElement, ScalarSelect, Text, and_, case, cast, func, literal, select

from dovetail.contrib.history.keeping.purging import purge_lines
from dovetail.contrib.history.models import SNAPSHOTS, RecordedChange
from dovetail.contrib.history.settings import HistorySettings
from dovetail.database.bulk import sharing_writes
from dovetail.database.unit_of_work import Database
from dovetail.plugin import Context

BATCH = 1000  # lines per transaction
# By how much a line may have an earlier time than the lines before it: PostgreSQL stamps a line with the start of its
# transaction, which may be long, and a clock may have been corrected.
DISORDER = timedelta(days=1)
FIELDS = tuple(column.key for column in RecordedChange.__table__.columns)
# Snapshots are archived as they are stored: parsed, long numbers would lose digits.
COLUMNS = tuple(cast(one, Text).label(one.key) if one.key in SNAPSHOTS else one for one in RecordedChange.__table__.c)


def is_old(context: Context) -> ColumnElement[bool]:
    """Return the condition on lines that are older than HISTORY_DAYS."""
    settings = context.plugin_settings["history"]
    assert isinstance(settings, HistorySettings)  # noqa: S101 - the plugin's own
    return are_older(datetime.now(UTC) - timedelta(days=settings.days))


EXPIRED = ("change", RecordedChange, is_old, purge_lines)  # for `manage.py purge-expired`


def are_older(moment: datetime) -> ColumnElement[bool]:
    """Return the condition on lines that were written before `moment`."""
    return and_(RecordedChange.id < _first_since(moment + DISORDER), RecordedChange.created_at < moment)


async def archived_lines(
    database: Database, condition: ColumnElement[bool] | None
) -> AsyncIterator[Sequence[tuple[int, bytes]]]:
    """Yield the lines in batches as (id, JSON). No connection is held between batches."""
    after, last = 0, await _last_line(database)
    while True:
        statement = select(*COLUMNS).where(RecordedChange.id > after, RecordedChange.id <= last)
        if condition is not None:
            statement = statement.where(condition)
        async with database.unit_of_work(read_only=True) as session:
            rows = (await session.execute(statement.order_by(RecordedChange.id).limit(BATCH))).all()
        if not rows:
            return
        yield [(row.id, orjson.dumps(dict(zip(FIELDS, map(_as_it_is, FIELDS, row), strict=True)))) for row in rows]
        after = rows[-1].id


async def delete_lines(database: Database, numbers: Sequence[int]) -> int:
    """Delete exactly the lines with these ids, and return how many existed."""
    total = 0
    for start in range(0, len(numbers), BATCH):
        chosen = RecordedChange.id.in_(numbers[start : start + BATCH])
        async with sharing_writes(database), database.unit_of_work() as session:
            total += await purge_lines(session, RecordedChange, chosen, most=BATCH)
    return total


def _as_it_is(name: str, value: object) -> object:
    return orjson.Fragment(str(value)) if name in SNAPSHOTS else value


async def _last_line(database: Database) -> int:
    async with database.unit_of_work(read_only=True) as session:
        return await session.scalar(select(func.max(RecordedChange.id))) or 0


def _first_since(moment: datetime) -> ScalarSelect[int]:
    """Return the lowest id from which on lines are not older than `moment`, by a binary search in a recursive CTE."""
    line = RecordedChange.__table__
    lowest = select(func.coalesce(func.min(line.c.id), 0)).scalar_subquery()
    beyond = select(func.coalesce(func.max(line.c.id), 0) + 1).scalar_subquery()
    left = select(lowest.label("low"), beyond.label("high")).cte("left_numbers", recursive=True)
    middle = (left.c.low + left.c.high) // literal(2)
    found = select(line.c.created_at).where(line.c.id >= middle).order_by(line.c.id).limit(1)
    is_older = found.correlate(left).scalar_subquery() < moment
    low = case((is_older, middle + literal(1)), else_=left.c.low)
    high = case((is_older, left.c.high), else_=middle)
    left = left.union_all(select(low, high).where(left.c.low < left.c.high))
    return select(func.min(left.c.high)).scalar_subquery()
