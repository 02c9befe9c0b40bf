"""Order the rows of a list, find the order of a statement, and build the condition for the rows after a given one.

Order and keys are those of `dovetail.resources.query.keyset`, as in lists of the API: null counts as greater than
everything, on both databases.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import ColumnElement, UnaryExpression, bindparam
from sqlalchemy.orm import aliased
from sqlalchemy.sql import operators
from sqlalchemy.sql.elements import Label

from dovetail.contrib.admin.columns.identifiers import primary_keys
from dovetail.contrib.admin.permissions import Rights
from dovetail.contrib.admin.rules.rules import EVERYTHING
from dovetail.contrib.admin.sqladmin_private import AnySelect
from dovetail.database.drivers.sqlalchemy_private_statements import order_of
from dovetail.resources.query import keyset
from dovetail.resources.query.comparable import python_type
from dovetail.resources.query.keyset import Direction
from dovetail.resources.query.paths import Path, walk

NULLS = {operators.nulls_first_op: True, operators.nulls_last_op: False}
DIRECTIONS = {operators.desc_op: True, operators.asc_op: False}


@dataclass(frozen=True)
class SortTerm:
    """One expression of an ORDER BY; `nulls_first` is None if it is not specified, or there are no nulls."""

    expression: ColumnElement[object]
    descending: bool = False
    nulls_first: bool | None = None

    @property
    def direction(self) -> Direction:
        """Return the direction of the expression, with the position of nulls."""
        return Direction(self.descending, self.nulls_first)

    @property
    def is_seekable(self) -> bool:
        """True if values can be part of a URL, and the position of nulls is specified."""
        may_be_null = self.nulls_first is not None or getattr(self.expression, "nullable", None) is not False
        return python_type(self.expression.type) is not None and not (may_be_null and self.nulls_first is None)

    @property
    def adapter(self) -> TypeAdapter[object]:
        """The type adapter that converts values to JSON and back."""
        return TypeAdapter(python_type(self.expression.type) | None)

    def reversed(self) -> "SortTerm":
        """Return the same expression in the other direction."""
        opposite = self.direction.reversed()
        return SortTerm(self.expression, opposite.descending, opposite.nulls_first)

    def order(self, expression: ColumnElement[object] | None = None) -> UnaryExpression[object]:
        """Return the ORDER BY clause for this expression, or for another one in its place."""
        return self.direction.order(self.expression if expression is None else expression)


SortTerms = tuple[SortTerm, ...]


def order(statement: AnySelect, model: type[object], fields: Iterable[tuple[str, bool]], rights: Rights) -> AnySelect:
    """Order by paths, as (path, descending), then by primary key, so that no row is on two pages.

    The key has the direction of the last path, so that one index serves both. Related tables are joined by LEFT JOIN:
    the value is null for a row without a related object, and for one whose related object the user may not view.
    """
    descending = False
    for field, descending in fields:
        path = walk(model, field.split("."))
        statement, column = _join(statement, model, path, rights)
        # The expression of a column_property is used, not its label in the SELECT.
        expression = column.expression.element if isinstance(column.expression, Label) else column
        direction = Direction.of(descending=descending, may_be_null=path.is_nullable)
        statement = statement.order_by(direction.order(expression))
    return statement.order_by(*(key.desc() if descending else key for key in primary_keys(model)))


def terms_of(statement: AnySelect) -> SortTerms:
    """Return the terms of the ORDER BY of a statement."""
    return tuple(_term(clause) for clause in order_of(statement))


def after(terms: SortTerms, values: Sequence[object]) -> ColumnElement[bool]:
    """Return the condition on the rows after one with these values, for an order of seekable terms."""
    binds = [
        None if value is None else bindparam(None, value, type_=term.expression.type)
        for term, value in zip(terms, values, strict=True)
    ]
    return keyset.after([term.expression for term in terms], [term.direction for term in terms], binds)


def _join(statement: AnySelect, model: type[object], path: Path, rights: Rights) -> tuple[AnySelect, Any]:
    # A join, since PostgreSQL would execute a subquery for each row of a large sort.
    entity: object = model
    names: list[str] = []
    for relation in path.relations:
        related = relation.property.mapper.class_
        names.append(relation.key)
        visible, target = rights.found(model, names, related), aliased(related)
        joined = getattr(entity, relation.key).of_type(target)
        statement = statement.outerjoin(joined if visible is EVERYTHING else joined.and_(visible))
        entity = target
    return statement, getattr(entity, path.attribute.key)


def _term(clause: Any) -> SortTerm:
    descending, nulls_first = False, None
    while isinstance(clause, UnaryExpression) and clause.modifier in NULLS | DIRECTIONS:
        if clause.modifier in NULLS:
            nulls_first = NULLS[clause.modifier]
        else:
            descending = DIRECTIONS[clause.modifier]
        clause = clause.element
    return SortTerm(clause, descending, nulls_first)
