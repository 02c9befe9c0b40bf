"""Alembic's two dialects, with room for our revision ids, and on SQLite with care for what Alembic does not see."""

from functools import partial
from typing import Any

from alembic.ddl.postgresql import PostgresqlImpl
from alembic.ddl.sqlite import SQLiteImpl
from sqlalchemy import Column, Index, MetaData, PrimaryKeyConstraint, String, Table, text
from sqlalchemy.schema import DDLElement

from project.migrations.limits import BATCH_PREFIX
from project.migrations.lock_waits import LockWaits, is_autocommit
from project.migrations.postgresql_names import renaming_block
from project.migrations.sqlite_names import renaming_statements


class _LongRevisionIds:
    """Alembic's own table has VARCHAR(32), which PostgreSQL enforces; `blog_0002_post_view_count` may be longer."""

    def version_table_impl(self, *, version_table: str, version_table_schema: str | None, **_kwargs: Any) -> Table:
        return Table(
            version_table,
            MetaData(),
            Column("version_num", String(255), nullable=False),
            PrimaryKeyConstraint("version_num", name=f"{version_table}_pkc"),
            schema=version_table_schema,
        )


class DovetailPostgresqlImpl(_LongRevisionIds, PostgresqlImpl):
    """Naming a dialect registers the class for it (alembic.ddl.impl.ImplMeta)."""

    __dialect__ = "postgresql"

    def _exec(self, construct: Any, *args: Any, **kw: Any) -> Any:
        """What every operation comes through; outside of a transaction a statement waits for locks by itself."""
        run = partial(super()._exec, construct, *args, **kw)
        waits: LockWaits | None = self.context_opts.get("lock_waits")
        if waits is None or self.connection is None or not is_autocommit(self.connection):
            return run()
        clause = text(construct) if isinstance(construct, str) else construct
        literal = {} if isinstance(clause, DDLElement) else {"literal_binds": True}
        return waits.run_alone(run, str(clause.compile(dialect=self.dialect, compile_kwargs=literal)))

    def create_index(self, index: Index, **kw: Any) -> None:
        """Make an index; if one that is made CONCURRENTLY was not finished the last time, drop what was left of it.

        PostgreSQL keeps such an index as INVALID: it serves no query, costs every write, and counts as there for
        IF NOT EXISTS. (https://www.postgresql.org/docs/current/sql-createindex.html#SQL-CREATEINDEX-CONCURRENTLY)
        """
        if not self.as_sql and index.dialect_options["postgresql"]["concurrently"] and self._is_invalid(index):
            super().drop_index(index)
        super().create_index(index, **kw)

    def _is_invalid(self, index: Index) -> bool:
        assert self.connection is not None  # noqa: S101 - there is one unless Alembic writes SQL
        found = "SELECT 1 FROM pg_index WHERE indexrelid = to_regclass(:name) AND NOT indisvalid"
        name = f"{index.table.schema}.{index.name}" if index.table is not None and index.table.schema else index.name
        return self.connection.scalar(text(found), {"name": name}) is not None

    def rename_table(self, old_table_name: str, new_table_name: Any, schema: Any = None) -> None:
        """Rename a table, and what bears its name."""
        super().rename_table(old_table_name, new_table_name, schema)
        if schema is None:
            self.execute(text(renaming_block(old_table_name, new_table_name)))


class DovetailSQLiteImpl(_LongRevisionIds, SQLiteImpl):
    """Naming a dialect registers the class for it.

    SQLAlchemy cannot reflect SQLite's triggers and indexes on expressions, so that Alembic would lose them whenever it
    makes a table anew, and would never create such an index.
    """

    __dialect__ = "sqlite"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._unseen: dict[str, list[str]] = {}

    def drop_table(self, table: Table, **kw: Any) -> None:
        """Drop a table; if another is about to take its place, remember what only SQLite knows of it."""
        if not self.as_sql and self._exists(BATCH_PREFIX + table.name):
            self._unseen[table.name] = self._unseen_statements(table.name)
        super().drop_table(table, **kw)

    def rename_table(self, old_table_name: str, new_table_name: Any, schema: Any = None) -> None:
        """Rename a table, and what bears its name.

        If it takes the place of another, give it that one's triggers and indexes on expressions.
        """
        if self.as_sql:
            super().rename_table(old_table_name, new_table_name, schema)
        elif not old_table_name.startswith(BATCH_PREFIX):
            super().rename_table(old_table_name, new_table_name, schema)
            for statement in list(renaming_statements(self._rows, old_table_name, str(new_table_name))):
                self.execute(text(statement.replace(":", r"\:")))
        else:
            # Else SQLite would look into every trigger and view, and find the table that was just dropped missing.
            self.execute(text("PRAGMA legacy_alter_table=on"))
            super().rename_table(old_table_name, new_table_name, schema)
            self.execute(text("PRAGMA legacy_alter_table=off"))
            for statement in self._unseen.pop(str(new_table_name), ()):
                self.execute(text(statement.replace(":", r"\:")))

    def correct_for_autogen_constraints(
        self,
        conn_unique_constraints: Any,  # noqa: ARG002 - Alembic's signature
        conn_indexes: Any,  # noqa: ARG002 - as above
        metadata_unique_constraints: Any,  # noqa: ARG002 - as above
        metadata_indexes: set[Index],
    ) -> None:
        """Take an index on an expression for unchanged if there is one of its name, and for missing if there is not."""
        for index in list(metadata_indexes):
            on_columns = all(isinstance(expression, Column) for expression in index.expressions)
            if not on_columns and self._exists(str(index.name)):
                metadata_indexes.discard(index)

    def _exists(self, name: str) -> bool:
        return bool(self._rows("SELECT 1 FROM sqlite_master WHERE name = :name", name=name))

    def _unseen_statements(self, table: str) -> list[str]:
        """Triggers, and indexes of which SQLite cannot name every column."""
        kept = (
            "SELECT type, name, sql FROM sqlite_master WHERE tbl_name = :table AND sql IS NOT NULL AND type <> 'table'"
        )
        columns = "SELECT 1 FROM pragma_index_info(:index) WHERE name IS NULL"
        return [
            str(row.sql)
            for row in self._rows(kept, table=table)
            if row.type == "trigger" or (row.type == "index" and self._rows(columns, index=row.name))
        ]

    def _rows(self, statement: str, **parameters: str) -> list[Any]:
        assert self.connection is not None  # noqa: S101 - there is one unless Alembic writes SQL
        return list(self.connection.execute(text(statement), parameters))
