"""Run a step of an undo: check its rows, write them, and check them again."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from sqlalchemy import Column, ColumnElement, Connection, delete, insert, select, update
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from dovetail.contrib.history.recording.recorded import Recorded, RecordedTable
from dovetail.contrib.history.recording.upserts import read_rows
from dovetail.contrib.history.undoing.conflicts import check_present, check_referring, check_written
from dovetail.contrib.history.undoing.misfits import check_fit, refused_in_words
from dovetail.contrib.history.undoing.names import Names
from dovetail.contrib.history.undoing.rights import Authorizer
from dovetail.contrib.history.undoing.sources import LOADS, Rows, Source
from dovetail.contrib.history.undoing.steps import Kind, Step
from dovetail.database.drivers.overriding_inserts import OverridingInsert
from dovetail.database.error_translation import is_bad_data
from dovetail.errors import ConflictError


async def run_step(session: AsyncSession, recorded: Recorded, step: Step, authorizer: Authorizer) -> None:
    """Undo what a step undoes. Raise ConflictError or PermissionDeniedError with the reason if that is not possible."""
    check_fit(step, session.get_bind().dialect, authorizer.names)
    try:
        await _checked_and_written(session, recorded, step, authorizer)
    except DBAPIError as error:
        if not isinstance(error, IntegrityError) and not is_bad_data(error):
            raise
        raise ConflictError(refused_in_words(error, step, authorizer.names)) from error


async def _checked_and_written(session: AsyncSession, recorded: Recorded, step: Step, authorizer: Authorizer) -> None:
    connection = await session.connection()
    rows = _rows(step, connection)
    await connection.run_sync(_check, recorded, step, rows, authorizer.names)
    if step.kind is not Kind.INSERT or step.table.is_link:
        await authorizer.check_rows(session, step, rows.found.again())
        await authorizer.keep_rows(session, step, rows.found.again())
    await connection.run_sync(_write, step, rows)
    if step.kind is not Kind.DELETE or step.table.is_link:
        await authorizer.check_written(session, step, rows.target.again())


def _rows(step: Step, connection: Connection | AsyncConnection) -> Rows:
    table, dialect = step.table.table, connection.dialect
    return Rows(Source(table, step.found_rows(), dialect), Source(table, step.target_rows(), dialect))


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
    """Write all rows at once, or one after the other if they have exchanged unique values."""
    if step.kind is not Kind.UPDATE or len(step.rows) == 1:
        _write_at_once(connection, step, rows)
        return
    try:
        with connection.begin_nested():
            _write_at_once(connection, step, rows)
    except IntegrityError:  # as they were changed, last row first, each value was free in its turn
        for row in step.rows:
            one = replace(step, rows=[row])
            _write_at_once(connection, one, _rows(one, connection))


def _write_at_once(connection: Connection, step: Step, rows: Rows) -> None:
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
