"""INSERT statements: of a single row, which `write/read_back.py` extends to read the row, and of many rows."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeAlias

from sqlalchemy import (
    BindParameter,
    Column,
    ColumnClause,
    ColumnElement,
    Dialect,
    Executable,
    FromClause,
    Insert,
    TextClause,
    bindparam,
    insert,
    inspect,
    null,
    select,
)
from sqlalchemy.sql import visitors
from sqlalchemy.sql.elements import ClauseElement
from sqlalchemy.sql.visitors import ExternallyTraversible

from dovetail.resources.sql.statements import PreparedStatement, prepare

PLAIN = frozenset({str, int, float, bool, type(None), datetime})  # common classes that cannot be SQL expressions
VALUE = "value_"  # prefix of an attribute's name: the placeholder for its value
Defaults: TypeAlias = Mapping[str, Callable[[], object]]  # functions that make default values, by attribute


@dataclass(frozen=True)
class NewRow:
    """The values of a row by attribute, and by relation the keys of the rows to link.

    If `by` has a column for the relation, the links are values of that column instead of keys.
    """

    values: Mapping[str, object]
    links: Mapping[str, Sequence[object]] = field(default_factory=dict)
    by: Mapping[str, Column[object]] = field(default_factory=dict)


def insertable(model: type[object], values: Mapping[str, object]) -> dict[str, object] | None:
    """Return the values to name in an INSERT, chosen as the ORM would; None if one is an SQL expression."""
    if any(_is_sql(value) for value in values.values() if value.__class__ not in PLAIN):
        return None
    return {name: value for name, value in values.items() if value is not None or not _has_default(model, name)}


def python_defaults(model: type[object], names: Iterable[str]) -> Defaults:
    """Return the default functions of the columns that have a Python default and are not in `names`."""
    found = ((name, column.default) for name, column in columns_of(model) if name not in names)
    return {name: maker_of(default) for name, default in found if is_python(default)}


def insert_statement(model: type[object], names: Iterable[str]) -> Insert:
    """Return the INSERT of one row, with `placeholders` as values."""
    return insert(inspect(model).local_table).values(placeholders(model, names))


def guarded_insert(
    model: type[object], names: Iterable[str], check: ColumnElement[bool], *conditions: ColumnElement[bool]
) -> Insert | None:
    """Return an INSERT of one row that inserts nothing unless the row would fulfil `check` and `conditions` hold.

    `check` is tested on the values to insert, so that nothing has to be rolled back. Return None if it uses a column
    whose value the database generates, or refers to one in literal SQL. The `conditions` do not concern the row.
    """
    given, table = placeholders(model, names), inspect(model).local_table
    values = {column: null() for column in table.columns if _is_null(column)} | given

    def value(element: ExternallyTraversible, **_: object) -> ExternallyTraversible | None:
        return values[element] if isinstance(element, Column) and element in values else None

    checked = visitors.replacement_traverse(check, {}, value)
    if any(_names_column(part, table) for part in visitors.iterate(checked)):
        return None
    return insert(table).from_select(list(given), select(*given.values()).where(checked, *conditions))


def placeholders(model: type[object], names: Iterable[str]) -> dict[Column[object], BindParameter[object]]:
    """Return placeholders for the values of attributes by column, named `value_title` and so on."""
    columns = {name: column for name, column in columns_of(model) if name in names}
    return {column: bindparam(f"{VALUE}{name}", type_=column.type) for name, column in columns.items()}


def arguments_of(values: Mapping[str, object]) -> dict[str, object]:
    """Return the arguments for the placeholders of `values`, which are by attribute."""
    return {f"{VALUE}{name}": value for name, value in values.items()}


def prepare_values(
    statement: ClauseElement, dialect: Dialect, viewer_values: Sequence[BindParameter[object]], defaults: Defaults
) -> PreparedStatement | None:
    """Compile an INSERT or UPDATE whose placeholders are those of `placeholders`."""
    return prepare(statement, dialect, viewer_values, {f"{VALUE}{name}": make for name, make in defaults.items()})


def insert_many_statement(
    model: type[object], names: Sequence[str], rows: Sequence[Mapping[str, object]], dialect: Dialect
) -> tuple[Executable, list[dict[str, object]] | None]:
    """Return the INSERT of rows that set the same attributes, and its arguments. It returns the keys; see `in_order`.

    The attributes of `names` make up the key.
    """
    columns = dict(columns_of(model))
    statement = insert(inspect(model).local_table)
    values = [{columns[name].key: value for name, value in row.items()} for row in rows]
    if len(names) == 1 and _counts_up(columns[names[0]], values, dialect):
        return statement.values(values).returning(columns[names[0]]), None
    return statement.returning(*(columns[name] for name in names), sort_by_parameter_order=True), values


def in_order(keys: Iterable[Any], arguments: object) -> list[object]:
    """Return the keys that `insert_many_statement` returned, in the order of the rows."""
    return sorted(keys) if arguments is None else list(keys)


def columns_of(model: type[object]) -> Iterator[tuple[str, Column[object]]]:
    """Yield the columns of a model's table, each with the name of its attribute."""
    for attribute in inspect(model).column_attrs:
        if isinstance(attribute.columns[0], Column):
            yield attribute.key, attribute.columns[0]


def is_python(default: Any) -> bool:
    """Return True if a column's default is a scalar or a Python function, and not SQL."""
    return default is not None and bool(default.is_scalar or default.is_callable)


def maker_of(default: Any) -> Callable[[], object]:
    """Return a function that makes the value of a default for which `is_python` is true."""
    # SQLAlchemy wraps functions without parameters so that they take the context; with others the ORM inserts objects.
    return (lambda: default.arg(None)) if default.is_callable else (lambda: default.arg)


def _is_sql(value: object) -> bool:
    return isinstance(value, ClauseElement) or hasattr(value, "__clause_element__")


def _is_null(column: Column[object]) -> bool:
    """Return True if an INSERT that omits the column stores NULL."""
    made = (column.default, column.server_default, column.computed, column.identity)
    return not column.primary_key and all(one is None for one in made)


def _names_column(part: ExternallyTraversible, table: FromClause) -> bool:
    """Return True for a column of the table, or for literal SQL that may be one."""
    return isinstance(part, TextClause) or (isinstance(part, ColumnClause) and part.table in {None, table})


def _counts_up(key: Column[object], rows: Sequence[Mapping[str, object]], dialect: Dialect) -> bool:
    # SQLite numbers the rows of one INSERT in their order, but guarantees no order of RETURNING: `in_order` sorts the
    # keys. SQLAlchemy would insert the rows one by one instead.
    counts = key.table.autoincrement_column is key and key.default is None
    return dialect.name == "sqlite" and counts and key.key not in rows[0]


def _has_default(model: type[object], name: str) -> bool:
    column = inspect(model).column_attrs[name].columns[0]
    has = column.primary_key or column.default is not None or column.server_default is not None
    return bool(has) and not column.type.should_evaluate_none
