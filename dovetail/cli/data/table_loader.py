"""Write rows into tables by their primary keys, also rows that refer to one another."""

from collections.abc import Mapping, Sequence
from typing import Any

import click
from pydantic import ValidationError
from sqlalchemy import Column, ColumnElement, Table, exc, func, select, text, update
from sqlalchemy.dialects import sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.cli.data.dump_files import Record
from dovetail.cli.data.plugin_tables import unknown
from dovetail.cli.data.sequences import sequences
from dovetail.cli.data.table_rows import TableRows
from dovetail.database.drivers.overriding_inserts import OverridingInsert
from dovetail.database.error_translation import client_error
from dovetail.database.models import is_read_only
from dovetail.errors import InvalidInputError


class TableLoader:
    """Loads rows into `tables` within the transaction of `session`; nothing is complete before `finish`."""

    def __init__(self, session: AsyncSession, tables: Mapping[str, Table]) -> None:
        self._session = session
        self._tables = tables
        self._rows: dict[str, TableRows] = {}
        self._later: dict[str, list[dict[str, object]]] = {}
        self._dialect = session.get_bind().dialect
        self._insert = OverridingInsert if self._dialect.name == "postgresql" else sqlite.insert

    async def load(self, records: Sequence[Record]) -> None:
        """Insert or replace rows of one table. Raise click.ClickException, naming the place of the row."""
        rows = self._rows_of(records[0])
        by_columns: dict[tuple[str, ...], list[dict[str, object]]] = {}
        for record in records:
            values = _read(rows, record)
            self._put_off(rows.table, values)
            by_columns.setdefault(tuple(values), []).append(values)
        where = f"{records[0].place}, and what follows" if len(records) > 1 else records[0].place
        for columns, values_of_many in by_columns.items():
            statement = self._upsert(rows, columns)
            await self._execute(statement, [_parameters(values) for values in values_of_many], where)

    async def finish(self) -> None:
        """Let rows refer to those that came after them, and let new rows get keys that are free."""
        for name, values_of_many in self._later.items():
            for values in values_of_many:
                statement = _refer(self._rows[name], values)
                await self._execute(statement, _parameters(values), f"a reference of {name}")
        if self._dialect.name == "postgresql":
            for name in self._rows:
                await self._free_keys(self._tables[name])

    def _rows_of(self, record: Record) -> TableRows:
        if record.table not in self._tables:
            raise click.ClickException(f"{record.place}: {unknown(record.table, self._tables)}")
        if is_read_only(self._tables[record.table]):
            told = f"nobody writes to {record.table}, which is read_only; leave its rows out"
            raise click.ClickException(f"{record.place}: {told}")
        if record.table not in self._rows:
            self._rows[record.table] = TableRows(self._tables[record.table], self._dialect)
        return self._rows[record.table]

    def _put_off(self, table: Table, values: dict[str, object]) -> None:
        """Take out what may refer to a row that is not there yet."""
        later = {column: values[column] for column in self._forward(table) if values.get(column) is not None}
        if later:
            values |= dict.fromkeys(later)
            keys = {column.name: values[column.name] for column in table.primary_key.columns}
            self._later.setdefault(table.key, []).append(keys | later)

    def _forward(self, table: Table) -> list[str]:
        order = list(self._tables)
        return [
            key.parent.name
            for key in table.foreign_keys
            if key.parent.nullable
            and key.column.table.key in self._tables
            and order.index(key.column.table.key) >= order.index(table.key)
        ]

    def _upsert(self, rows: TableRows, columns: Sequence[str]) -> object:
        chosen = [rows.columns[name] for name in columns]
        statement = self._insert(rows.table).values({column: _bound(rows, column) for column in chosen})
        keys = list(rows.table.primary_key.columns)
        changed = {column: statement.excluded[column.key] for column in chosen if not column.primary_key}
        if not changed:
            return statement.on_conflict_do_nothing(index_elements=keys)
        return statement.on_conflict_do_update(index_elements=keys, set_=changed)

    async def _execute(self, statement: Any, parameters: Any, where: str) -> None:
        try:
            await self._session.execute(statement, parameters)
        except InvalidInputError as error:  # of a type that refuses a value before the database is asked
            raise click.ClickException(f"{where}: {error.detail}") from None
        except exc.DBAPIError as error:
            known = client_error(error)
            if known is None or error.connection_invalidated:
                raise
            raise click.ClickException(f"{where}: {known.detail}") from None
        except exc.StatementError as error:  # of a type that cannot make of a value what the database keeps
            raise click.ClickException(f"{where}: A value cannot be stored: {error.orig}") from None

    async def _free_keys(self, table: Table) -> None:
        for sequence, column in (await sequences(self._session, table)).items():
            highest = select(func.max(column)).scalar_subquery()
            await self._session.execute(
                select(
                    func.setval(text("CAST(:sequence AS regclass)"), func.coalesce(highest, 1), highest.is_not(None))
                ),
                {"sequence": sequence},
            )


def _read(rows: TableRows, record: Record) -> dict[str, object]:
    try:
        values = rows.read(record)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        path = ".".join([rows.table.key, *(str(part) for part in first["loc"])])
        raise click.ClickException(f"{record.place}: {path}: {first['msg'].removeprefix('Value error, ')}") from None
    missing = [column.name for column in rows.table.primary_key.columns if values.get(column.name) is None]
    if missing:
        raise click.ClickException(f"{record.place}: {rows.table.key} lacks its primary key {', '.join(missing)}")
    return values


def _refer(rows: TableRows, values: Mapping[str, object]) -> object:
    table = rows.table
    references = {
        column: _bound(rows, column) for column in table.columns if column.name in values and not column.primary_key
    }
    # What an UPDATE would set of itself, as the time of the last change, is to stay.
    unchanged = {column: column for column in table.columns if column.onupdate is not None}
    same = [column == _bound(rows, column) for column in table.primary_key.columns]
    return update(table).where(*same).values({**unchanged, **references})


def _bound(rows: TableRows, column: Column[object]) -> ColumnElement[object]:
    return rows.forms[column.name].bound(_parameter(column.name))


def _parameters(values: Mapping[str, object]) -> dict[str, object]:
    return {_parameter(name): value for name, value in values.items()}


def _parameter(column: str) -> str:
    return f"value of {column}"  # no other column is called so
