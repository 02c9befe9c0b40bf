"""Find which deletions belong together: what a deletion cascaded to, and which deletion a row was removed by.

All of them were made in one transaction, so the lines of one transaction of the history are compared.
"""

from collections.abc import Iterator, Mapping, Sequence

from sqlalchemy import func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.contrib.admin.view_base import ViewBase
from dovetail.contrib.history.models import ChangeAction, RecordedChange
from dovetail.contrib.history.recording.log import history_log
from dovetail.contrib.history.recording.recorded import Recorded
from dovetail.contrib.history.recording.transactions import in_transactions


async def cascade_causes(
    session: AsyncSession, rows: Sequence[RecordedChange], views: Mapping[str, ViewBase]
) -> Mapping[int, RecordedChange]:
    """Return, by the id of a deletion, the deletion it cascaded from; deletions without a cause are left out."""
    recorded = history_log(session).recorded
    above = {row.id: list(_referred_to(recorded, row)) for row in rows}
    places = {place for found in above.values() for place in found if place[0] in views}
    statement = select(RecordedChange).where(
        in_transactions({row.transaction for row in rows}, session.get_bind().dialect.name),
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


async def cascade_counts(
    session: AsyncSession, rows: Sequence[RecordedChange], views: Mapping[str, ViewBase]
) -> Mapping[int, Mapping[tuple[str, str], int]]:
    """Return, by transaction, how many objects of each model in `views` were deleted: {(label, plural name): count}."""
    columns = (RecordedChange.transaction, RecordedChange.model)
    counted = select(*columns, func.count()).where(
        in_transactions({row.transaction for row in rows}, session.get_bind().dialect.name),
        RecordedChange.model.in_(views),
        RecordedChange.action == ChangeAction.DELETE,
    )
    found: dict[int, dict[tuple[str, str], int]] = {}
    if rows:
        for transaction, model, count in await session.execute(counted.group_by(*columns)):
            found.setdefault(transaction, {})[model, str(views[model].name_plural)] = count
    return found


def _referred_to(recorded: Recorded, row: RecordedChange) -> Iterator[tuple[str, str]]:
    """Yield (label, key) of each object that the row referred to by a foreign key with ON DELETE CASCADE."""
    known = recorded.labelled(row.model)
    names = {} if known is None else {column: name for name, column in known.fields.items()}
    for constraint in () if known is None else known.table.foreign_key_constraints:
        target = recorded.find(constraint.referred_table)
        value = row.before.get(names.get(constraint.elements[0].parent, ""))
        is_cascade = (constraint.ondelete or "").upper() == "CASCADE" and len(constraint.elements) == 1
        if is_cascade and target is not None and value is not None:
            yield target.label, str(value)
