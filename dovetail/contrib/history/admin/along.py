"""Find what went along with a deletion, and with what a row went itself: the lines of one transaction."""

from collections.abc import Iterator, Mapping, Sequence

from sqlalchemy import func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.contrib.admin.view_base import ViewBase
from dovetail.contrib.history.models import ChangeAction, RecordedChange
from dovetail.contrib.history.recording.log import history_log
from dovetail.contrib.history.recording.recorded import Recorded
from dovetail.contrib.history.transactions import are_of


async def causes_of(
    session: AsyncSession, rows: Sequence[RecordedChange], views: Mapping[str, ViewBase]
) -> Mapping[int, RecordedChange]:
    """Return the deletions with which others went along, by the numbers of these: of what they referred to."""
    recorded = history_log(session).recorded
    above = {row.id: list(_referred_to(recorded, row)) for row in rows}
    places = {place for found in above.values() for place in found if place[0] in views}
    statement = select(RecordedChange).where(
        are_of({row.transaction for row in rows}, session.get_bind().dialect.name),
        RecordedChange.action == ChangeAction.DELETE,
        tuple_(RecordedChange.model, RecordedChange.object_key).in_(sorted(places)),
    )
    found = (await session.scalars(statement)).all() if rows else ()
    gone = {(one.transaction, one.model, one.object_key): one for one in found}
    return {
        row.id: cause
        for row in rows
        for place in reversed(above[row.id])
        if (cause := gone.get((row.transaction, *place))) is not None
    }


async def counts_along(
    session: AsyncSession, rows: Sequence[RecordedChange], views: Mapping[str, ViewBase]
) -> Mapping[int, Mapping[tuple[str, str], int]]:
    """Return how many objects of which models were deleted in the same transactions, of those that are shown."""
    columns = (RecordedChange.transaction, RecordedChange.model)
    counted = select(*columns, func.count()).where(
        are_of({row.transaction for row in rows}, session.get_bind().dialect.name),
        RecordedChange.model.in_(views),
        RecordedChange.action == ChangeAction.DELETE,
    )
    found: dict[int, dict[tuple[str, str], int]] = {}
    if rows:
        for transaction, model, count in await session.execute(counted.group_by(*columns)):
            found.setdefault(transaction, {})[model, str(views[model].name_plural)] = count
    return found


def _referred_to(recorded: Recorded, row: RecordedChange) -> Iterator[tuple[str, str]]:
    """Yield the models and keys of objects with which a row goes, as its foreign keys say."""
    known = recorded.labelled(row.model)
    names = {} if known is None else {column: name for name, column in known.fields.items()}
    for constraint in () if known is None else known.table.foreign_key_constraints:
        target = recorded.find(constraint.referred_table)
        value = row.before.get(names.get(constraint.elements[0].parent, ""))
        is_cascade = (constraint.ondelete or "").upper() == "CASCADE" and len(constraint.elements) == 1
        if is_cascade and target is not None and value is not None:
            yield target.label, str(value)
