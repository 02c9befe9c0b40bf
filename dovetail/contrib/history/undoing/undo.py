"""Undo all changes of one transaction, in one transaction: either all of them or none."""

import json
from asyncio import sleep
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import TypeAlias

from sqlalchemy import Column, ColumnElement, Connection, Text, cast, delete, insert, select, update
from sqlalchemy import Row as RowOf
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.contrib.history.models import ChangeAction, RecordedChange
from dovetail.contrib.history.recording.log import HistoryLog
from dovetail.contrib.history.recording.origin import UNDOES
from dovetail.contrib.history.recording.recorded import Recorded, RecordedTable
from dovetail.contrib.history.recording.transactions import in_transactions
from dovetail.contrib.history.recording.upserts import read_rows
from dovetail.contrib.history.undoing.conflicts import check_present, check_referring, check_written
from dovetail.contrib.history.undoing.later_lines import check_same_objects, find_undo, undone_in_words
from dovetail.contrib.history.undoing.names import Names
from dovetail.contrib.history.undoing.rights import Authorizer
from dovetail.contrib.history.undoing.sources import Rows, Source
from dovetail.contrib.history.undoing.steps import Kind, Line, Step, Steps
from dovetail.database.drivers.overriding_inserts import OverridingInsert
from dovetail.database.error_translation import client_error
from dovetail.errors import ConflictError
from dovetail.state import note_of_request
from dovetail.translation import formats
from dovetail.translation.texts import gettext, ngettext

MAX_LINES = 20_000  # lines of a transaction that can be undone
AT_ONCE = 200  # lines processed before yielding to other tasks
LineRow: TypeAlias = RowOf[int, ChangeAction, str, str, str, str]
LOADS: Callable[[str], Mapping[str, object]] = partial(json.loads, parse_float=Decimal)


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
    try:
        async with session.begin_nested():
            return await _undo(session, log.recorded, change, authorizer)
    except ConflictError as error:
        undone = await find_undo(session, log.recorded, change)
        raise (error if undone is None else ConflictError(undone_in_words(undone))) from error
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
        await _undo_step(session, recorded, step, authorizer)
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


async def _undo_step(session: AsyncSession, recorded: Recorded, step: Step, authorizer: Authorizer) -> None:
    connection = await session.connection()
    table, dialect = step.table.table, connection.dialect
    rows = Rows(Source(table, step.found_rows(), dialect), Source(table, step.target_rows(), dialect))
    await connection.run_sync(_check, recorded, step, rows, authorizer.names)
    if step.kind is not Kind.INSERT or step.table.is_link:
        await authorizer.check_rows(session, step, rows.found.again())
    try:
        await connection.run_sync(_write, step, rows)
    except IntegrityError as error:
        what = client_error(error) or error
        raise ConflictError(
            gettext("This cannot be undone: %(name)s: %(what)s")
            % {"name": authorizer.names.object(step.table, step.rows[0].text), "what": what}
        ) from error
    if step.kind is not Kind.DELETE or step.table.is_link:
        await authorizer.check_rows(session, step, rows.target.again())


def _check(connection: Connection, recorded: Recorded, step: Step, rows: Rows, names: Names) -> None:
    table = step.table
    chosen = rows.found.again().has(_own_key(table))
    found = read_rows(connection, table, [chosen], is_locked=True, may_go=step.kind is Kind.DELETE, loads=LOADS)
    if table.is_link:
        (name,) = table.fields
        there = {f"{key} {row[name]}": row for (_, key), row in found.items()}
        keys = {n: f"{row.text} {({**row.now, **row.then})[name]}" for n, row in enumerate(step.rows)}
    elif step.moves:  # it has one row; the text of its key may be written in another way
        there, keys = {"": row for row in found.values()}, {0: ""}  # noqa: B035 - see above
    else:
        there = {key: row for (_, key), row in found.items()}
        keys = {n: row.text for n, row in enumerate(step.rows)}
    check_present(step, keys, there, names)
    if step.kind is Kind.DELETE:
        check_referring(connection, recorded, step, rows.found.again(), names)
    else:
        check_written(connection, step, rows, names)


def _write(connection: Connection, step: Step, rows: Rows) -> None:
    table, source = step.table.table, rows.target
    keys = _own_key(step.table)
    written = [step.table.fields[name] for name in step.names]
    chosen = rows.found.has(keys)
    if step.kind is Kind.DELETE:
        connection.execute(delete(table).where(chosen))
    elif step.kind is Kind.INSERT:
        columns = list(dict.fromkeys([*keys, *written]))
        values = select(*(source.value(one) for one in columns))
        made = OverridingInsert(table) if connection.dialect.name == "postgresql" else insert(table)
        connection.execute(made.from_select(columns, values, include_defaults=False))
    else:
        same = [] if step.moves else keys
        connection.execute(update(table).where(chosen).values(dict(_values(same, written, source))))


def _values(
    keys: Sequence[Column[object]], written: Iterable[Column[object]], source: Source
) -> Iterator[tuple[Column[object], ColumnElement[object]]]:
    for column in written:
        other = source.again()
        same = [key == other.value(key) for key in keys]
        yield column, select(other.value(column)).where(*same).scalar_subquery()


def _own_key(table: RecordedTable) -> list[Column[object]]:
    """Return the columns that identify a row; for a link table, both of its ends."""
    return [*table.keys, *table.fields.values()] if table.is_link else list(table.keys)
