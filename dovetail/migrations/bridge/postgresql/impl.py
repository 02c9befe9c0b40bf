"""Alembic's dialect for PostgreSQL."""

from collections.abc import Callable
from typing import Any, TypeVar

from sqlalchemy import (
    DOUBLE_PRECISION,
    REAL,
    CheckConstraint,
    ClauseElement,
    Column,
    Constraint,
    Executable,
    Float,
    Index,
    Integer,
    UniqueConstraint,
    text,
)
from sqlalchemy.schema import DDLElement

from dovetail.migrations.bridge import search_indexes
from dovetail.migrations.bridge.alembic_private import EQUAL, ComparisonResult, StatementHook, difference
from dovetail.migrations.bridge.impl_shared import LongRevisionIds, OwnDefaults
from dovetail.migrations.bridge.postgresql import probe
from dovetail.migrations.bridge.postgresql.names import renaming_block
from dovetail.migrations.bridge.postgresql.words import WordsImpl
from dovetail.migrations.locks.lock_waits import LockWaits, is_autocommit

T = TypeVar("T")
REAL_BITS = 24  # https://www.postgresql.org/docs/current/datatype-numeric.html#DATATYPE-FLOAT


class DovetailPostgresqlImpl(StatementHook, OwnDefaults, LongRevisionIds, WordsImpl):
    """Naming a dialect registers the class for it (alembic.ddl.impl.ImplMeta)."""

    __dialect__ = "postgresql"

    def run_statement(self, construct: Executable | str, run: Callable[[], T]) -> T | None:
        """Run a statement; one outside of a transaction retries by itself if it cannot get a lock."""
        waits: LockWaits | None = self.context_opts.get("lock_waits")
        if waits is None or self.connection is None or not is_autocommit(self.connection):
            return run()
        clause = text(construct) if isinstance(construct, str) else construct
        assert isinstance(clause, ClauseElement)  # noqa: S101 - as everything that can be executed
        literal = {} if isinstance(clause, DDLElement) else {"literal_binds": True}
        return waits.run_alone(run, str(clause.compile(dialect=self.dialect, compile_kwargs=literal)))

    def compare_type(self, inspector_column: Column[object], metadata_column: Column[object]) -> bool:
        """Return True if two types differ; PostgreSQL keeps FLOAT(n) as one of two types."""
        wanted = metadata_column.type.dialect_impl(self.dialect)
        if wanted.__visit_name__ == "float" and isinstance(wanted, Float) and wanted.precision is not None:
            kept = REAL if wanted.precision <= REAL_BITS else DOUBLE_PRECISION
            return not isinstance(inspector_column.type, kept)
        return super().compare_type(inspector_column, metadata_column)

    def compare_indexes(self, metadata_index: Index, reflected_index: Index) -> ComparisonResult:
        """Return a difference if two indexes of one name differ in anything."""
        found = super().compare_indexes(metadata_index, reflected_index)
        if found.is_different or not (_is_special(metadata_index) or _is_special(reflected_index)):
            return found
        assert self.connection is not None  # noqa: S101 - there is one to compare with
        table = metadata_index.table
        assert table is not None  # noqa: S101 - it is a model's
        return EQUAL if probe.is_kept_index(self.connection, table, metadata_index) else difference("its definition")

    def compare_unique_constraint(
        self, metadata_constraint: UniqueConstraint, reflected_constraint: UniqueConstraint
    ) -> ComparisonResult:
        """Return a difference if two unique constraints of one name differ in anything."""
        found = super().compare_unique_constraint(metadata_constraint, reflected_constraint)
        return found if found.is_different else self._compare_kept(metadata_constraint, reflected_constraint)

    def compare_check_constraint(
        self, metadata_constraint: CheckConstraint, reflected_constraint: CheckConstraint
    ) -> ComparisonResult:
        """Return a difference if two checks of one name differ."""
        return self._compare_kept(metadata_constraint, reflected_constraint)

    def _compare_kept(self, wanted: Constraint, found: Constraint) -> ComparisonResult:
        assert self.connection is not None  # noqa: S101 - there is one to compare with
        if probe.is_kept_constraint(self.connection, wanted.table, str(found.name), wanted):
            return EQUAL
        name = probe.sql_name(wanted.table, self.dialect)
        kept = str(probe.kept_constraint(self.connection, name, str(found.name)))
        if "DEFERRABLE" in kept:  # SQLAlchemy does not read it back
            found.deferrable, found.initially = True, "DEFERRED" if "INITIALLY DEFERRED" in kept else None
        return difference(f"{kept} to another")

    def alter_column(self, table_name: str, column_name: str, **kw: Any) -> None:
        """Change a column; one that loses its default loses an IDENTITY too, which Alembic takes for another thing."""
        kind = kw.get("existing_type")
        if kw.get("server_default", False) is None and (kind is None or isinstance(kind, Integer)):
            quote = self.dialect.identifier_preparer.quote
            table = ".".join(quote(part) for part in (kw.get("schema"), table_name) if part)
            statement = f"ALTER TABLE {table} ALTER COLUMN {quote(column_name)} DROP IDENTITY IF EXISTS"
            self.execute(text(statement.replace(":", r"\:")))
        super().alter_column(table_name, column_name, **kw)

    def create_index(self, index: Index, **kw: object) -> None:
        """Make an index; if one that is made CONCURRENTLY was not finished the last time, drop what was left of it.

        PostgreSQL keeps such an index as INVALID: it serves no query, costs every write, and counts as there for
        IF NOT EXISTS. (https://www.postgresql.org/docs/current/sql-createindex.html#SQL-CREATEINDEX-CONCURRENTLY)
        """
        if not self.as_sql and index.dialect_options["postgresql"]["concurrently"] and self._is_invalid(index):
            super(WordsImpl, self).drop_index(index)  # the columns of words that it reads are good, and dear
        super().create_index(index, **kw)

    def correct_for_autogen_constraints(
        self, conn_uniques: object, conn_indexes: Any, metadata_unique_constraints: object, metadata_indexes: Any
    ) -> None:
        """Take a search index for unchanged if it is: PostgreSQL writes its expression in other words."""
        search_indexes.remove_equal_indexes(conn_indexes, metadata_indexes)
        super().correct_for_autogen_constraints(  # type: ignore[no-untyped-call]  # Alembic's
            conn_uniques, conn_indexes, metadata_unique_constraints, metadata_indexes
        )

    def _is_invalid(self, index: Index) -> bool:
        assert self.connection is not None  # noqa: S101 - there is one unless Alembic writes SQL
        found = "SELECT 1 FROM pg_index WHERE indexrelid = to_regclass(:name) AND NOT indisvalid"
        quote = self.dialect.identifier_preparer.quote
        schema = index.table.schema if index.table is not None else None
        name = ".".join(quote(part) for part in (schema, str(index.name)) if part)
        return self.connection.scalar(text(found), {"name": name}) is not None

    def rename_table(self, old_table_name: str, new_table_name: str, schema: str | None = None) -> None:
        """Rename a table, and what bears its name."""
        super().rename_table(old_table_name, new_table_name, schema)
        self.execute(text(renaming_block(old_table_name, new_table_name, schema)))


def _is_special(index: Index) -> bool:
    """Return True if an index is more than a list of columns."""
    return bool(set(index.dialect_kwargs)) or not all(isinstance(each, Column) for each in index.expressions)
