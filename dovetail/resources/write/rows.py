"""A row to insert, and the parts of the statements that insert and link it."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import CTE, Column, Dialect, Executable, Insert, Select, Table, bindparam, insert, inspect, select
from sqlalchemy.sql.elements import ClauseElement

from dovetail.resources.sql.nodes import Node, Relation
from dovetail.resources.sql.pairs import Pairs
from dovetail.resources.sql.statements import members

Defaults = tuple[tuple[str, Callable[[], Any]], ...]


@dataclass(frozen=True)
class Row:
    """Its values by attribute, and by relation the keys of the rows that it is linked to."""

    values: Mapping[str, Any]
    links: Mapping[str, Sequence[Any]] = field(default_factory=dict)


def insertable(model: type[Any], values: Mapping[str, Any]) -> dict[str, Any] | None:
    """The values that an INSERT names, as the ORM would choose them; None if some are no values but SQL."""
    if any(isinstance(value, ClauseElement) or hasattr(value, "__clause_element__") for value in values.values()):
        return None
    return {name: value for name, value in values.items() if value is not None or not _has_default(model, name)}


def defaults(model: type[Any], names: Sequence[str]) -> Defaults:
    """What Python makes for the columns that are not among `names`."""
    found = ((name, column.default) for name, column in _columns(model) if name not in names)
    return tuple((name, _maker(default)) for name, default in found if default is not None and _is_python(default))


def insert_statement(model: type[Any], names: Sequence[str]) -> Insert:
    """INSERT one row, with placeholders called `value_title` and so on."""
    columns = {name: column for name, column in _columns(model) if name in names}
    placeholders = {column: bindparam(f"value_{name}", type_=column.type) for name, column in columns.items()}
    return insert(inspect(model).local_table).values(placeholders)


def insert_many_statement(
    model: type[Any], key: str, rows: Sequence[Mapping[str, Any]], dialect: Dialect
) -> tuple[Executable, list[dict[str, Any]] | None]:
    """INSERT rows of the same attributes, and the arguments; it answers their keys, see `in_order`."""
    columns = dict(_columns(model))
    statement = insert(inspect(model).local_table)
    values = [{columns[name].key: value for name, value in row.items()} for row in rows]
    if _counts_up(columns[key], values, dialect):
        return statement.values(values).returning(columns[key]), None
    return statement.returning(columns[key], sort_by_parameter_order=True), values


def in_order(keys: Iterable[Any], arguments: object) -> list[Any]:
    """The keys that the statement answered, in the order of the rows."""
    return sorted(keys) if arguments is None else list(keys)


def link_many_statements(
    model: type[Any], keys: Sequence[Any], rows: Sequence[Row], dialect: Dialect
) -> Iterator[tuple[Executable, dict[str, Any]]]:
    """For each relation the INSERT of all links of `rows`, which have these keys, and the arguments."""
    for name in dict.fromkeys(name for row in rows for name in row.links):
        pairs = [(key, one) for key, row in zip(keys, rows, strict=True) for one in row.links.get(name, ())]
        if pairs:
            yield Pairs(*link_columns(model, name), pairs).inserting(dialect)


def link_statement(model: type[Any], name: str, dialect: Dialect) -> Insert:
    """INSERT the links of the row whose key is the placeholder `key` to the rows of `keys`."""
    own, other = link_columns(model, name)
    keys = members("keys", other.type, dialect)
    return _links(own, other, select(bindparam("key", type_=own.type), keys.c.value))


def link_cte(model: type[Any], name: str, row: CTE, dialect: Dialect) -> CTE:
    """The links of the new `row` beside what reads it; the placeholder is called `link_tags` and so on.

    It is called as the table is, and hides it: who reads the table finds these links, which are not in the table yet.
    PostgreSQL inserts them there and then; on SQLite, `link_statement` has to.
    """
    own, other = link_columns(model, name)
    keys = members(f"link_{name}", other.type, dialect)
    (key,) = inspect(model).primary_key
    pairs = select(row.c[key.key].label(own.name), keys.c.value.label(other.name))
    if dialect.name == "sqlite":
        return pairs.cte(own.table.name)
    return _links(own, other, pairs).returning(*own.table.c).cte(own.table.name)


def link_columns(model: type[Any], name: str) -> tuple[Column[Any], Column[Any]]:
    """The columns of the table between `model` and the relation's target: the one of ours, and the other."""
    relation = inspect(model).relationships[name]
    ((_, own),) = relation.synchronize_pairs
    ((_, other),) = relation.secondary_synchronize_pairs
    return own, other


def sees_only_the_row(node: Node, links: Sequence[str], dialect: Dialect) -> bool:
    """Whether a read of one new row finds all it needs where neither the row nor its links are in their tables yet."""
    pairs = [link_columns(node.model, name) for name in links]
    hidden: set[Any] = {own.table for own, _ in pairs}
    relations = [(depth, part) for depth, part in _relations(node)]
    own_table = inspect(node.model).local_table
    # On SQLite CTEs stand for the row's table too, and for tables of links as they will be.
    stand_for = {*hidden, own_table} if dialect.name == "sqlite" else hidden
    if dialect.name == "sqlite" and any(len(table.columns) != 2 for table in hidden):  # noqa: PLR2004 - a link's keys
        return False
    for depth, part in relations:
        if part.relation.property.mapper.local_table is own_table:
            return False
        if part.relation.property.secondary in hidden and (depth or part.name not in links):
            return False
    return all(isinstance(table, Table) and table.schema is None for table in stand_for)


def _links(own: Column[Any], other: Column[Any], rows: Select[Any]) -> Insert:
    return insert(own.table).from_select([own, other], rows)


def _relations(node: Node, depth: int = 0) -> Iterator[tuple[int, Relation]]:
    for part in node.parts:
        if isinstance(part, Relation):
            yield depth, part
            yield from _relations(part.node, depth + 1)


def _columns(model: type[Any]) -> Iterator[tuple[str, Column[Any]]]:
    for attribute in inspect(model).column_attrs:
        if isinstance(attribute.columns[0], Column):
            yield attribute.key, attribute.columns[0]


def _counts_up(key: Column[Any], rows: Sequence[Mapping[str, Any]], dialect: Dialect) -> bool:
    # SQLite numbers the rows of a statement one after the other, but answers them in no promised order; SQLAlchemy
    # would insert one at a time there.
    return dialect.name == "sqlite" and key.table.autoincrement_column is key and key.key not in rows[0]


def _has_default(model: type[Any], name: str) -> bool:
    column = inspect(model).column_attrs[name].columns[0]
    has = column.primary_key or column.default is not None or column.server_default is not None
    return bool(has) and not column.type.should_evaluate_none


def _is_python(default: Any) -> bool:
    return bool(default.is_scalar or default.is_callable)


def _maker(default: Any) -> Callable[[], Any]:
    # SQLAlchemy has wrapped functions that take nothing, so that they take the context; the others are objects' affair.
    return (lambda: default.arg(None)) if default.is_callable else (lambda: default.arg)
