"""Read the log as a feed in the order of commits: a reader that stores its position misses nothing.

    changes = await read_history(session, after=position, limit=500)
    if changes:
        position = position_of(changes[-1])

The id alone is not enough on PostgreSQL: a transaction that begins early and commits late leaves lines with low ids,
which appear after higher ids have been read. So the feed is ordered by transaction first, and ends before the oldest
transaction that is still running (https://www.postgresql.org/docs/current/functions-info.html, section "Transaction ID
and Snapshot Information Functions"). A line is returned only when no earlier line can still appear, so a transaction
that runs for an hour holds up the feed for an hour. On SQLite only one transaction writes at a time, and the id is
enough.

A position is valid in one database. After `pg_restore` into another one, or `loaddata`, `manage.py history --renumber`
puts the lines in the order of the new database, and readers have to start again.
"""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import BigInteger, Select, Text, cast, func, literal, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.contrib.history.models import RecordedChange

MAX_LIMIT = 10_000


class Position(NamedTuple):
    """The position of a change in the log."""

    transaction: int
    id: int


START = Position(-(2**63), 0)


def position_of(change: RecordedChange) -> Position:
    """Return the position of a change, from which the next call reads on."""
    return Position(change.transaction, change.id)


async def read_history(session: AsyncSession, *, after: Position = START, limit: int = 100) -> Sequence[RecordedChange]:
    """Return at most `limit` changes after a position, earliest first; none if there are no committed ones yet.

    Of their numbers a Decimal is what no float is equal to, with all its digits; all others are as JSON has them.
    Raises ValueError for a limit that is not within 1 and 10,000. The session's own changes are not among them.
    """
    if not 1 <= limit <= MAX_LIMIT:
        raise ValueError(f"limit has to be between 1 and {MAX_LIMIT:,}, found {limit}")
    is_postgresql = session.get_bind().dialect.name == "postgresql"
    statement = _behind(after) if is_postgresql else select(RecordedChange).where(RecordedChange.id > after.id)
    order = (RecordedChange.transaction, RecordedChange.id) if is_postgresql else (RecordedChange.id,)
    return (await session.scalars(statement.order_by(*order).limit(limit))).all()


def _behind(after: Position) -> Select[RecordedChange]:
    """Return PostgreSQL's SELECT of the lines after a position and before the oldest running transaction."""
    place = tuple_(RecordedChange.transaction, RecordedChange.id)
    behind = tuple_(literal(after.transaction, BigInteger), literal(after.id, BigInteger))
    oldest = cast(cast(func.pg_snapshot_xmin(func.pg_current_snapshot()), Text), BigInteger)
    return select(RecordedChange).where(place > behind, RecordedChange.transaction < oldest)
