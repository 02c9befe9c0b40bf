"""Many links in one statement: their pairs of keys travel as arrays to PostgreSQL, as one JSON text to SQLite."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from json import dumps
from typing import Any

from sqlalchemy import (
    Column,
    Delete,
    Dialect,
    Insert,
    Select,
    bindparam,
    column,
    delete,
    func,
    insert,
    select,
    text,
    tuple_,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.types import TypeEngine, UserDefinedType

from dovetail.resources.sql.json_values import Convert

Pair = tuple[Any, Any]


@dataclass(frozen=True)
class Pairs:
    """Keys for the columns `own` and `other` of one table."""

    own: Column[Any]
    other: Column[Any]
    found: Collection[Pair]

    def inserting(self, dialect: Dialect) -> tuple[Insert, dict[str, Any]]:
        """INSERT the pairs, and the arguments."""
        rows, arguments = self._rows(dialect)
        return insert(self.own.table).from_select([self.own, self.other], rows), arguments

    def deleting(self, dialect: Dialect) -> tuple[Delete, dict[str, Any]]:
        """DELETE the pairs, and the arguments."""
        rows, arguments = self._rows(dialect)
        return delete(self.own.table).where(tuple_(self.own, self.other).in_(rows)), arguments

    def _rows(self, dialect: Dialect) -> tuple[Select[Any], dict[str, Any]]:
        if dialect.name == "sqlite":
            pairs = bindparam("pairs", type_=_JSONPairs(self.own.type, self.other.type))
            value = func.json_each(pairs).table_valued(column("value")).c.value
            rows = select(func.json_extract(value, text("'$[0]'")), func.json_extract(value, text("'$[1]'")))
            return rows, {"pairs": list(self.found)}
        types = {"own": self.own.type, "other": self.other.type}
        arrays = [bindparam(f"{name}_keys", type_=postgresql.ARRAY(one)) for name, one in types.items()]
        table = func.unnest(*arrays).table_valued(*(column(name, one) for name, one in types.items())).render_derived()
        own, other = zip(*self.found, strict=True)
        return select(table.c.own, table.c.other), {"own_keys": list(own), "other_keys": list(other)}


class _JSONPairs(UserDefinedType[Sequence[Pair]]):
    """Pairs as SQLite's json_each takes them, each value as its column stores it."""

    cache_ok = True

    def __init__(self, own: TypeEngine[Any], other: TypeEngine[Any]) -> None:
        self.own, self.other = own, other

    def bind_processor(self, dialect: Dialect) -> Convert:
        """What writes the pairs as one text."""
        steps = [one.dialect_impl(dialect).bind_processor(dialect) or _as_it_is for one in (self.own, self.other)]
        return lambda pairs: dumps([[steps[0](own), steps[1](other)] for own, other in pairs])


def _as_it_is(value: Any) -> Any:
    return value
