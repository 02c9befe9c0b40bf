"""Undo all changes of one transaction, in one transaction: either all of them or none."""

from asyncio import sleep
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

from sqlalchemy import Row as RowOf
from sqlalchemy import Text, cast, select
from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.contrib.history.models import ChangeAction, RecordedChange
from dovetail.contrib.history.recording.log import HistoryLog
from dovetail.contrib.history.recording.origin import UNDOES
from dovetail.contrib.history.recording.recorded import Recorded
from dovetail.contrib.history.recording.transactions import in_transactions
from dovetail.contrib.history.undoing.execution import run_step
from dovetail.contrib.history.undoing.later_lines import check_same_objects, find_undo, undone_in_words
from dovetail.contrib.history.undoing.rights import Authorizer
from dovetail.contrib.history.undoing.sources import LOADS
from dovetail.contrib.history.undoing.steps import Line, Steps
from dovetail.errors import ConflictError, PermissionDeniedError
from dovetail.state import note_of_request
from dovetail.translation import formats
from dovetail.translation.texts import gettext, ngettext

MAX_LINES = 20_000  # lines of a transaction that can be undone
AT_ONCE = 200  # lines processed before yielding to other tasks
LineRow: TypeAlias = RowOf[int, ChangeAction, str, str, str, str]


async def undo(session: AsyncSession, log: HistoryLog, change: RecordedChange, authorizer: Authorizer) -> int:
    """Undo all changes made in the transaction of `change`, and return how many there were.

    Raise ConflictError if the change is older than HISTORY_UNDO_DAYS, or if something was changed since or was not
    recorded. Raise PermissionDeniedError if the `authorizer` does not allow it. Nothing is written then. The undo
    itself is recorded as a change whose origin names the change that it undoes.
    """
    if change.created_at < earliest(log):
        said = ngettext(
            "This cannot be undone: it is older than %(count)s day.",
            "This cannot be undone: it is older than %(count)s days.",
            log.undo_days,
        )
        raise ConflictError(said % {"count": log.undo_days})
    authorizer.names.knows(change.model, change.object_key)
    try:
        async with session.begin_nested():
            return await _undo(session, log.recorded, change, authorizer)
    except ConflictError as error:
        undone = await find_undo(session, log.recorded, change)
        names = authorizer.names
        told = await names.filled(session, error.detail) if undone is None else undone_in_words(undone)
        raise ConflictError(told) from error
    except PermissionDeniedError as error:
        raise PermissionDeniedError(await authorizer.names.filled(session, error.detail)) from error
    finally:
        note_of_request(UNDOES, None)


def earliest(log: HistoryLog) -> datetime:
    """Return the time since which changes can be undone."""
    return datetime.now(UTC) - timedelta(days=log.undo_days)


async def _undo(session: AsyncSession, recorded: Recorded, change: RecordedChange, authorizer: Authorizer) -> int:
    lines = await _lines(session, change)
    steps = Steps(recorded.tables.values(), authorizer.names)
    for number, row in enumerate(lines, 1):
        steps.add(_line(row))
        if number % AT_ONCE == 0:
            await sleep(0)  # let other tasks run
    note_of_request(UNDOES, f"undoes change {change.id}")
    parts = steps.in_parts()
    for step in parts:
        await authorizer.check_fields(step)
        await check_same_objects(session, recorded, step, lines[0].id, authorizer.names)
        await run_step(session, recorded, step, authorizer)
    return sum(len(step.rows) for step in parts)


async def _lines(session: AsyncSession, change: RecordedChange) -> Sequence[LineRow]:
    if not change.transaction:
        raise ConflictError(
            gettext("This cannot be undone: it was written down before it was known what belongs together.")
        )
    values = (cast(RecordedChange.before, Text), cast(RecordedChange.after, Text))
    columns = (RecordedChange.id, RecordedChange.action, RecordedChange.model, RecordedChange.object_key, *values)
    statement = select(*columns).where(in_transactions([change.transaction], session.get_bind().dialect.name))
    rows = (await session.execute(statement.order_by(RecordedChange.id.desc()).limit(MAX_LINES + 1))).all()
    if len(rows) > MAX_LINES:
        raise ConflictError(
            gettext("This cannot be undone: it changed more than %(most)s objects.")
            % {"most": formats.number(MAX_LINES)}
        )
    return rows


def _line(row: LineRow) -> Line:
    number, action, model, key, before, after = row
    return Line(number, action, model, key, LOADS(before), LOADS(after))
