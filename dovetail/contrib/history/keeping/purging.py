"""Delete lines of the history, and note up to where, so that readers of the feed learn what they have missed.

Whoever deletes lines locks the one row of `LogStart` first: two who do it at once work in turn, batch by batch.
"""

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.contrib.history.keeping.positions import Place, order_of
from dovetail.contrib.history.log_start import NO_ROW
from dovetail.contrib.history.models import LogStart, RecordedChange
from dovetail.database.models import Base
from dovetail.errors import DovetailError


async def purge_lines(
    session: AsyncSession, _model: type[Base], condition: ColumnElement[bool], /, *, most: int
) -> int:
    """Delete up to `most` lines that meet the condition, and return how many these were."""
    found = select(LogStart.transaction, LogStart.change_id).with_for_update()
    start = (await session.execute(found)).one_or_none()
    if start is None:
        raise DovetailError(NO_ROW)
    some = select(RecordedChange.id).where(condition).limit(most).with_for_update().cte()
    gone = delete(RecordedChange).where(RecordedChange.id.in_(select(some.c.id)))
    answer = await session.execute(gone.returning(RecordedChange.transaction, RecordedChange.id))
    places = [Place(*row) for row in answer.all()]
    if places:
        last = max([Place(*start), *places], key=order_of(session.get_bind().dialect.name))
        noted = {"purges": LogStart.purges + 1, "transaction": last.transaction, "change_id": last.id}
        await session.execute(update(LogStart).values(noted))
    return len(places)
