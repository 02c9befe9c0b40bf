"""Selective conditions: conditions that can be tested on a row, or evaluated first to the keys of all matching rows.

A page of a million posts with the tag `python`, newest first, can be read in two ways. By walking the posts from the
newest on until the page is full: fast if many posts have the tag, very slow if hardly any has. Or by gathering the
posts with the tag and sorting them: fast if they are few. The database estimates how many there are, and a wrong
estimate costs seconds. So the statement contains both ways, and counts the matches up to a limit before it chooses one
(`dovetail.resources.read.access_paths`).
"""

from collections.abc import Callable
from typing import Any

from sqlalchemy import Boolean, ColumnElement, Dialect, ScalarSelect, Select, inspect, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import RelationshipProperty
from sqlalchemy.sql import operators
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import BinaryExpression
from sqlalchemy.sql.functions import FunctionElement

from dovetail.database.search.indexes import starts_an_index

Keys = Callable[[Dialect], Select[object]]


class Condition(FunctionElement[bool]):
    """A condition that may compile differently for each database; by default, it compiles as its operand."""

    type = Boolean()
    inherit_cache = True

    def self_group(self, against: object = None) -> Any:  # noqa: ARG002 - SQLAlchemy's signature
        """Return the condition itself: SQLAlchemy would write `= 1` for SQLite, which then uses no index."""
        return self


class SelectiveCondition(Condition):
    """A condition `walk` on one row, and `keys`, the SELECT of the primary keys of all rows that fulfil it.

    It compiles as `walk` where no access path is chosen. Both have to match the same rows. `is_costly` says that on
    PostgreSQL testing a row is expensive, since the indexed expression has to be computed again.
    """

    inherit_cache = True

    def __init__(self, walk: ColumnElement[bool], keys: Keys, *, is_costly: bool = False) -> None:
        super().__init__(walk)
        self.keys = keys
        self.is_costly = is_costly

    @property
    def walk(self) -> ColumnElement[bool]:
        """The condition on one row."""
        found: ColumnElement[bool] = next(iter(self.clauses))
        return found


class Walked(Condition):
    """A condition that is tested row by row: PostgreSQL could turn it into a join on the basis of a wrong estimate."""

    inherit_cache = True


class Unindexed(Condition):
    """A condition for which no index may be used: SQLite would prefer that index to the gathered keys."""

    inherit_cache = True


class InSubquery(Condition):
    """The condition that a column is among the values of a subquery, which is evaluated first and expected to be small.

    PostgreSQL would plan `IN (SELECT ...)` as a join, on the basis of its estimate of the subquery.
    """

    inherit_cache = True

    def __init__(self, column: ColumnElement[object], found: ScalarSelect[object]) -> None:
        super().__init__(column, found)


def keys_of_related(mapped: RelationshipProperty[object], condition: ColumnElement[bool]) -> Select[object] | None:
    """Return the SELECT of the keys of rows with a related row that fulfils `condition`.

    None unless the relation is a plain join of single-column keys.
    """
    return _keys(mapped, condition) if is_plain_join(mapped) else None


def is_plain_join(mapped: RelationshipProperty[object]) -> bool:
    """Return True if a relation joins by nothing but the equality of two single-column keys."""
    own, other = inspect(mapped.parent).primary_key, inspect(mapped.mapper).primary_key
    joins = [join for join in (mapped.primaryjoin, mapped.secondaryjoin) if join is not None]
    is_equal = all(isinstance(join, BinaryExpression) and join.operator is operators.eq for join in joins)
    if not is_equal or len(own) != 1 or len(mapped.mapper.tables) != 1 or len(mapped.parent.tables) != 1:
        return False
    if mapped.secondary is None:
        return True
    return [pair[0] for pair in (*mapped.synchronize_pairs, *(mapped.secondary_synchronize_pairs or ()))] == [
        *own,
        *other,
    ]


def all_of(condition: ColumnElement[bool]) -> list[ColumnElement[bool]]:
    """Return the conditions that `condition` combines by AND; itself if it is no AND."""
    if getattr(condition, "operator", None) is operators.and_:
        return [one for clause in condition.clauses for one in all_of(clause)]
    return [condition]


def _keys(mapped: RelationshipProperty[object], condition: ColumnElement[bool]) -> Select[object] | None:
    (key,) = inspect(mapped.parent).primary_key
    target = mapped.mapper.class_
    if mapped.secondary is not None:
        ((_, own),) = mapped.synchronize_pairs
        ((there, other),) = mapped.secondary_synchronize_pairs or ()
        return select(own).where(other.in_(select(there).where(condition).correlate(None))).correlate(None)
    ((local, remote),) = mapped.local_remote_pairs or ()
    found = select(remote).select_from(target).where(condition).correlate(None)
    if local is key:
        return found
    # Without an index on the foreign key every row would have to be read, as by walking.
    return select(key).where(local.in_(found)).correlate(None) if starts_an_index(local, has_value=True) else None


@compiles(Condition)
def _as_it_is(element: Condition, compiler: SQLCompiler, **kwargs: object) -> str:
    (condition,) = element.clauses
    return f"({compiler.process(condition, **kwargs)})"


@compiles(SelectiveCondition)
def _walk(element: SelectiveCondition, compiler: SQLCompiler, **kwargs: object) -> str:
    return compiler.process(element.walk.self_group(against=operators.and_), **kwargs)


@compiles(Walked, "postgresql")
def _walked_alone(element: Walked, compiler: SQLCompiler, **kwargs: object) -> str:
    (condition,) = element.clauses
    return f"((SELECT 1 WHERE {compiler.process(condition, **kwargs)} LIMIT 1) IS NOT NULL)"


@compiles(Unindexed, "sqlite")
def _unindexed_by_plus(element: Unindexed, compiler: SQLCompiler, **kwargs: object) -> str:
    # https://www.sqlite.org/optoverview.html#disqualifying_where_clause_terms_using_unary_
    (condition,) = element.clauses
    return f"(+({compiler.process(condition, **kwargs)}))"


@compiles(InSubquery)
def _among(element: InSubquery, compiler: SQLCompiler, **kwargs: object) -> str:
    column, found = (compiler.process(clause, **kwargs) for clause in element.clauses)
    return f"({column} IN {found})"


@compiles(InSubquery, "postgresql")
def _among_array(element: InSubquery, compiler: SQLCompiler, **kwargs: object) -> str:
    column, found = (compiler.process(clause, **kwargs) for clause in element.clauses)
    return f"({column} = ANY (ARRAY{found}))"
