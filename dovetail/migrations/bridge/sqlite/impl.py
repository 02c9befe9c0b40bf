"""Alembic's dialect for SQLite, with care for what Alembic does not see."""

import re
from collections.abc import Collection, Iterable
from typing import Any, TextIO

from alembic.ddl.sqlite import SQLiteImpl
from alembic.operations.batch import BatchOperationsImpl
from sqlalchemy import (
    CheckConstraint,
    ClauseElement,
    Column,
    ColumnClause,
    ColumnElement,
    Connection,
    Dialect,
    Index,
    Inspector,
    Table,
    false,
    func,
    select,
    text,
)
from sqlalchemy.schema import CreateIndex
from sqlalchemy.types import TypeEngine

from dovetail.database.search.search_tables import drop_on_sqlite
from dovetail.errors import MigrationError
from dovetail.migrations.bridge import search_indexes
from dovetail.migrations.bridge.alembic_private import (
    BATCH_PREFIX,
    EQUAL,
    ComparisonResult,
    NoIdentities,
    batch_name,
    difference,
    set_batch_hook,
)
from dovetail.migrations.bridge.expressions import are_alike
from dovetail.migrations.bridge.impl_shared import LongRevisionIds, OwnDefaults, name_by_convention
from dovetail.migrations.bridge.sqlite import (
    computed,  # noqa: F401 - tables are read back with what their columns compute
    keys,
)
from dovetail.migrations.bridge.sqlite.conversions import Conversion, conversion
from dovetail.migrations.bridge.sqlite.named_types import NamedTypes
from dovetail.migrations.bridge.sqlite.names import renaming_statements
from dovetail.migrations.bridge.sqlite.unread_indexes import kept, leave_out, split_off

TRIGGERS = "SELECT sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = :table"


