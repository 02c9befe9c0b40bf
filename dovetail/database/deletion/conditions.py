"""Conditions on rows that refer to others, written so that both databases find a few rows at little cost.

`id IN (SELECT ...)` first fills a temporary table, which takes longer than everything else that deleting one row does.
So a known key is compared directly, a key that has to be looked up is compared with a scalar subquery, and a recursion
runs only if it has a first row (`Followed`).
"""

from collections.abc import Sequence
from typing import cast

from sqlalchemy import (
    CTE,
    BindParameter,
    Column,
    ColumnElement,
    CompoundSelect,
    FromClause,
    Integer,
    Join,
    ScalarSelect,
    Select,
    Table,
    Uuid,
    exists,
    literal_column,
    select,
    tuple_,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql import operators
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import BinaryExpression
from sqlalchemy.sql.visitors import ExternallyTraversible

from dovetail.database.deletion.references import Pairs
from dovetail.database.search.selective_conditions import Condition, InSubquery, all_of

EXACT = (Integer, Uuid)  # key types whose equality does not depend on a collation


class Followed(Condition):
    """A condition on rows whose keys a recursive CTE finds, each once; no row fulfils it unless one fulfils `first`."""

    inherit_cache = True

    def __init__(self, key: Column[object], found: CTE, first: ColumnElement[bool]) -> None:
        super().__init__(key.in_(select(found.c[key.key])))
        self._key, self._found, self._first = key, found, first

    def rows(self) -> Join:
        """Return the rows, for FROM."""
        is_any = exists(select(literal_column("1")).select_from(self._key.table).where(self._first).correlate(None))
        guard = select(literal_column("1").label("one")).where(is_any).subquery()
        return _FollowedRows(guard, self._key, self._found)


class _FollowedRows(Join):
    """Joins rows with the keys that the recursion finds.

    SQLite prepares a recursion even if another condition in WHERE is false. So on SQLite it is outer-joined to a guard,
    a subquery that has a row only if there is a first row: no planner reorders an outer join. On PostgreSQL the guard
    would not help, so there it is a plain join.
    """

    inherit_cache = True

    def __init__(self, guard: FromClause, key: Column[object], found: CTE) -> None:
        keys = found.c[key.key]
        super().__init__(guard, key.table, key.in_(select(keys).correlate(None)), isouter=True)
        self.plain = found.join(key.table, key == keys)


@compiles(_FollowedRows, "postgresql")
def _plain(element: _FollowedRows, compiler: SQLCompiler, **kwargs: object) -> str:
    return compiler.process(element.plain, **kwargs)


def refer(pairs: Pairs, chosen: ColumnElement[bool]) -> ColumnElement[bool]:
    """Return the condition that a row refers to one of the rows that fulfil `chosen`."""
    targets = cast("Select[object]", select(*(target for _, target in pairs)))
    targets = targets.where(chosen).correlate(None)
    own, target = pairs[0]
    parts = all_of(chosen)
    told = [one for part in parts if (one := required_value(part, target.table)) is not None]
    known = [value for column, value in told if column.key == target.key]
    if len(pairs) > 1 or not known:
        return rows_with([own for own, _ in pairs], targets)
    if len(parts) == 1 and isinstance(target.type, EXACT) and isinstance(own.type, EXACT):
        return own == known[0]
    return own == targets.scalar_subquery() if _is_unique(target) else own.in_(targets)


def refer_to_few(pairs: Pairs, chosen: ColumnElement[bool]) -> ColumnElement[bool]:
    """Return the same condition in a form that uses an index where few rows are chosen.

    PostgreSQL would otherwise scan a large table and compare each of its rows.
    """
    if len(pairs) > 1:
        return refer(pairs, chosen)
    ((own, target),) = pairs
    return InSubquery(own, select(target).where(chosen).correlate(None).scalar_subquery())


def rows_with(
    keys: Sequence[ColumnElement[object]], select_keys: Select[object] | CompoundSelect[object]
) -> ColumnElement[bool]:
    """Return the condition that the key of a row is among the keys that `select_keys` returns."""
    return keys[0].in_(select_keys) if len(keys) == 1 else tuple_(*keys).in_(select_keys)


def required_value(
    condition: ColumnElement[bool], table: FromClause
) -> tuple[Column[object], ColumnElement[object]] | None:
    """Return column and value if a condition is `column = value` for a column of the table; None otherwise.

    The value does not depend on the row, so that other statements can use it.
    """
    if not isinstance(condition, BinaryExpression) or condition.operator is not operators.eq:
        return None
    column, value = condition.left, condition.right
    if not isinstance(column, Column) or not isinstance(value, BindParameter | ScalarSelect):
        return None
    return (column, value) if _is_of(column, table) and _is_apart(value, table) else None


def _is_apart(value: ColumnElement[object], table: FromClause) -> bool:
    """Return True if an expression uses columns of the table only within CTEs."""
    waiting: list[ExternallyTraversible] = [value]
    while waiting:
        part = waiting.pop()
        if isinstance(part, Column) and _is_of(part, table):
            return False
        if not isinstance(part, CTE):
            waiting.extend(part.get_children())
    return True


def _is_of(column: Column[object], table: FromClause) -> bool:
    """Return True for a column of the table itself, with or without ORM annotations, and not of an alias."""
    return isinstance(column.table, Table) and isinstance(table, Table) and column.table.key == table.key


def _is_unique(column: Column[object]) -> bool:
    return bool(column.unique) or (column.primary_key and len(column.table.primary_key) == 1)
