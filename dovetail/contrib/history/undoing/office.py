"""Undo changes in the back office: which can be undone yet, with how many others, and for whom."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request

from dovetail.contrib.admin.request_context import request_context
from dovetail.contrib.history.models import RecordedChange
from dovetail.contrib.history.recording.log import HistoryLog
from dovetail.contrib.history.undoing.rights import OfficeJudge
from dovetail.contrib.history.undoing.undo import undo
from dovetail.database.change_log import CHANGE_LOG
from dovetail.errors import ConflictError

DIGITS = 18  # of a number that fits into 64 bits


def is_number(text: str) -> bool:
    """Return whether a text of a request is the number of a line."""
    return text.isascii() and text.isdecimal() and len(text) <= DIGITS


async def count_beside(session: AsyncSession, changes: Sequence[RecordedChange]) -> Mapping[int, int]:
    """Return how many lines there are beside each change that can be undone yet in its transaction, by its number."""
    since = earliest(session)
    possible = {one.transaction for one in changes if one.transaction and one.created_at >= since}
    if not possible:
        return {}
    number = RecordedChange.transaction
    counted = select(number, func.count()).where(number.in_(possible)).group_by(number)
    counts = {row[0]: row[1] - 1 for row in await session.execute(counted)}
    return {one.id: counts[one.transaction] for one in changes if one.transaction in counts}


async def undo_for(request: Request, change: RecordedChange) -> int:
    """Undo a change for the user of a request, and return how many lines that were. Raises as `undo` does."""
    session = request_context().session
    log = CHANGE_LOG.find(session.info)
    assert isinstance(log, HistoryLog)  # noqa: S101 - this plugin's own
    if change.created_at < earliest(session):
        raise ConflictError(f"This cannot be undone: it is older than {log.undo_days} days.")
    return await undo(session, log.recorded, change, OfficeJudge(request))


def earliest(session: AsyncSession) -> datetime:
    """Return since when changes can be undone."""
    log = CHANGE_LOG.find(session.info)
    days = log.undo_days if isinstance(log, HistoryLog) else 0
    return datetime.now(UTC) - timedelta(days=days)
