"""On SQLite, the read of a new row in the RETURNING of the INSERT that makes it.

SQLite takes no INSERT in the place of a page, but a subquery in RETURNING sees the values of the new row. There a CTE
is called as the table is and hides it: the read that is compiled for every page finds the new row in it, and no other.
Such a subquery gives one value only, so what is not of the row itself comes as one JSON array.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import CTE, ColumnElement, Dialect, Float, Insert, cast, func, inspect, literal_column, select

from dovetail.database.prepared_reads import DriverConnection
from dovetail.resources.sql.json_values import is_exact_in_json
from dovetail.resources.sql.nested_select import NestedSelect
from dovetail.resources.sql.prepared import PreparedStatement, prepare


def new_row_cte(model: type[Any], dialect: Dialect) -> CTE:
    """The table of `model` with the row that is being inserted, for a subquery of RETURNING."""
    table = inspect(model).local_table
    name = dialect.identifier_preparer.format_column
    columns = (literal_column(name(one, use_table=True), one.type).label(one.name) for one in table.columns)
    return select(*columns).cte(table.name)


def prepare_returning(
    insert: Insert, nested: NestedSelect, model: type[Any], dialect: Dialect
) -> PreparedStatement | None:
    """Compile `insert` so that it answers what `nested` reads; None if JSON would lose something of it."""
    read = nested.statement.subquery("read")
    others = {place: column for place, column in enumerate(read.c) if place not in nested.own}
    if not all(is_exact_in_json(column.type, dialect) for column in others.values()):
        return None
    columns = [_column(getattr(model, name).property.columns[0]) for name in nested.own.values()]
    statement = prepare(insert.returning(*columns), dialect, ())
    packed = prepare(select(func.json_array(*others.values())), dialect, ())
    if statement is None or packed is None:
        return None
    if not others:
        return Returning(statement.sql, statement.arguments, tuple(nested.own), ())
    sql, arguments = f"{statement.sql}, ({packed.sql})", statement.arguments + packed.arguments
    return Returning(sql, arguments, tuple(nested.own), tuple(others))


@dataclass(frozen=True)
class Returning(PreparedStatement):
    """An INSERT that answers the rows of a read."""

    own: tuple[int, ...]  # where in a row of the read the values stand that come as they are
    packed: tuple[int, ...]  # and those of the JSON array, which comes last

    async def fetch(
        self, connection: DriverConnection, named: Mapping[str, Any], positional: Sequence[Any] = ()
    ) -> Sequence[Sequence[Any]]:
        """The row that was inserted, as the read gives it. Raises SQLAlchemy's errors, as the engine would."""
        return [self._unpack(row) for row in await super().fetch(connection, named, positional)]

    def _unpack(self, row: Sequence[Any]) -> Sequence[Any]:
        found = dict(zip(self.own, row, strict=False))
        if self.packed:
            found |= zip(self.packed, orjson.loads(row[-1]), strict=True)
        return [found[place] for place in range(len(found))]


def _column(column: ColumnElement[Any]) -> ColumnElement[Any]:
    # SQLite stores 1.0 as 1 to save room, and reads it as 1.0 from every place but RETURNING.
    return cast(column, column.type) if isinstance(column.type, Float) else column
