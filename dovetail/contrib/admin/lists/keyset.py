"""Where a row stands in the order of a list, and which rows come after it (https://use-the-index-luke.com/no-offset)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from operator import gt, lt
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import ColumnElement, Select, UnaryExpression, and_, bindparam, false, or_, true, tuple_
from sqlalchemy.sql import operators

from dovetail.database.drivers.sqlalchemy_private import order_of
from dovetail.resources.query.comparable import python_type

NULLS = {operators.nulls_first_op: True, operators.nulls_last_op: False}
DIRECTIONS = {operators.desc_op: True, operators.asc_op: False}


@dataclass(frozen=True)
class Term:
    """One expression of an ORDER BY; `nulls_first` is None where it does not say, or where there are none."""

    expression: ColumnElement[Any]
    descending: bool = False
    nulls_first: bool | None = None

    @property
    def may_be_null(self) -> bool:
        """Whether it may have no value."""
        return self.nulls_first is not None or getattr(self.expression, "nullable", None) is not False

    @property
    def is_seekable(self) -> bool:
        """Whether a value can be carried in an address, and it is said where those without one stand."""
        return python_type(self.expression.type) is not None and not (self.may_be_null and self.nulls_first is None)

    @property
    def adapter(self) -> TypeAdapter[Any]:
        """Writes a value into an address and reads it back."""
        return TypeAdapter(python_type(self.expression.type) | None)

    def reversed(self) -> "Term":
        """The same in the other direction."""
        nulls = None if self.nulls_first is None else not self.nulls_first
        return replace(self, descending=not self.descending, nulls_first=nulls)

    def order(self, expression: ColumnElement[Any] | None = None) -> ColumnElement[Any]:
        """For an ORDER BY of this expression, or of what stands for it."""
        found = self.expression if expression is None else expression
        ordered = found.desc() if self.descending else found.asc()
        if self.nulls_first is None:
            return ordered
        return ordered.nulls_first() if self.nulls_first else ordered.nulls_last()


Terms = tuple[Term, ...]


def terms_of(statement: Select[Any]) -> Terms:
    """What `statement` orders by."""
    return tuple(_term(clause) for clause in order_of(statement))


def after(terms: Terms, values: Sequence[Any]) -> ColumnElement[bool]:
    """Which rows come after one with these values, in an order of seekable terms."""
    binds = [
        None if value is None else bindparam(None, value, type_=term.expression.type)
        for term, value in zip(terms, values, strict=True)
    ]
    columns = [term.expression for term in terms]
    if not any(term.may_be_null for term in terms) and len({term.descending for term in terms}) == 1:
        compare = lt if terms[0].descending else gt  # of rows, which an index answers
        found: ColumnElement[bool] = compare(tuple_(*columns), tuple_(*binds))
        return found
    equal = [c.is_(None) if bind is None else c == bind for c, bind in zip(columns, binds, strict=True)]
    beyond = [_beyond(term, bind) for term, bind in zip(terms, binds, strict=True)]
    alternatives = or_(*(and_(*equal[:depth], one) for depth, one in enumerate(beyond)))
    # The first says nothing new, but is what an index on the first column answers.
    return and_(_not_before(terms[0], binds[0]), alternatives)


def _beyond(term: Term, value: Any) -> ColumnElement[bool]:
    column = term.expression
    if value is None:
        return column.is_not(None) if term.nulls_first else false()
    further: ColumnElement[bool] = column < value if term.descending else column > value
    return or_(further, column.is_(None)) if term.nulls_first is False else further


def _not_before(term: Term, value: Any) -> ColumnElement[bool]:
    column = term.expression
    if value is None:
        return true() if term.nulls_first else column.is_(None)
    bound: ColumnElement[bool] = column <= value if term.descending else column >= value
    return or_(bound, column.is_(None)) if term.nulls_first is False else bound


def _term(clause: Any) -> Term:
    descending, nulls_first = False, None
    while isinstance(clause, UnaryExpression) and clause.modifier in NULLS | DIRECTIONS:
        if clause.modifier in NULLS:
            nulls_first = NULLS[clause.modifier]
        else:
            descending = DIRECTIONS[clause.modifier]
        clause = clause.element
    return Term(clause, descending, nulls_first)
