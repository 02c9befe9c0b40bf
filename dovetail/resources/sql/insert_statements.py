"""The statements that insert rows: one for a single row, which `read_back.py` lets answer the row, one for many."""

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

PLAIN = frozenset({str, int, float, bool, type(None), datetime})  # classes of most values, which are no SQL
VALUE = "value_"  # with the name of an attribute: the placeholder for its value
Defaults: TypeAlias = Mapping[str, Callable[[], object]]  # what makes the value, by attribute


@dataclass(frozen=True)
class NewRow:
    """The values of a row by attribute, and by relation the keys of the rows that it is linked to.

    Where `by` has the column of a relation they are names instead, by which the rows are found.
    """

    values: Mapping[str, object]
    links: Mapping[str, Sequence[object]] = field(default_factory=dict)
    by: Mapping[str, Column[object]] = field(default_factory=dict)


def insertable(model: type[object], values: Mapping[str, object]) -> dict[str, object] | None:
    """Return the values that an INSERT names, as the ORM would choose them; None if some are SQL, and no values."""
    if any(_is_sql(value) for value in values.values() if value.__class__ not in PLAIN):
        return None
    return {name: value for name, value in values.items() if value is not None or not _has_default(model, name)}


def python_defaults(model: type[object], names: Iterable[str]) -> Defaults:
    """Return what makes the values of the columns that are not among `names` and have a default in Python."""
    found = ((name, column.default) for name, column in columns_of(model) if name not in names)
    return {name: maker_of(default) for name, default in found if is_python(default)}


def insert_statement(model: type[object], names: Iterable[str]) -> Insert:
    """Return the INSERT of one row, with its `placeholders`."""
    return insert(inspect(model).local_table).values(placeholders(model, names))


def guarded_insert(
    model: type[object], names: Iterable[str], check: ColumnElement[bool], *conditions: ColumnElement[bool]
) -> Insert | None:
    """Return the INSERT of one row that inserts nothing unless the row is to fulfil `check`, and `conditions` hold.

    It asks of the values that are inserted, so that nothing has to be rolled back. None if the check looks at a column
    whose value the database makes, or names one in SQL of its own; the conditions are not about the row.
    """
    given, table = placeholders(model, names), inspect(model).local_table
    values = {column: null() for column in table.columns if _is_null(column)} | given

    def value(element: ExternallyTraversible, **_: object) -> ExternallyTraversible | None:
        return values[element] if isinstance(element, Column) and element in values else None

    asked = visitors.replacement_traverse(check, {}, value)
    if any(_names_column(part, table) for part in visitors.iterate(asked)):
        return None
    return insert(table).from_select(list(given), select(*given.values()).where(asked, *conditions))


def placeholders(model: type[object], names: Iterable[str]) -> dict[Column[object], BindParameter[object]]:
    """Return placeholders for the values of attributes, called `value_title` and so on, by column."""
    columns = {name: column for name, column in columns_of(model) if name in names}
    return {column: bindparam(f"{VALUE}{name}", type_=column.type) for name, column in columns.items()}


def arguments_of(values: Mapping[str, object]) -> dict[str, object]:
    """Return what fills the placeholders for `values`, which are by attribute."""
    return {f"{VALUE}{name}": value for name, value in values.items()}


def prepare_values(
    statement: ClauseElement, dialect: Dialect, viewer_values: Sequence[BindParameter[object]], defaults: Defaults
) -> PreparedStatement | None:
    """Compile an INSERT or UPDATE whose placeholders are those of `placeholders`."""
    return prepare(statement, dialect, viewer_values, {f"{VALUE}{name}": make for name, make in defaults.items()})


def insert_many_statement(
    model: type[object], names: Sequence[str], rows: Sequence[Mapping[str, object]], dialect: Dialect
) -> tuple[Executable, list[dict[str, object]] | None]:
    """Return the INSERT of rows of the same attributes, and the arguments; it answers their keys, see `in_order`.

    The attributes of `names` make a key.
    """
    columns = dict(columns_of(model))
    statement = insert(inspect(model).local_table)
    values = [{columns[name].key: value for name, value in row.items()} for row in rows]
    if len(names) == 1 and _counts_up(columns[names[0]], values, dialect):
        return statement.values(values).returning(columns[names[0]]), None
    return statement.returning(*(columns[name] for name in names), sort_by_parameter_order=True), values


def in_order(keys: Iterable[Any], arguments: object) -> list[object]:
    """Return the keys that the INSERT of many rows answered, in the order of the rows."""
    return sorted(keys) if arguments is None else list(keys)


def columns_of(model: type[object]) -> Iterator[tuple[str, Column[object]]]:
    """Yield the columns of a model's table, each with the name of its attribute."""
    for attribute in inspect(model).column_attrs:
        if isinstance(attribute.columns[0], Column):
            yield attribute.key, attribute.columns[0]


def is_python(default: Any) -> bool:
    """Return True if Python makes the value of a column's default."""
    return default is not None and bool(default.is_scalar or default.is_callable)


def maker_of(default: Any) -> Callable[[], object]:
    """Return what makes the value of such a default."""
    # SQLAlchemy has wrapped functions that take nothing, so that they take the context; the others are objects' affair.
    return (lambda: default.arg(None)) if default.is_callable else (lambda: default.arg)


def _is_sql(value: object) -> bool:
    return isinstance(value, ClauseElement) or hasattr(value, "__clause_element__")


def _is_null(column: Column[object]) -> bool:
    """Return True if a column is null in a row that is inserted without it."""
    made = (column.default, column.server_default, column.computed, column.identity)
    return not column.primary_key and all(one is None for one in made)


def _names_column(part: ExternallyTraversible, table: FromClause) -> bool:
    """Return True for a column of the table, and for a text that may be one."""
    return isinstance(part, TextClause) or (isinstance(part, ColumnClause) and part.table in {None, table})


def _counts_up(key: Column[object], rows: Sequence[Mapping[str, object]], dialect: Dialect) -> bool:
    # SQLite numbers the rows of a statement one after the other, but answers them in no promised order; SQLAlchemy
    # would insert one at a time there.
    counts = key.table.autoincrement_column is key and key.default is None
    return dialect.name == "sqlite" and counts and key.key not in rows[0]


def _has_default(model: type[object], name: str) -> bool:
    column = inspect(model).column_attrs[name].columns[0]
    has = column.primary_key or column.default is not None or column.server_default is not None
    return bool(has) and not column.type.should_evaluate_none
