"""The statements that insert rows: one that reads the new row too, one that answers its key, one for many rows.

PostgreSQL takes an INSERT ... RETURNING in the place of the page that a read starts from (`nested_select`). SQLite does
not, but a subquery in RETURNING sees the values of the new row. There a CTE is called as the table is and hides it: the
read that is compiled for every page finds the new row in it, and no other. Such a subquery gives one value only, so
what is not of the row itself comes as one JSON array.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import orjson
from sqlalchemy import (
    CTE,
    BindParameter,
    Column,
    ColumnElement,
    Dialect,
    Executable,
    Float,
    Insert,
    Table,
    bindparam,
    cast,
    func,
    insert,
    inspect,
    literal_column,
    select,
)
from sqlalchemy.sql.elements import ClauseElement

from dovetail.resources.sql.json_values import is_exact_in_json
from dovetail.resources.sql.nested_select import NestedSelect
from dovetail.resources.sql.nodes import Node, Relation
from dovetail.resources.sql.statements import PreparedStatement, Row, prepare
from dovetail.resources.write.links import link_columns

VALUE = "value_"  # with the name of an attribute: the placeholder for its value
Defaults: TypeAlias = Mapping[str, Callable[[], object]]  # what makes the value, by attribute


@dataclass(frozen=True)
class NewRow:
    """The values of a row by attribute, and by relation the keys of the rows that it is linked to."""

    values: Mapping[str, object]
    links: Mapping[str, Sequence[object]] = field(default_factory=dict)


def insertable(model: type[object], values: Mapping[str, object]) -> dict[str, object] | None:
    """Return the values that an INSERT names, as the ORM would choose them; None if some are SQL, and no values."""
    if any(isinstance(value, ClauseElement) or hasattr(value, "__clause_element__") for value in values.values()):
        return None
    return {name: value for name, value in values.items() if value is not None or not _has_default(model, name)}


def python_defaults(model: type[object], names: Iterable[str]) -> Defaults:
    """Return what makes the values of the columns that are not among `names` and have a default in Python."""
    found = ((name, column.default) for name, column in _columns(model) if name not in names)
    return {name: _maker(default) for name, default in found if default is not None and _is_python(default)}


def insert_statement(model: type[object], names: Iterable[str]) -> Insert:
    """Return the INSERT of one row, with placeholders called `value_title` and so on."""
    columns = {name: column for name, column in _columns(model) if name in names}
    placeholders = {column: bindparam(f"{VALUE}{name}", type_=column.type) for name, column in columns.items()}
    return insert(inspect(model).local_table).values(placeholders)


def prepare_insert(
    insert: ClauseElement, dialect: Dialect, viewer_values: Sequence[BindParameter[object]], defaults: Defaults
) -> PreparedStatement | None:
    """Compile an INSERT whose placeholders are those of `insert_statement`."""
    return prepare(insert, dialect, viewer_values, {f"{VALUE}{name}": make for name, make in defaults.items()})


def prepare_returning(
    insert: Insert, nested: NestedSelect, model: type[object], dialect: Dialect, defaults: Defaults
) -> PreparedStatement | None:
    """Compile, for SQLite, `insert` so that it answers what `nested` reads; None if JSON would lose something of it."""
    read = nested.statement.subquery("read")
    others = {place: column for place, column in enumerate(read.c) if place not in nested.own}
    if not all(is_exact_in_json(column.type, dialect) for column in others.values()):
        return None
    columns = [_as_stored(getattr(model, name).property.columns[0]) for name in nested.own.values()]
    statement = prepare_insert(insert.returning(*columns), dialect, (), defaults)
    packed = prepare(select(func.json_array(*others.values())), dialect)
    if statement is None or packed is None:
        return None
    unpack = _unpacking(tuple(nested.own), tuple(others))
    if not others:
        return PreparedStatement(statement.sql, statement.arguments, unpack)
    return PreparedStatement(f"{statement.sql}, ({packed.sql})", statement.arguments + packed.arguments, unpack)


def new_row_cte(model: type[object], dialect: Dialect) -> CTE:
    """Return the table of `model` with the row that is being inserted, for a subquery of RETURNING on SQLite."""
    table = inspect(model).local_table
    name = dialect.identifier_preparer.format_column
    columns = (literal_column(name(one, use_table=True), one.type).label(one.name) for one in table.columns)
    return select(*columns).cte(table.name)


def insert_many_statement(
    model: type[object], key: str, rows: Sequence[Mapping[str, object]], dialect: Dialect
) -> tuple[Executable, list[dict[str, object]] | None]:
    """Return the INSERT of rows of the same attributes, and the arguments; it answers their keys, see `in_order`."""
    columns = dict(_columns(model))
    statement = insert(inspect(model).local_table)
    values = [{columns[name].key: value for name, value in row.items()} for row in rows]
    if _counts_up(columns[key], values, dialect):
        return statement.values(values).returning(columns[key]), None
    return statement.returning(columns[key], sort_by_parameter_order=True), values


def in_order(keys: Iterable[Any], arguments: object) -> list[object]:
    """Return the keys that the INSERT of many rows answered, in the order of the rows."""
    return sorted(keys) if arguments is None else list(keys)


def sees_only_the_row(node: Node, links: Sequence[str], dialect: Dialect) -> bool:
    """Return True if a read of one new row needs nothing of the tables that the row and its links go to."""
    hidden = {link_columns(node.model, name)[0].table for name in links}
    own_table = inspect(node.model).local_table
    # On SQLite CTEs stand for the row's table too, and for tables of links as they will be.
    stand_for = {*hidden, own_table} if dialect.name == "sqlite" else hidden
    if dialect.name == "sqlite" and any(len(table.columns) != 2 for table in hidden):  # noqa: PLR2004 - a link's keys
        return False
    for depth, part in _relations(node):
        if part.relation.property.mapper.local_table is own_table:
            return False
        if part.relation.property.secondary in hidden and (depth or part.name not in links):
            return False
    return all(isinstance(table, Table) and table.schema is None for table in stand_for)


def _unpacking(own: tuple[int, ...], packed: tuple[int, ...]) -> Callable[[Row], Row]:
    """Return what makes a row of a read of SQLite's row: the values for the places `own`, then a JSON array."""

    def unpack(row: Row) -> Row:
        found = dict(zip(own, row, strict=False))
        if packed:
            found |= zip(packed, orjson.loads(row[-1]), strict=True)
        return [found[place] for place in range(len(found))]

    return unpack


