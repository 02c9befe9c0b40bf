"""The rules of "add" and "change" for written rows, which may not be what allows them: neither themselves nor others.

A rule is asked after the write, so a subquery on the model's own table ("managers may change memberships") would read
the rows as they are now, too. `hiding.py` has it read them as they were.
"""

from collections.abc import Hashable, Sequence

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.resources.declaration.declared import ADD, DELETE, VIEW
from dovetail.resources.query.keys import key_from, key_names
from dovetail.resources.read.reader import Batch
from dovetail.resources.spec import Spec
from dovetail.resources.visibility import Visibility
from dovetail.resources.write.own_tables.earlier import check_number, earlier_of, one_of
from dovetail.resources.write.own_tables.hiding import Unseeing
from dovetail.resources.write.own_tables.reading import check_reads_own_tables, reads_own_tables


async def check_written(  # noqa: PLR0917 - who did what to which rows, and what they are now
    spec: Spec,
    session: AsyncSession,
    viewer: object,
    action: str,
    visibility: Visibility,
    batch: Batch,
    keys: Sequence[Hashable],
) -> None:
    """Raise the refusal of `action` if the policy does not allow one of the rows just written.

    `batch` holds them as they are now, with `visibility.check` for this action. Those that were there were locked for
    the action before.
    """
    rule = visibility.check
    is_refused = bool(batch.refused())
    if rule is not None and not is_refused and action not in {VIEW, DELETE}:
        asks = check_reads_own_tables(visibility, spec.model, session.get_bind().dialect)
        is_refused = asks and bool(await _refused(session, spec.model, action, rule, keys))
    if is_refused:
        raise spec.refusal(viewer, action)


async def refused_rows(
    session: AsyncSession,
    model: type[object],
    action: str,
    rule: ColumnElement[bool],
    keys: Sequence[Hashable],
) -> list[Hashable]:
    """Return the keys of those written rows that do not fulfil a rule whose subqueries see the rows as they were.

    The rows are written already, and fulfil the rule as it is asked of the table as it is now. Those that were there
    before have been kept by `keep_rows`: a row that was not is not seen at all. Without subqueries on the model's own
    tables the answer is the same, and no statement is executed.
    """
    if not reads_own_tables(rule, model, session.get_bind().dialect):
        return []
    return await _refused(session, model, action, rule, keys)


async def _refused(
    session: AsyncSession, model: type[object], action: str, rule: ColumnElement[bool], keys: Sequence[Hashable]
) -> list[Hashable]:
    if not keys:
        return []
    dialect = session.get_bind().dialect
    await session.connection()  # so that there is a transaction
    columns = [getattr(model, name) for name in key_names(model)]
    earlier = earlier_of(session, model)
    if action == ADD:
        earlier.new |= dict.fromkeys(keys)
    hidden = earlier.hidden(keys)
    check_number(model, hidden)
    unseeing = Unseeing(rule, model, hidden, earlier, dialect)
    asked = select(*columns).where(one_of(columns, keys, dialect), unseeing)
    allowed = {key_from(row) for row in await session.execute(asked)}
    return [key for key in keys if key not in allowed]
