"""Create, alter and drop the enums and domains of PostgreSQL with the columns that use them."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from alembic.ddl.postgresql import PostgresqlImpl
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Column, Connection, DefaultClause, Inspector, Table, text
from sqlalchemy.dialects.postgresql import ENUM
from sqlalchemy.schema import Constraint
from sqlalchemy.sql.elements import TextClause
from sqlalchemy.types import TypeEngine

from dovetail.migrations.bridge.impl_shared import name_by_convention
from dovetail.migrations.bridge.portable import literal_of
from dovetail.migrations.bridge.postgresql import sequences
from dovetail.migrations.bridge.postgresql.schemas import dropping, making
from dovetail.migrations.bridge.postgresql.types import (
    Named,
    changes,
    creation,
    enums_without_check,
    exists,
    labels,
    named_types,
    types_of_table,
    unused,
)


class NamedTypesImpl(PostgresqlImpl):
    """Creates a type before the first column that uses it, and drops it with the last one."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._left: set[int] = set()  # OIDs of types of dropped columns
        self._left_schemas: set[str] = set()  # schemas of dropped tables

    def compare_type(self, inspector_column: Column[object], metadata_column: Column[object]) -> bool:
        """Return True if two types, or the labels of their enums, differ."""
        found, wanted = (self._named(each.type) for each in (inspector_column, metadata_column))
        if found and wanted:
            return [labels(each) for each in found] != [labels(each) for each in wanted]
        differ: bool = super().compare_type(inspector_column, metadata_column)
        return differ

    def autogen_column_reflect(self, inspector: Inspector, table: Table, column_info: dict[str, object]) -> None:
        """Read a column; keep the default of a serial column that is no key, which Alembic would leave out."""
        default = column_info.get("default")
        super().autogen_column_reflect(inspector, table, column_info)  # type: ignore[no-untyped-call]  # Alembic's
        if column_info["name"] not in inspector.get_pk_constraint(table.name, table.schema)["constrained_columns"]:
            column_info["default"] = default

    def create_table(self, table: Table, **kw: object) -> None:
        """Create a table, after the types that it needs."""
        for constraint in table.constraints:
            name_by_convention(constraint)
        if table.schema is not None:
            self._run(making(table.schema, self.dialect.identifier_preparer.quote))
        needed = [each for column in table.columns for each in named_types(column.type, self.dialect)]
        self._prepare(needed)
        for each in needed:  # else SQLAlchemy would make it now, and complain if it is there
            self.memo.setdefault(f"pg_{each.__visit_name__}", set()).add((each.schema, each.name))
        with self._sequences(table.name, table.schema, table.columns):
            super().create_table(table, **kw)

    def add_column(self, table_name: str, column: Column[object], **kw: Any) -> None:
        """Add a column, after the types that it needs."""
        self._prepare(named_types(column.type, self.dialect))
        with self._sequences(table_name, kw.get("schema"), [column]):
            super().add_column(table_name, column, **kw)

    def add_constraint(self, const: Constraint, **kw: object) -> None:
        """Add a constraint; one that comes with a type gets its conventional name."""
        name_by_convention(const)
        super().add_constraint(const, **kw)

    def drop_constraint(self, const: Constraint, **kw: object) -> None:
        """Drop a constraint; one that came with a type has its conventional name.

        The CHECK of an enum that is native on PostgreSQL exists on SQLite only: dropping it does nothing here.
        """
        name_by_convention(const)
        if self.as_sql or str(const.name) not in self._checks_of_sqlite(const):
            super().drop_constraint(const, **kw)

    def drop_table(self, table: Table, **kw: object) -> None:
        """Drop a table, and remember the types of its columns."""
        self._remember(table.name, table.schema)
        if table.schema is not None:
            self._left_schemas.add(table.schema)
        super().drop_table(table, **kw)

    def drop_column(self, table_name: str, column: Column[object], **kw: Any) -> None:
        """Drop a column, and remember the types of its table."""
        self._remember(table_name, kw.get("schema"))
        super().drop_column(table_name, column, **kw)

    def alter_column(self, table_name: str, column_name: str, **kw: Any) -> None:
        """Change a column; from or to an enum by converting it to text.

        The default is dropped and set again, since USING does not convert it.
        """
        before, after = (self._named(kw.get(name)) for name in ("existing_type", "type_"))
        if kw.get("type_") is None or not (before or after or "postgresql_using" in kw):
            super().alter_column(table_name, column_name, **kw)
            return
        self._remember(table_name, kw.get("schema"))
        default = kw.pop("server_default", False)
        self._prepare(after, may_add=default is False)
        if after and [each.name for each in before] == [each.name for each in after]:
            del kw["type_"]  # its labels changed, and that is done
            super().alter_column(table_name, column_name, server_default=default, **kw)
            return
        existing = kw.get("existing_server_default")
        has_default = existing is not None and existing is not False
        if has_default or default is not False:
            super().alter_column(table_name, column_name, server_default=None)
        if after and "postgresql_using" not in kw:
            quoted, wanted = self.dialect.identifier_preparer.quote(column_name), kw["type_"].compile(self.dialect)
            kw["postgresql_using"] = f"{quoted}::text::{wanted}"
        default = _literal(existing) if default is False and has_default else default
        super().alter_column(table_name, column_name, server_default=default, **kw)

    def drop_unused(self) -> None:
        """Drop the types whose last column, and the schemas whose last table, was dropped.

        Skip those that the migration has dropped itself.
        """
        for name in unused(self._connection, sorted(self._left)) if self._left else ():
            self._run(f"DROP {name}")
        for statement in dropping(self._left_schemas, self.dialect.identifier_preparer.quote):
            self._run(statement)
        self._left.clear()
        self._left_schemas.clear()

    def _prepare(self, types: Iterable[Named], *, may_add: bool = True) -> None:
        """Create the types that do not exist, and give existing enums their new labels."""
        for each in types:
            if self.as_sql:
                self._write_creation(each)
            elif not exists(self._connection, each):
                self.execute(creation(each))
            elif isinstance(each, ENUM):
                for statement in list(changes(self._connection, each, may_add=may_add)):
                    self._run(statement)

    @contextmanager
    def _sequences(self, table: str, schema: str | None, columns: Iterable[Column[object]]) -> Iterator[None]:
        """Make the sequences of columns that the block makes."""
        new = list(sequences.new_sequences(columns, self.connection))
        for _, name in new:
            self._run(sequences.making(name))
        yield
        for column, name in new:
            self._run(sequences.giving(name, self._sql_name(column, table, schema)))

    def _write_creation(self, each: Named) -> None:
        # Whether it is there is known only where this is run.
        statement = str(creation(each).compile(dialect=self.dialect)).strip()
        self._run(f"DO $$ BEGIN {statement}; EXCEPTION WHEN duplicate_object THEN NULL; END $$")

    def _checks_of_sqlite(self, const: Constraint) -> list[str]:
        table = const.table
        enums = enums_without_check(self._connection, self._sql_name(table.name, table.schema), str(const.name))
        if not enums:
            return []
        # Imported here, with the ORM: hardly a migration has one.
        from dovetail.database.models import NAMING_CONVENTION

        return [NAMING_CONVENTION["ck"] % {"table_name": table.name, "constraint_name": name} for name in enums]

    def _named(self, found: TypeEngine[object] | None) -> list[Named]:
        return list(named_types(found, self.dialect)) if isinstance(found, TypeEngine) else []

    def _remember(self, table: str, schema: str | None) -> None:
        if not self.as_sql:
            self._left.update(types_of_table(self._connection, self._sql_name(table, schema)))

    def _sql_name(self, name: str, *around: str | None) -> str:
        quote = self.dialect.identifier_preparer.quote
        return ".".join(quote(part) for part in (*reversed(around), name) if part)

    def _run(self, statement: str) -> None:
        self.execute(text(statement.replace(":", r"\:")))

    @property
    def _connection(self) -> Connection:
        assert self.connection is not None  # noqa: S101 - there is one unless Alembic writes SQL
        return self.connection


def drop_unused(*, ctx: MigrationContext, **_kwargs: object) -> None:
    """Drop types without columns and schemas without tables; Alembic calls this as `on_version_apply`."""
    if isinstance(ctx.impl, NamedTypesImpl):
        ctx.impl.drop_unused()


def _literal(default: object) -> Any:
    """Return a default without the cast to the type that its column had."""
    found = default.arg if isinstance(default, DefaultClause) else default
    text_ = literal_of(found.text) if isinstance(found, TextClause) else None
    return default if text_ is None else text_
