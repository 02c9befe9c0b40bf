"""Record what SQLAlchemy executes: ORM flushes, `session.execute(update(...))` and Core statements.

The database reads a line's values from the row itself. So the INSERT of the lines runs before an UPDATE or DELETE and
after an INSERT: one additional statement for each statement, however many rows it changes. On PostgreSQL it also locks
the rows of an UPDATE; those of a DELETE are locked by a further statement. For an INSERT that may update rows, the rows
are read before and after. If an UPDATE joins another table and several of its rows match, the database uses any one of
them, and a line is written for each.

SQL written as text is not recorded; use `insert`, `update` and `delete` instead.
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
from sqlalchemy.sql import visitors
from sqlalchemy.types import NullType

from dovetail.contrib.history.recording.lines import Lines
from dovetail.contrib.history.recording.origin import origin_values
from dovetail.contrib.history.recording.recorded import RecordedTable
from dovetail.contrib.history.recording.updates import (
    GIVEN,
    changed,
    contains_sql_text,
    contains_subquery,
    of_one_table,
    of_rows,
    renamed,
    uses_other_tables,
)
from dovetail.contrib.history.recording.upserts import Upsert
from dovetail.database.change_log import is_unrecorded, snapshot_of
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
MAX_KEYS = 1000  # keys in one statement
UPSERT = InfoKey[Upsert]("history_upsert")  # in a connection's info


class Watcher:
    """Listens to each statement of an engine before and after it is executed."""

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
        """Record what an UPDATE or DELETE is about to change; make an INSERT return the keys of its rows."""
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
        """Record which rows an INSERT has added."""
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
        if answers(statement):  # the keys returned by the driver are already in its own form: bind them unconverted
            returned = set(result.keys())
            columns = [type_coerce(key, NullType()) if key.key in returned else key for key in columns]
        keys = _made_keys(statement, table, many or [one], result)
        for start in range(0, len(keys), MAX_KEYS):
            chosen = _have_keys(columns, keys[start : start + MAX_KEYS])
            line = self._lines.insert(table, None, snapshot_of(table.table), [chosen])
            connection.execute(line, origin_values())

    def _write_first(self, connection: Connection, statement: Update | Delete, parameters: Parameters) -> None:
        table = statement.table
        if not isinstance(table, Table):
            return
        table = table.metadata.tables[table.key]  # the plain table, without annotations of the ORM
        asked = [] if statement.whereclause is None else [renamed(statement.whereclause)]
        given = [{f"{GIVEN}{name}": value for name, value in row.items()} for row in parameters]
        line: Insert | None
        if isinstance(statement, Delete):
            where = [of_one_table(table, condition) for condition in asked]
            line = self._lines.insert_deleted(table, where)
            if line is not None and _has_many_writers(connection):  # prevent new references to the rows
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
        is_joined = any(uses_other_tables(known.table, value) for value in after.values())
        if _has_many_writers(connection):
            if not is_joined and not any(contains_subquery(one) or contains_sql_text(one) for one in after.values()):
                # After waiting for a lock, a row is recorded with the values the other transaction committed.
                # Only the columns that lines need: PostgreSQL copies the rows of a CTE that locks them.
                columns = _needed_for_update(known, after)
                rows = select(*columns).where(*where).with_for_update(key_share=True, of=known.table).cte("locked_rows")
                adapted = {name: of_rows(value, known.table, rows) for name, value in after.items()}
                return self._lines.insert(known, snapshot_of(rows), adapted, [])
            _lock(connection, known.table, where, given, may_go=False)
        return self._lines.insert(known, snapshot_of(known.table), after, asked if is_joined else where)

    def _prepared(self, connection: Connection, statement: Insert, parameters: Parameters) -> Insert:
        UPSERT.pop(connection.info)  # left behind by a statement that failed
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
                    f"An INSERT into {table.table.name} does not return {', '.join(sorted(missing))}, which its "
                    "history needs; add the primary key to `returning()`."
                )
            return statement
        is_one = len(parameters) == 1 and not names_many_rows(statement) and conflict is None
        if is_one or fetches_keys(statement) or (conflict is None and _gives_keys(statement, keys, parameters)):
            return statement
        return statement.returning(*keys)


def _needed_for_update(
    known: RecordedTable, after: Mapping[str, ColumnElement[object]]
) -> Sequence[ColumnElement[object]]:
    """Return the columns that the lines of an UPDATE need: keys, what it sets, and what it computes that from."""
    read = {part.key for value in after.values() for part in visitors.iterate(value) if isinstance(part, Column)}
    written = {one.key for one in known.written(after.keys()).values()}
    keys = {one.key for one in known.keys}
    return [one for one in known.table.columns if one.key in read | written | keys]


def _has_many_writers(connection: Connection) -> bool:
    """Return whether other connections may write at the same time: SQLite has one writer at a time."""
    return connection.dialect.name == "postgresql"


def _lock(
    connection: Connection, table: Table, where: Sequence[ColumnElement[bool]], given: Parameters, *, may_go: bool
) -> None:
    """Lock the rows, after waiting for transactions that changed them, so that the line has their committed values."""
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
    """Return the values of an inserted row by column key, leaving out SQL expressions."""
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
