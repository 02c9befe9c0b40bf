"""Read the log as a feed, in the order of commits: whoever remembers a position misses nothing.

    changes = await read_history(session, after=position, limit=500)
    if changes:
        position = position_of(changes[-1])

A number alone does not do: a transaction that began early and commits late leaves lines with low numbers behind, which
appear when others have been read already. So the feed ends in front of the oldest transaction that is still at work,
and orders by the transactions first (PostgreSQL: https://www.postgresql.org/docs/current/functions-info.html, section
"Transaction ID and Snapshot Information Functions"). A line comes once nothing can come before it any more; a
transaction that takes an hour holds the feed up for an hour. On SQLite transactions write one after the other, and the
number alone does.

Positions are of one database: after `pg_restore` into another, or `loaddata`, `manage.py history --renumber` brings the
lines into the new one's order, and a reader begins anew.
"""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import BigInteger, Select, Text, cast, func, literal, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.contrib.history.models import RecordedChange
from dovetail.contrib.history.recording.exact_numbers import exact_lines

MOST = 10_000


class Position(NamedTuple):
    """The place of a change in the log."""

    transaction: int
    id: int


START = Position(-(2**63), 0)


def position_of(change: RecordedChange) -> Position:
    """Return the place of a change, from which to read on."""
    return Position(change.transaction, change.id)


async def read_history(session: AsyncSession, *, after: Position = START, limit: int = 100) -> Sequence[RecordedChange]:
    """Return the changes behind a position, the earliest first; none if there are no more that are certain.

    Of their numbers a Decimal is what no float is equal to, with all its digits; all others are as JSON has them.
    Raises ValueError for a limit that is not within 1 and 10,000. The session's own changes are not among them.
    """
    if not 1 <= limit <= MOST:
        raise ValueError(f"a limit is within 1 and {MOST:,}, found {limit}")
    is_postgresql = session.get_bind().dialect.name == "postgresql"
    statement = _behind(after) if is_postgresql else select(RecordedChange).where(RecordedChange.id > after.id)
    order = (RecordedChange.transaction, RecordedChange.id) if is_postgresql else (RecordedChange.id,)
    return await exact_lines(session, statement.order_by(*order).limit(limit))


def _behind(after: Position) -> Select[RecordedChange]:
    """Return the SELECT of the lines of PostgreSQL's behind a position, in front of transactions that are at work."""
    place = tuple_(RecordedChange.transaction, RecordedChange.id)
    behind = tuple_(literal(after.transaction, BigInteger), literal(after.id, BigInteger))
    oldest = cast(cast(func.pg_snapshot_xmin(func.pg_current_snapshot()), Text), BigInteger)
    return select(RecordedChange).where(place > behind, RecordedChange.transaction < oldest)
