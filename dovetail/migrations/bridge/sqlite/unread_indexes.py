"""Compare the indexes of SQLite that SQLAlchemy does not reflect: those on expressions, and search indexes."""

import re
from typing import Any

from alembic.autogenerate.api import AutogenContext
from alembic.operations import ops
from alembic.operations.batch import ApplyBatchImpl, BatchOperationsImpl
from alembic.util import PriorityDispatchResult
from sqlalchemy import Column, Connection, Index, MetaData, Table, text
from sqlalchemy.schema import CreateIndex

from dovetail.migrations.bridge import search_indexes
from dovetail.migrations.bridge.expressions import are_alike
from dovetail.migrations.bridge.search_indexes import Rows
from dovetail.migrations.bridge.sqlite.statements import read_index

_STATEMENTS = "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = :table AND sql IS NOT NULL"
_NAME = re.compile(r'\w+|"(?:[^"]|"")*"|`[^`]*`|\[[^\]]*\]')


def compare(
    context: AutogenContext,
    changes: ops.ModifyTableOps,
    _schema: str | None,
    table: str,
    found: Table | None,
    declared: Table | None,
) -> PriorityDispatchResult:
    """Add to `changes` what makes the unread indexes of a table as its model has them; Alembic calls this."""
    if found is not None and declared is not None:  # what comes or goes whole need not be compared
        assert context.connection is not None  # noqa: S101 - there is one to compare with
        _compare(changes, context.connection, table, declared)
    return PriorityDispatchResult.CONTINUE


def leave_out(rows: Rows, found: set[Index], declared: set[Index]) -> None:
    """Take out of both what SQLAlchemy does not read back, or not in full."""
    tables = {index.table.name for index in found if index.table is not None}
    unread = {name for table in tables for name in _unread_statements(rows, table)}
    found -= {index for index in found if index.name in unread}
    declared -= {index for index in declared if _is_unread(index)}


def kept(rows: Rows, table: Table, batch: ApplyBatchImpl) -> list[str]:
    """Return the statements of the unread indexes of a table that is made anew, but for those that `batch` drops.

    Alembic would make those that SQLAlchemy reads in part, as indexes on the columns that it knows.
    """
    read = {str(index.name) for index in table.indexes}
    unread = _unread_statements(rows, table.name)
    stay = {name: sql for name, sql in unread.items() if name not in read or name in batch.indexes}
    for name in stay:
        batch.indexes.pop(name, None)
    return list(stay.values())


def split_off(rows: Rows, batch: BatchOperationsImpl) -> tuple[list[Index], list[Index]]:
    """Take the unread indexes that a batch drops, and those that it makes, out of it, and return them."""
    unread = _unread_statements(rows, batch.table_name)
    going = [part for part in batch.batch if part[0] == "drop_index" and str(part[1][0].name) in unread]
    coming = [part for part in batch.batch if part[0] == "create_index" and _is_unread(part[1][0])]
    batch.batch = [part for part in batch.batch if part not in going and part not in coming]
    return [part[1][0] for part in going], [part[1][0] for part in coming]


def _compare(changes: ops.ModifyTableOps, connection: Connection, table: str, declared: Table) -> None:
    def rows(statement: str, **parameters: str) -> list[Any]:
        return list(connection.execute(text(statement), parameters))

    kept = _unread_statements(rows, table)
    there = {name: _index(name, sql, table) for name, sql in kept.items()}
    there |= {str(index.name): index for index in search_indexes.indexes_on_sqlite(rows, table)}
    wanted = {str(index.name): index for index in declared.indexes if _is_unread(index)}
    for name in there.keys() & wanted.keys():
        documents = [search_indexes.document_of(index) for index in (there[name], wanted[name])]
        statement = str(CreateIndex(wanted[name]).compile(dialect=connection.dialect))
        if documents[0] == documents[1] and (documents[0] or are_alike(kept[name], statement)):
            del there[name], wanted[name]
    changes.ops += [ops.DropIndexOp.from_index(there[name]) for name in sorted(there)]
    changes.ops += [ops.CreateIndexOp.from_index(wanted[name]) for name in sorted(wanted)]


def _is_unread(index: Index) -> bool:
    on_columns = all(isinstance(expression, Column) for expression in index.expressions)
    return not on_columns or search_indexes.document_of(index) is not None


def _unread_statements(rows: Rows, table: str) -> dict[str, str]:
    """Return the statements of a table's indexes on more than columns, by the names of the indexes."""
    found = {str(row.name): str(row.sql) for row in rows(_STATEMENTS, table=table)}
    return {name: sql for name, sql in found.items() if not all(map(_NAME.fullmatch, read_index(sql).expressions))}


def _index(name: str, sql: str, table: str) -> Index:
    parts = read_index(sql)
    expressions = [text(_escaped(each)) for each in parts.expressions]
    index = Index(name, *expressions, unique=parts.is_unique, _table=Table(table, MetaData()))
    if parts.where is not None:
        index.dialect_kwargs["sqlite_where"] = text(_escaped(parts.where))
    return index


def _escaped(expression: str) -> str:
    return expression.replace(":", r"\:")
