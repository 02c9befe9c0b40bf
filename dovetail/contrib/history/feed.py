"""Read the log as a feed in the order of commits: a reader that stores its position misses nothing.

    page = await read_history(session, after=position, limit=500)
    for change in page.changes:
        ...
    position = page.position

The id alone is not enough on PostgreSQL: a transaction that begins early and commits late leaves lines with low ids,
which appear after higher ids have been read. So the feed is ordered by transaction first, and ends before the oldest
transaction that is still running (https://www.postgresql.org/docs/current/functions-info.html, section "Transaction ID
and Snapshot Information Functions"). A line is returned only when no earlier line can still appear, so a transaction
that runs for an hour holds up the feed for an hour. On SQLite only one transaction writes at a time, and the id is
enough.

A position is valid in one log, which its first part names. After `pg_restore` into another database, `manage.py history
--renumber` puts the lines in the order of the new one, and readers have to start again.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    Select,
    Text,
    cast,
    false,
    func,
    literal,
    select,
    true,
    tuple_,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from dovetail.contrib.history.keeping.positions import MAXIMUM_POSITION as MAXIMUM_POSITION
from dovetail.contrib.history.keeping.positions import Place, Position, order_of, read_position, write_position
from dovetail.contrib.history.log_start import LOWEST, NO_ROW
from dovetail.contrib.history.models import ChangeAction as ChangeAction
from dovetail.contrib.history.models import ChangeSource as ChangeSource
from dovetail.contrib.history.models import LogStart
from dovetail.contrib.history.models import RecordedChange as RecordedChange
from dovetail.contrib.history.recording.json_rows import current_transaction
from dovetail.errors import DovetailError, GoneError

MAX_LIMIT = 10_000
START = ""  # the position before the earliest change that is kept


class PositionOutOfRangeError(GoneError):
    """The changes after this position are not kept any more, or it is a position of another log.

    A reader that may go on without the changes that it has missed starts again at `START`.
    """


@dataclass(frozen=True)
class FeedPage:
    """Changes in the order of commits. `position` is the position after the last of them, at most 80 characters."""

    changes: Sequence[RecordedChange]
    position: str


async def read_history(session: AsyncSession, *, after: str = START, limit: int = 100) -> FeedPage:
    """Return at most `limit` changes after a position, earliest first; none if there are no committed ones yet.

    Of their numbers a Decimal is what no float is equal to, with all its digits; all others are as JSON has them. The
    session's own changes are not among them.

    A standby that has not reached the position yet returns no changes, and the position as it is.

    Raise PositionOutOfRangeError if changes after the position were purged, or if the position is not of this log. From
    `START` the feed begins at the earliest change that is kept. Raise InvalidInputError for a text that is no position,
    and ValueError for a limit that is not within 1 and 10,000.
    """
    if not 1 <= limit <= MAX_LIMIT:
        raise ValueError(f"limit has to be between 1 and {MAX_LIMIT:,}, found {limit}")
    position = read_position(after) if after else None
    place = Place(LOWEST, 0) if position is None else position.place
    is_postgresql = session.get_bind().dialect.name == "postgresql"
    # One statement, so that nothing is purged between reading the lines and reading up to where they were purged.
    rows = (await session.execute(_select(place, limit, is_postgresql=is_postgresql))).all()
    if not rows:
        raise DovetailError(NO_ROW)
    log, purges, transaction, change_id, end, is_standby, _ = rows[0]
    start = Position(log, purges, Place(transaction, change_id))
    if position is not None and is_standby and _is_ahead(position, start, end):
        return FeedPage([], after)
    if position is not None:
        _check_range(position, start, end, is_postgresql=is_postgresql)
    changes = [row[-1] for row in rows if row[-1] is not None]
    last = Place(changes[-1].transaction, changes[-1].id) if changes else place
    return FeedPage(changes, write_position(Position(log, purges, last)))


def _is_ahead(position: Position, start: Position, end: int) -> bool:
    """Return True for a position of the same log that a standby has not reached yet: the primary gave it."""
    return position.log == start.log and (position.place.transaction >= end or position.purges > start.purges)


def _check_range(position: Position, start: Position, end: int, *, is_postgresql: bool) -> None:
    """Raise PositionOutOfRangeError for a position of another log, or in front of changes that were purged since."""
    number = position.place.transaction if is_postgresql else position.place.id
    if position.log != start.log or number >= end:
        raise PositionOutOfRangeError(
            "This position is not of this history, which was emptied, renumbered or restored since. Read it from the "
            "start again, without a position."
        )
    order = order_of("postgresql" if is_postgresql else "sqlite")
    if position.purges != start.purges and order(position.place) < order(start.place):
        raise PositionOutOfRangeError(
            "Changes after this position were purged before they were read. To go on without them, read from the start "
            "again, without a position: from the earliest change that is kept."
        )


def _select(place: Place, limit: int, *, is_postgresql: bool) -> Select[str, int, int, int, int, bool, RecordedChange]:
    """Return the SELECT of where the log begins and ends, and of the lines after a place and before that end."""
    end = _oldest_running() if is_postgresql else current_transaction()
    lines = select(RecordedChange).where(RecordedChange.transaction < end)
    if is_postgresql:
        behind = tuple_(literal(place.transaction, BigInteger), literal(place.id, BigInteger))
        lines = lines.where(tuple_(RecordedChange.transaction, RecordedChange.id) > behind)
        lines = lines.order_by(RecordedChange.transaction, RecordedChange.id)
    else:
        lines = lines.where(RecordedChange.id > place.id).order_by(RecordedChange.id)
    line = aliased(RecordedChange, lines.limit(limit).subquery())
    order = (line.transaction, line.id) if is_postgresql else (line.id,)
    start = (LogStart.log, LogStart.purges, LogStart.transaction, LogStart.change_id)
    is_standby = func.pg_is_in_recovery(type_=Boolean) if is_postgresql else false()
    return select(*start, end, is_standby, line).outerjoin(line, true()).order_by(*order)


def _oldest_running() -> ColumnElement[int]:
    return cast(cast(func.pg_snapshot_xmin(func.pg_current_snapshot()), Text), BigInteger)