class DovetailSQLiteImpl(NoIdentities, OwnDefaults, LongRevisionIds, SQLiteImpl):
    """Naming a dialect registers the class for it.

    SQLAlchemy cannot reflect SQLite's triggers and indexes on expressions, so that Alembic would lose them whenever it
    makes a table anew, and would never create such an index.
    """

    __dialect__ = "sqlite"  # which counts keys up without IDENTITY

    def __init__(  # noqa: PLR0917 - Alembic's signature
        self,
        dialect: Dialect,
        connection: Connection | None,
        as_sql: bool,  # noqa: FBT001 - as above
        transactional_ddl: bool | None,  # noqa: FBT001 - as above
        output_buffer: TextIO | None,
        context_opts: dict[str, object],
    ) -> None:
        super().__init__(dialect, connection, as_sql, transactional_ddl, output_buffer, context_opts)
        self._unseen: dict[str, list[str]] = {}
        self._later: dict[str, list[str]] = {}  # what a batch makes once its table is made anew
        self._conversions: list[tuple[str, Conversion]] = []
        self._written = set[str]()  # tables whose CREATE TABLE was written into a script of SQL

    def render_ddl_sql_expr(
        self,
        expr: ClauseElement,
        is_server_default: bool = False,  # noqa: FBT001, FBT002 - Alembic's signature
        *,
        is_index: bool = False,
        **kw: object,
    ) -> str:
        """Write an SQL expression; of an index in brackets, without which PostgreSQL does not take it."""
        if is_index and not isinstance(expr, ColumnClause):
            expr = expr.self_group()
        return super().render_ddl_sql_expr(expr, is_server_default=is_server_default, **kw)

    def create_table(self, table: Table, **kw: object) -> None:
        """Make a table, whose checks that come with types have their conventional names."""
        for constraint in table.constraints:
            name_by_convention(constraint)
        if self.as_sql:
            keys.never_reuse_keys(table)
            self._written.add(table.name)
        else:
            self._named_types.add_table(table.name, table.columns)
        super().create_table(table, **kw)

    def add_column(self, table_name: str, column: Column[object], **kw: Any) -> None:
        """Add a column."""
        if not self.as_sql:
            self._named_types.add_column(table_name, column)
        super().add_column(table_name, column, **kw)

    def alter_column(self, table_name: str, column_name: str, **kw: Any) -> None:
        """Rename a column; SQLite changes nothing else of it but in a batch."""
        super().alter_column(table_name, column_name, **kw)
        if kw.get("name") is not None and not self.as_sql:
            self._named_types.rename_column(table_name, column_name, kw["name"])

    def prep_table_for_batch(self, batch_impl: Any, table: Table) -> None:
        """Copy no column that the new table computes, keep collations, and let checks go with their columns."""
        super().prep_table_for_batch(batch_impl, table)
        self._see_that_values_convert(table)
        if not self.as_sql:
            later = self._later.pop(table.name, ())
            self._unseen[table.name] = [*kept(self._rows, table, batch_impl), *later]
            keys.carry_over(self._rows, table.name, batch_impl.table_kwargs, batch_impl.new_table)
        made_by = "SELECT sql FROM sqlite_master WHERE type = 'table' AND name = :name"
        # Where SQL is written, the author has said by `copy_from` what the table is, collations too.
        sql = "" if self.as_sql else str(self._rows(made_by, name=table.name)[0].sql)
        for name, transfer in batch_impl.column_transfers.items():
            column = batch_impl.columns[name]
            if column.computed is not None:
                transfer.pop("expr", None)
            stays = name in table.columns and repr(column.type) == repr(table.columns[name].type)
            if stays and (collation := _collation(sql, name)):  # SQLAlchemy cannot reflect it
                collated = column.type.adapt(type(column.type), collation=collation)
                batch_impl.new_table.columns[column.name].type = collated
        gone = set(table.columns.keys()) - set(batch_impl.columns)
        for constraint in list(batch_impl.new_table.constraints):
            if isinstance(constraint, CheckConstraint) and _names_in(str(constraint.sqltext)) & gone:
                batch_impl.new_table.constraints.discard(constraint)  # as PostgreSQL does

    def cast_for_batch_migrate(
        self, existing: Column[object], existing_transfer: dict[str, Any], new_type: TypeEngine[object]
    ) -> None:
        """Let a column be filled with its values as those of another type."""
        value = existing_transfer["expr"]
        assert isinstance(value, ColumnElement)  # noqa: S101 - the column, until now
        found = conversion(value, existing.type, new_type)
        if found is not None:
            existing_transfer["expr"] = found.value
            self._conversions.append((existing.name, found))

    def requires_recreate_in_batch(self, batch_op: BatchOperationsImpl) -> bool:
        """Return True if a change needs the table to be made anew."""
        if keys.OPTION in batch_op.table_kwargs:
            if self.as_sql:  # which cannot look at a table that it did not make
                return batch_op.table_name not in self._written
            return keys.changes_it(self._rows, batch_op) or super().requires_recreate_in_batch(batch_op)
        return super().requires_recreate_in_batch(batch_op)

    def take_out_indexes(self, batch_op: BatchOperationsImpl) -> None:
        """Drop unread indexes before a table is made anew, and make them after it: Alembic knows columns only."""
        going, coming = split_off(self._rows, batch_op)
        for index in going:
            self.drop_index(index)
        self._later[batch_op.table_name] = [statement for index in coming for statement in self._statements_of(index)]

    def _statements_of(self, index: Index) -> Iterable[str]:
        document = search_indexes.document_of(index)
        if document is None:
            return [str(CreateIndex(index).compile(dialect=self.dialect))]
        # What a migration outside a transaction left half made, if it was stopped, is made anew.
        rows = None if self.as_sql else self._rows
        return [*drop_on_sqlite(str(index.name)), *search_indexes.creating(index, document, rows)]

    def create_index(self, index: Index, **kw: object) -> None:
        """Make an index, and of a search index what stands for it here."""
        document = search_indexes.document_of(index)
        if document is None:
            super().create_index(index, **kw)
            return
        self._run(self._statements_of(index))

    def drop_index(self, index: Index, **kw: object) -> None:
        """Drop an index, or what stands for a search index."""
        if search_indexes.may_be_search_index(index) or (not self.as_sql and self._is_table(str(index.name))):
            self._run(drop_on_sqlite(str(index.name)))
        else:
            super().drop_index(index, **kw)

    def drop_table(self, table: Table, **kw: object) -> None:
        """Drop a table; if another is about to take its place, remember what only SQLite knows of it."""
        if not self.as_sql and self._exists(batch_name(table.name)):
            self._unseen[table.name] += [
                *(str(row.sql) for row in self._rows(TRIGGERS, table=table.name)),
                *keys.keeping_count(self._rows, table.name),
            ]
        elif not self.as_sql:
            self._run(list(search_indexes.dropping_all(self._rows, table.name)))
        if not self.as_sql:
            self._named_types.forget(table.name)
        super().drop_table(table, **kw)

    def rename_table(self, old_table_name: str, new_table_name: str, schema: str | None = None) -> None:
        """Rename a table, and what bears its name.

        If it takes the place of another, give it that one's triggers and indexes on expressions.
        """
        if self.as_sql:
            super().rename_table(old_table_name, new_table_name, schema)
            return
        self._named_types.rename_table(old_table_name, str(new_table_name))
        if not old_table_name.startswith(BATCH_PREFIX):
            super().rename_table(old_table_name, new_table_name, schema)
            self._run(list(renaming_statements(self._rows, old_table_name, str(new_table_name))))
            self._run(list(search_indexes.moving(self._rows, old_table_name, str(new_table_name))))
        else:
            # Else SQLite would look into every trigger and view, and find the table that was just dropped missing.
            self.execute(text("PRAGMA legacy_alter_table=on"))
            super().rename_table(old_table_name, new_table_name, schema)
            self.execute(text("PRAGMA legacy_alter_table=off"))
            self._run(self._unseen.pop(str(new_table_name), ()))

    def autogen_column_reflect(self, inspector: Inspector, table: Table, column_info: dict[str, object]) -> None:
        """Read a column, with the enum or domain that it has on PostgreSQL."""
        super().autogen_column_reflect(inspector, table, column_info)
        column_info["type"] = self._named_types.type_of(table.name, str(column_info["name"])) or column_info["type"]

    def compare_type(self, inspector_column: Column[object], metadata_column: Column[object]) -> bool:
        """Return True if two types differ here, or on PostgreSQL by the labels of an enum."""
        if self._named_types.differ(inspector_column.table.name, inspector_column.name, metadata_column.type):
            return True
        differ: bool = super().compare_type(inspector_column, metadata_column)
        return differ

    def correct_for_autogen_constraints(
        self,
        conn_unique_constraints: object,  # noqa: ARG002 - Alembic's signature
        conn_indexes: Collection[Index],
        metadata_unique_constraints: object,  # noqa: ARG002 - as above
        metadata_indexes: set[Index],
    ) -> None:
        """Leave out what SQLAlchemy does not read back: `unread_indexes` compares it."""
        if isinstance(conn_indexes, set):  # there is such a table
            leave_out(self._rows, conn_indexes, metadata_indexes)

    def compare_indexes(self, metadata_index: Index, reflected_index: Index) -> ComparisonResult:
        """Return a difference if two indexes of one name differ in columns or condition."""
        found = super().compare_indexes(metadata_index, reflected_index)
        if found.is_different:
            return found
        one, other = (
            str(CreateIndex(each).compile(dialect=self.dialect)) for each in (metadata_index, reflected_index)
        )
        return EQUAL if are_alike(one, other) else difference(f"{other} to {one}")

    def compare_check_constraint(
        self, metadata_constraint: CheckConstraint, reflected_constraint: CheckConstraint
    ) -> ComparisonResult:
        """Return a difference if two checks of one name differ."""
        options = {"literal_binds": True, "include_table": False}
        one, other = (
            str(each.sqltext.compile(dialect=self.dialect, compile_kwargs=options))
            for each in (metadata_constraint, reflected_constraint)
        )
        return EQUAL if are_alike(one, other) else difference(f"{other} to {one}")

    def _see_that_values_convert(self, table: Table) -> None:
        for column, found in self._conversions:
            if found.is_possible is None or self.as_sql:
                continue
            assert self.connection is not None  # noqa: S101 - see above
            is_wrong = table.columns[column].is_not(None) & ~func.coalesce(found.is_possible, false())
            wrong = select(func.count()).select_from(table).where(is_wrong)
            if count := self.connection.scalar(wrong):
                raise MigrationError(
                    f"{table.name}.{column} holds {count} value{'s' * (count > 1)} that cannot be converted to the new "
                    "type; correct them first, by an UPDATE in a migration before this one"
                )
        self._conversions.clear()

    def _run(self, statements: Iterable[str]) -> None:
        for statement in statements:
            self.execute(text(statement.replace(":", r"\:")))

    def _is_table(self, name: str) -> bool:
        return bool(self._rows("SELECT 1 FROM sqlite_master WHERE name = :name AND type = 'table'", name=name))

    def _exists(self, name: str) -> bool:
        return bool(self._rows("SELECT 1 FROM sqlite_master WHERE name = :name", name=name))

    @property
    def _named_types(self) -> NamedTypes:
        assert self.connection is not None  # noqa: S101 - as below
        return NamedTypes(self.connection)

    def _rows(self, statement: str, **parameters: str) -> list[Any]:
        assert self.connection is not None  # noqa: S101 - there is one unless Alembic writes SQL
        return list(self.connection.execute(text(statement), parameters))


def _before_recreation(batch: BatchOperationsImpl) -> None:
    if isinstance(batch.impl, DovetailSQLiteImpl) and not batch.impl.as_sql:
        batch.impl.take_out_indexes(batch)


set_batch_hook(_before_recreation)


def _collation(sql: str, column: str) -> str | None:
    """Return the collation of a column in a CREATE TABLE."""
    name = rf'(?:"{re.escape(column)}"|\b{re.escape(column)}\b)'
    found = re.search(rf'{name}\s+\w+(?:\s*\([\d\s,]*\))?[^,()]*?\bCOLLATE\s+"?(\w+)', sql, re.IGNORECASE)
    return found[1] if found else None


def _names_in(sql: str) -> set[str]:
    """Return the words in an expression that may be names of columns."""
    without_texts = re.sub(r"'(?:[^']|'')*'", "", sql)
    return {quoted or plain for quoted, plain in re.findall(r'"([^"]+)"|(\w+)', without_texts)}
