"""Describe the tables of a database in texts that can be compared."""

from collections.abc import Iterator, Mapping, Sequence

from sqlalchemy import Connection, Inspector, inspect
from sqlalchemy.engine.interfaces import ReflectedColumn, ReflectedForeignKeyConstraint, ReflectedIndex
from sqlalchemy.exc import CompileError
from sqlalchemy.types import TypeEngine

from dovetail.migrations.bridge.expressions import without_brackets
from dovetail.migrations.bridge.portable import is_clock, portable_type
from dovetail.migrations.bridge.sqlite.computed import complete

Description = Mapping[str, str]  # what a part says, by what it is: "the column name" and "VARCHAR(40) NOT NULL"


def describe_tables(connection: Connection, schema: str | None = None) -> dict[str, Description]:
    """Return the tables and views of a schema, each with its parts."""
    inspector = inspect(connection)
    names = [*inspector.get_table_names(schema), *inspector.get_view_names(schema)]
    return {name: dict(_parts(inspector, name, schema)) for name in sorted(names)}


def differences(name: str, found: Description, expected: Description) -> Iterator[str]:
    """Yield how a table of the database differs from what a migration makes."""
    for part, text in expected.items():
        if part not in found:
            yield f"{name}: the database has not {part} ({text})"
        elif found[part] != text:
            yield f"{name}: {part} is {found[part]}, and the migration makes it {text}"
    for part, text in found.items():
        if part not in expected:
            yield f"{name}: the database has {part} ({text}), which the migration does not make"


def _parts(inspector: Inspector, name: str, schema: str | None) -> Iterator[tuple[str, str]]:
    key = inspector.get_pk_constraint(name, schema)
    for column in inspector.get_columns(name, schema):
        complete(inspector, name, column)
        is_null = column["nullable"] and column["name"] not in key["constrained_columns"]  # SQLite says so of keys, too
        yield f"the column {column['name']}", _without(schema, _column(inspector, column, is_null=is_null))
    if key["constrained_columns"]:
        yield "the primary key", _listed(key["constrained_columns"]) + _named(inspector, key)
    for one in inspector.get_foreign_keys(name, schema):
        target = f"to {one['referred_table']}{_listed(one['referred_columns'])}{_rules(one)}"
        yield f"the foreign key {_listed(one['constrained_columns'])}", target + _named(inspector, one)
    for unique in inspector.get_unique_constraints(name, schema):
        yield f"the unique constraint {_listed(unique['column_names'])}", "unique" + _named(inspector, unique)
    for check in inspector.get_check_constraints(name, schema):
        yield f"the check {_plain(check['sqltext'])}", "checked" + _named(inspector, check)
    for index in inspector.get_indexes(name, schema):
        if not index.get("duplicates_constraint"):
            yield f"the index {index['name']}", _without(schema, _index(index))


def _column(inspector: Inspector, column: ReflectedColumn, *, is_null: bool) -> str:
    parts = [_type(inspector, column["type"]), "" if is_null else "NOT NULL"]
    if column.get("computed"):
        parts.append(f"computed as {_plain(column['computed']['sqltext'])}")
    elif column.get("identity"):
        parts.append("an identity")
    elif column["default"] is not None and is_clock(column["default"]):
        parts.append("DEFAULT the time")
    elif column["default"] is not None:
        parts.append(f"DEFAULT {_plain(str(column['default']))}")
    return " ".join(filter(None, parts))


def _type(inspector: Inspector, found: TypeEngine[object]) -> str:
    """Return a type as SQL; SQLite has several names for what is one to it."""
    if inspector.dialect.name == "sqlite":
        found = portable_type(found)
    try:
        return found.compile(dialect=inspector.dialect)
    except CompileError:
        return "of no type"


def _index(index: ReflectedIndex) -> str:
    options = {name: value for name, value in index.get("dialect_options", {}).items() if value not in (None, [], {})}
    parts = ["unique" if index["unique"] else "", "on " + _listed(index.get("expressions") or index["column_names"])]
    return " ".join(filter(None, [*parts, str(options) if options else ""]))


def _rules(key: ReflectedForeignKeyConstraint) -> str:
    options = {name: str(value) for name, value in key.get("options", {}).items() if value and value != "NO ACTION"}
    return "".join(f" {name} {value}" for name, value in sorted(options.items()))


def _named(inspector: Inspector, constraint: Mapping[str, object]) -> str:
    """Return what follows the name of a constraint; on SQLite, where most have none, nothing hangs on it."""
    return f", named {constraint['name']}" if inspector.dialect.name == "postgresql" else ""


def _listed(names: Sequence[str | None]) -> str:
    return f"({', '.join(map(str, names))})"


def _without(schema: str | None, text: str) -> str:
    return text.replace(f'"{schema}".', "").replace(f"{schema}.", "") if schema else text


def _plain(text: str) -> str:
    """Return an expression without what a database adds to it: white space, and brackets around all of it."""
    return " ".join(without_brackets(text).split())
