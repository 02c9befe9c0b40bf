"""Writes down what goes through SQLAlchemy: flushes of the ORM, `session.execute(update(...))`, statements of Core.

A line is read from the row itself, so the log of an UPDATE or a DELETE runs in front of it, and that of an INSERT
behind it: one statement more for each statement, however many rows it changes. On PostgreSQL that of an UPDATE locks
the rows, and another one those of a DELETE. An INSERT that may update rows instead looks at them before and after.
An UPDATE that sets what stands in several rows of another table, of which the database takes any, leaves a line for
each.

SQL that is written as text is not seen: say what it changes, or write it with `insert`, `update` and `delete`.
"""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from sqlalchemy import (
    BindParameter,
    Column,
    ColumnElement,
    Connection,
    CursorResult,
    Delete,
    Executable,
    Insert,
    Table,
    Update,
    func,
    select,
    tuple_,
    type_coerce,
)
from sqlalchemy.types import NullType

from dovetail.contrib.history.recording.lines import Lines, picture
from dovetail.contrib.history.recording.origin import origin_values
from dovetail.contrib.history.recording.recorded import RecordedTable
from dovetail.contrib.history.recording.updates import (
    GIVEN,
    changed,
    looks_beside,
    looks_elsewhere,
    of_one_table,
    of_rows,
    renamed,
)
from dovetail.contrib.history.recording.upserts import Upsert
from dovetail.database.change_log import is_unrecorded
from dovetail.database.drivers.sqlalchemy_private_statements import (
    answered_rows,
    answers,
    conflict_of,
    fetches_keys,
    names_many_rows,
    values_to_set,
)
from dovetail.errors import DovetailError
from dovetail.state import InfoKey

Parameters: TypeAlias = Sequence[Mapping[str, object]]
MOST = 1000  # keys of one statement
UPSERT = InfoKey[Upsert]("history_upsert")  # in a connection's info


class Watcher:
    """Hears each statement of an engine before and after it is executed."""

    def __init__(self, lines: Lines) -> None:
        self._lines = lines

    def before(
        self,
        connection: Connection,
        statement: object,
        many: Parameters,
        one: Mapping[str, object],
        options: Mapping[str, object],
    ) -> tuple[object, Parameters, Mapping[str, object]]:
        """Write down what an UPDATE or a DELETE is about to change, and let an INSERT answer the keys of its rows."""
        if isinstance(statement, Insert | Update | Delete) and not is_unrecorded(options):
            parameters = many or [one]
            if isinstance(statement, Insert):
                statement = self._prepared(connection, statement, parameters)
            else:
                self._write_first(connection, statement, parameters)
        return statement, many, one

    def after(  # noqa: PLR0917 - as SQLAlchemy calls it
        self,
        connection: Connection,
        statement: object,
        many: Parameters,
        one: Mapping[str, object],
        options: Mapping[str, object],
        result: CursorResult[object],
    ) -> None:
        """Write down which rows an INSERT has made."""
        if not isinstance(statement, Insert) or is_unrecorded(options):
            return
        table = self._lines.recorded.find(statement.table)
        if table is None:
            return
        upsert = UPSERT.pop(connection.info)
        if upsert is not None:
            upsert.write(connection)
            return
        columns: Sequence[ColumnElement[object]] = list(table.table.primary_key.columns)
        if answers(statement):  # those keys are as the driver has them
            told = set(result.keys())
            columns = [type_coerce(key, NullType()) if key.key in told else key for key in columns]
        keys = _made_keys(statement, table, many or [one], result)
        for start in range(0, len(keys), MOST):
            chosen = _have_keys(columns, keys[start : start + MOST])
            line = self._lines.insert(table, None, picture(table.table), [chosen])
            connection.execute(line, origin_values())

    def _write_first(self, connection: Connection, statement: Update | Delete, parameters: Parameters) -> None:
        table = statement.table
        if not isinstance(table, Table):
            return
        table = table.metadata.tables[table.key]  # without the annotations of the ORM
        asked = [] if statement.whereclause is None else [renamed(statement.whereclause)]
        given = [{f"{GIVEN}{name}": value for name, value in row.items()} for row in parameters]
        line: Insert | None
        if isinstance(statement, Delete):
            where = [of_one_table(table, condition) for condition in asked]
            line = self._lines.insert_deleted(table, where)
            if line is not None and _has_many_writers(connection):  # so that nothing new refers to them
                _lock(connection, table, where, given, may_go=True)
        else:
            known = self._lines.recorded.find(table)
            after = {} if known is None else changed(statement, table, parameters[0])
            if known is None or not known.written(after):
                return
            line = self._line_of_update(connection, known, after, asked, given)
        if line is not None:
            origin = origin_values()
            _execute(connection, line, [{**row, **origin} for row in given])

    def _line_of_update(
        self,
        connection: Connection,
        known: RecordedTable,
        after: Mapping[str, ColumnElement[object]],
        asked: Sequence[ColumnElement[bool]],
        given: Parameters,
    ) -> Insert:
        where = [of_one_table(known.table, condition) for condition in asked]
        is_joined = any(looks_beside(known.table, value) for value in after.values())
        if _has_many_writers(connection):
            if not is_joined and not any(looks_elsewhere(value) for value in after.values()):
                # A row that is locked is told as that transaction has left it for which the lock had to wait.
                locked = select(known.table).where(*where).with_for_update(key_share=True, of=known.table)
                rows = locked.cte("locked_rows")
                adapted = {name: of_rows(value, known.table, rows) for name, value in after.items()}
                return self._lines.insert(known, picture(rows), adapted, [])
            _lock(connection, known.table, where, given, may_go=False)
        return self._lines.insert(known, picture(known.table), after, asked if is_joined else where)

    def _prepared(self, connection: Connection, statement: Insert, parameters: Parameters) -> Insert:
        UPSERT.pop(connection.info)  # of one that failed
        table = self._lines.recorded.find(statement.table)
        if table is None:
            return statement
        conflict = conflict_of(statement)
        if conflict is not None and conflict[0] == "on_conflict_do_update":
            UPSERT.set(connection.info, Upsert.begin(connection, table, statement, parameters, conflict[1]))
            return statement
        keys = list(table.table.primary_key.columns)
        if answers(statement):
            missing = {key.key for key in keys} - {column.key for column in statement.exported_columns}
            is_one = len(parameters) == 1 and not names_many_rows(statement)
            if missing and not (is_one and missing <= _given(statement, parameters[0]).keys()):
                raise DovetailError(
                    f"An INSERT into {table.table.name} answers no {', '.join(sorted(missing))}, which its history "
                    "needs; add the primary key to `returning()`."
                )
            return statement
        is_one = len(parameters) == 1 and not names_many_rows(statement) and conflict is None
        if is_one or fetches_keys(statement) or (conflict is None and _gives_keys(statement, keys, parameters)):
            return statement
        return statement.returning(*keys)


