"""Selective conditions: those that can also be answered from the other side, by the keys of the rows that fulfil them.

A page of a million posts with the tag `python`, newest first, can be read in two ways. Walked, newest post by newest
post, until the page is full: quick if many posts carry the tag, endless if hardly one does. Or gathered: the posts that
carry the tag, which are then sorted: quick if they are few. A database that does not know how many there are guesses,
and a wrong guess costs seconds. So both ways are written down, and `dovetail.resources.read.access_paths` lets the
statement itself count, up to a limit, before it chooses one.
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
    """A condition with a text of its own for each database; where it has none, that of the one that it holds."""

    type = Boolean()
    inherit_cache = True

    def self_group(self, against: object = None) -> Any:  # noqa: ARG002 - SQLAlchemy's signature
        """The condition as it is: SQLAlchemy would compare it with 1 for SQLite, which uses no index for that."""
        return self


class SelectiveCondition(Condition):
    """A condition `walk`, asked of one row, and the SELECT of the primary keys of all rows that fulfil it.

    It reads as `walk` wherever nobody chooses. `keys` holds nothing but what `walk` does. `is_costly` says that on
    PostgreSQL it costs much to ask it of a row, as what is indexed has to be computed anew.
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
    """A condition that is asked of one row after the other: PostgreSQL might make a join of it, by what it guesses."""

    inherit_cache = True


class Unindexed(Condition):
    """A condition by which rows are not to be looked for: SQLite would take its index for better than the keys."""

    inherit_cache = True


class Among(Condition):
    """Return whether a column is one that a subquery gives, which is found first and is expected to be little.

    PostgreSQL would plan `IN (SELECT ...)` as a join, by what it guesses about the subquery.
    """

    inherit_cache = True

    def __init__(self, column: ColumnElement[object], found: ScalarSelect[object]) -> None:
        super().__init__(column, found)


def keys_of_related(mapped: RelationshipProperty[object], condition: ColumnElement[bool]) -> Select[object] | None:
    """Return the SELECT of the keys of rows that lead to one that fulfils `condition`; None unless plain keys join."""
    return _keys(mapped, condition) if _is_plain(mapped) else None


def all_of(condition: ColumnElement[bool]) -> list[ColumnElement[bool]]:
    """The conditions that `condition` joins by AND."""
    if getattr(condition, "operator", None) is operators.and_:
        return [one for clause in condition.clauses for one in all_of(clause)]
    return [condition]


def _is_plain(mapped: RelationshipProperty[object]) -> bool:
    """Return whether a relation asks for nothing but that two keys are equal."""
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
    # Without an index on the foreign key every row would have to be looked at, as it has to be by the walk.
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


@compiles(Among)
def _among(element: Among, compiler: SQLCompiler, **kwargs: object) -> str:
    column, found = (compiler.process(clause, **kwargs) for clause in element.clauses)
    return f"({column} IN {found})"


@compiles(Among, "postgresql")
def _among_array(element: Among, compiler: SQLCompiler, **kwargs: object) -> str:
    column, found = (compiler.process(clause, **kwargs) for clause in element.clauses)
    return f"({column} = ANY (ARRAY{found}))"