def _as_stored(column: ColumnElement[object]) -> ColumnElement[object]:
    # SQLite stores 1.0 as 1 to save room, and reads it as 1.0 from every place but RETURNING.
    return cast(column, column.type) if isinstance(column.type, Float) else column


def _relations(node: Node, depth: int = 0) -> Iterator[tuple[int, Relation]]:
    for part in node.parts:
        if isinstance(part, Relation):
            yield depth, part
            yield from _relations(part.node, depth + 1)


def _columns(model: type[object]) -> Iterator[tuple[str, Column[object]]]:
    for attribute in inspect(model).column_attrs:
        if isinstance(attribute.columns[0], Column):
            yield attribute.key, attribute.columns[0]


def _counts_up(key: Column[object], rows: Sequence[Mapping[str, object]], dialect: Dialect) -> bool:
    # SQLite numbers the rows of a statement one after the other, but answers them in no promised order; SQLAlchemy
    # would insert one at a time there.
    return dialect.name == "sqlite" and key.table.autoincrement_column is key and key.key not in rows[0]


def _has_default(model: type[object], name: str) -> bool:
    column = inspect(model).column_attrs[name].columns[0]
    has = column.primary_key or column.default is not None or column.server_default is not None
    return bool(has) and not column.type.should_evaluate_none


def _is_python(default: Any) -> bool:
    return bool(default.is_scalar or default.is_callable)


def _maker(default: Any) -> Callable[[], object]:
    # SQLAlchemy has wrapped functions that take nothing, so that they take the context; the others are objects' affair.
    return (lambda: default.arg(None)) if default.is_callable else (lambda: default.arg)