def _has_many_writers(connection: Connection) -> bool:
    """Return whether others may change rows meanwhile: SQLite has one writer at a time."""
    return connection.dialect.name == "postgresql"


def _lock(
    connection: Connection, table: Table, where: Sequence[ColumnElement[bool]], given: Parameters, *, may_go: bool
) -> None:
    """Wait for transactions that change these rows as well, so that the line behind tells what those have left."""
    rows = select(*table.primary_key.columns).where(*where).with_for_update(key_share=not may_go).subquery()
    _execute(connection, select(func.count()).select_from(rows), given)


def _execute(connection: Connection, statement: Executable, rows: Parameters) -> None:
    connection.execute(statement, rows if len(rows) > 1 else rows[0])


def _made_keys(
    statement: Insert, table: RecordedTable, parameters: Parameters, result: CursorResult[object]
) -> list[tuple[object, ...]]:
    keys = list(table.table.primary_key.columns)
    if answers(statement):
        names, given = list(result.keys()), _given(statement, parameters[0])
        places = {key.key: names.index(key.key) for key in keys if key.key in names}
        return [
            tuple(row[places[key.key]] if key.key in places else given[key.key] for key in keys)
            for row in answered_rows(result)
        ]
    if not fetches_keys(statement) and _gives_keys(statement, keys, parameters):
        return [tuple(row[key.key] for key in keys) for row in parameters]
    return [tuple(row or ()) for row in result.inserted_primary_key_rows]


def _given(statement: Insert, row: Mapping[str, object]) -> dict[str, object]:
    """Return the values of a row that is inserted, as far as they are no SQL, by the keys of columns."""
    found = dict(row)
    for key, value in values_to_set(statement).items():
        name = key if isinstance(key, str) else str(getattr(key, "key", ""))
        if isinstance(value, BindParameter):
            found[name] = row.get(value.key) if value.required else value.effective_value
        elif not hasattr(value, "__clause_element__") and not isinstance(value, ColumnElement):
            found[name] = value
    return found


def _gives_keys(statement: Insert, keys: Sequence[Column[object]], parameters: Parameters) -> bool:
    return not names_many_rows(statement) and all(row.get(key.key) is not None for row in parameters for key in keys)


def _have_keys(columns: Sequence[ColumnElement[object]], keys: Sequence[tuple[object, ...]]) -> ColumnElement[bool]:
    return columns[0].in_([key[0] for key in keys]) if len(columns) == 1 else tuple_(*columns).in_(keys)
