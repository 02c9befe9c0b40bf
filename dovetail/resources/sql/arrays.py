"""Lists of values as one argument, so that the SQL does not depend on their length: arrays, or JSON text on SQLite.

wanted = members("names", Tag.name.type, dialect)
select(Tag.id).where(Tag.name.in_(select(wanted.c.value)))
"""

from collections.abc import Collection, Hashable, Sequence
from dataclasses import dataclass
from json import dumps
from typing import TypeAlias, cast

from sqlalchemy import (
    Column,
    ColumnDefault,
    ColumnElement,
    Delete,
    Dialect,
    FromClause,
    Insert,
    Integer,
    Select,
    TableValuedAlias,
    any_,
    bindparam,
    column,
    delete,
    func,
    insert,
    literal,
    select,
    text,
    tuple_,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.types import TypeEngine, UserDefinedType

from dovetail.resources.query.keys import among
from dovetail.resources.sql.json_values import Convert

Pair: TypeAlias = tuple[object, object]


def members(name: str, item_type: TypeEngine[object], dialect: Dialect) -> TableValuedAlias:
    """Return a table with one column, `value`, whose rows are the items of the placeholder `name`, a list."""
    value = column("value", item_type)
    if dialect.name == "sqlite":
        return func.json_each(bindparam(name, type_=_JSONArray(item_type))).table_valued(value)
    return func.unnest(bindparam(name, type_=postgresql.ARRAY(item_type))).table_valued(value).render_derived()


def among_many(
    columns: Sequence[ColumnElement[object]], keys: Sequence[Hashable], dialect: Dialect
) -> ColumnElement[bool]:
    """Return the condition that these columns hold one of the keys, of which there may be thousands.

    Integer keys are sent as one argument, since SQLAlchemy's IN would make a parameter for each of them.
    """
    first, *others = columns
    kind: TypeEngine[object] = first.type
    if others or not isinstance(first.type, Integer):
        return among(columns, keys)
    if dialect.name == "sqlite":
        return first.in_(listed(keys, kind, dialect))
    return first == any_(bindparam(None, keys, type_=postgresql.ARRAY(kind)))


def listed(values: Sequence[Hashable], item_type: TypeEngine[object], dialect: Dialect) -> Select[object]:
    """Return the SELECT of these values, which are sent as one argument."""
    value = column("value", item_type)
    if dialect.name == "sqlite":
        rows = func.json_each(bindparam(None, values, type_=_JSONArray(item_type))).table_valued(value)
        return select(rows.c.value)
    array = bindparam(None, values, type_=postgresql.ARRAY(item_type))
    return select(func.unnest(array).table_valued(value).render_derived().c.value)


def listed_tuples(
    rows: Sequence[Sequence[object]], types: Sequence[TypeEngine[object]], dialect: Dialect
) -> Select[*tuple[object, ...]]:
    """Return the SELECT of these rows with columns of these types: one argument, on PostgreSQL one for each column."""
    if dialect.name == "sqlite":
        value = func.json_each(bindparam(None, rows, type_=_JSONRows(types))).table_valued(column("value")).c.value
        return select(*(func.json_extract(value, text(f"'$[{place}]'")) for place in range(len(types))))
    values = zip(*rows, strict=True)
    arrays = [bindparam(None, list(some), type_=postgresql.ARRAY(one)) for some, one in zip(values, types, strict=True)]
    names = [column(f"value_{place}", one) for place, one in enumerate(types)]
    return select(*func.unnest(*arrays).table_valued(*names).render_derived().c)


def listed_keys(name: str, other: Column[object], by: Column[object] | None, dialect: Dialect) -> FromClause:
    """Return a table with one column, `value`: the keys for the column `other` in the list of the placeholder `name`.

    If the list has names instead of keys, `by` is the unique column that holds the names.
    """
    if by is None:
        return members(name, other.type, dialect)
    (key,) = by.table.primary_key.columns
    found = select(key.label("value"))
    if dialect.name == "sqlite":
        return found.where(by.in_(select(members(name, by.type, dialect).c.value))).subquery()
    return found.where(by == any_(bindparam(name, type_=postgresql.ARRAY(by.type)))).cte(f"found_{name}")


def are_all_found(keys: FromClause, name: str, by: Column[object], dialect: Dialect) -> ColumnElement[bool]:
    """Return the condition that `keys` has as many rows as the placeholder `name` lists names."""
    if dialect.name == "sqlite":
        wanted = func.json_array_length(bindparam(name, type_=_JSONArray(by.type)))
    else:
        wanted = func.cardinality(bindparam(name, type_=postgresql.ARRAY(by.type)))
    return select(func.count()).select_from(keys).scalar_subquery() == wanted


@dataclass(frozen=True)
class Pairs:
    """Keys for the columns `own` and `other` of one table, to insert or delete many links in one statement."""

    own: Column[object]
    other: Column[object]
    keys: Collection[Pair]

    def insert(self, dialect: Dialect) -> tuple[Insert, dict[str, object]]:
        """Return the INSERT of the pairs, and its arguments."""
        rows, arguments = self._rows(dialect)
        return insert_links(self.own, self.other, rows), arguments

    def delete(self, dialect: Dialect) -> tuple[Delete, dict[str, object]]:
        """Return the DELETE of the pairs, and its arguments."""
        rows, arguments = self._rows(dialect)
        return delete(self.own.table).where(tuple_(self.own, self.other).in_(rows)), arguments

    def _rows(self, dialect: Dialect) -> tuple[Select[object], dict[str, object]]:
        if dialect.name == "sqlite":
            pairs = bindparam("pairs", type_=_JSONRows((self.own.type, self.other.type)))
            value = func.json_each(pairs).table_valued(column("value")).c.value
            rows = select(func.json_extract(value, text("'$[0]'")), func.json_extract(value, text("'$[1]'")))
            return rows, {"pairs": list(self.keys)}
        types = {"own": self.own.type, "other": self.other.type}
        arrays = [bindparam(f"{name}_keys", type_=postgresql.ARRAY(one)) for name, one in types.items()]
        table = func.unnest(*arrays).table_valued(*(column(name, one) for name, one in types.items())).render_derived()
        own, other = zip(*self.keys, strict=True)
        return select(table.c.own, table.c.other), {"own_keys": list(own), "other_keys": list(other)}


def insert_links(own: Column[object], other: Column[object], rows: Select[object]) -> Insert:
    """Return the INSERT of links; further columns of the link table get their scalar defaults."""
    given = {
        one: literal(cast("ColumnDefault", one.default).arg, one.type) for one in own.table.columns if is_given(one)
    }
    return insert(own.table).from_select([own, other, *given], rows.add_columns(*given.values()))


def is_given(column: Column[object]) -> bool:
    """Return True if the column has a scalar default in Python (`default=`), as opposed to a function."""
    return isinstance(column.default, ColumnDefault) and column.default.is_scalar


class _JSONArray(UserDefinedType[Sequence[object]]):
    """A list as JSON text for SQLite's json_each, each item as the column stores it."""

    cache_ok = True

    def __init__(self, item_type: TypeEngine[object]) -> None:
        self.item_type = item_type

    def bind_processor(self, dialect: Dialect) -> Convert:
        """Return the function that writes the list as JSON text."""
        stored = _stored(self.item_type, dialect)
        return dumps if stored is None else lambda values: dumps([stored(one) for one in values])


class _JSONRows(UserDefinedType[Sequence[Sequence[object]]]):
    """Rows as JSON text for SQLite's json_each, each value as its column stores it."""

    cache_ok = True

    def __init__(self, types: Sequence[TypeEngine[object]]) -> None:
        self.types = tuple(types)

    def bind_processor(self, dialect: Dialect) -> Convert:
        """Return the function that writes the rows as JSON text."""
        stored = [_stored(one, dialect) or _unchanged for one in self.types]
        return lambda rows: dumps([[to(value) for to, value in zip(stored, row, strict=True)] for row in rows])


def _stored(column_type: TypeEngine[object], dialect: Dialect) -> Convert | None:
    return column_type.dialect_impl(dialect).bind_processor(dialect)


def _unchanged(value: object) -> object:
    return value
