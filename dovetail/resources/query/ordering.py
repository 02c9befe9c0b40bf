"""The order of a list, and the condition that tells what comes after a row in it.

Null counts as greater than everything, as PostgreSQL has it by default, on every database.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from operator import ge, gt, le, lt
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import BindParameter, ColumnElement, UnaryExpression, and_, false, inspect, or_, tuple_
from sqlalchemy.types import TypeEngine

from dovetail.errors import ConfigurationError
from dovetail.resources.query.comparable import python_type
from dovetail.resources.query.paths import Criteria, Path, resolve


@dataclass(frozen=True)
class Term:
    """One column to order by."""

    path: Path
    descending: bool = False

    @property
    def name(self) -> str:
        """As it stands in `ordering`."""
        return f"-{self.path.name}" if self.descending else self.path.name

    @property
    def adapter(self) -> TypeAdapter[Any]:
        """Writes a value of the column into a cursor and reads it back."""
        return _adapter(self.path.type)

    def reversed(self) -> "Term":
        """The same column in the other direction."""
        return replace(self, descending=not self.descending)

    def order(self, expression: ColumnElement[Any]) -> UnaryExpression[Any]:
        """For an ORDER BY."""
        ordered = expression.desc() if self.descending else expression.asc()
        if not self.path.is_nullable:
            return ordered
        return ordered.nulls_first() if self.descending else ordered.nulls_last()


Terms = tuple[Term, ...]
# By whether the order descends, and whether the row itself is wanted.
_COMPARISONS = {(False, False): gt, (False, True): ge, (True, False): lt, (True, True): le}


def declare(model: type[Any], names: Sequence[str]) -> dict[str, Term]:
    """The columns a list can be ordered by. Raises ConfigurationError for one that is none, or has no order."""
    terms = {name: Term(resolve(model, name)) for name in names}
    for name, term in terms.items():
        if any(relation.property.uselist for relation in term.path.relations):
            raise ConfigurationError(f"cannot order by {name!r}: a row has several of them")
        if python_type(term.path.type) is None:
            raise ConfigurationError(f"cannot order by {name!r}: its values have no order")
    return terms


def complete(model: type[Any], terms: Terms) -> Terms:
    """`terms` and, so that no two rows are at the same place, the primary key."""
    keys = [inspect(model).get_property_by_column(column).key for column in inspect(model).primary_key]
    given = {term.path.name for term in terms}
    # The same direction as the last term's lets one index serve them all.
    descending = terms[-1].descending if terms else False
    return (*terms, *(Term(resolve(model, key), descending) for key in keys if key not in given))


def expressions(terms: Terms, related: Criteria) -> list[ColumnElement[Any]]:
    """What the terms order by."""
    return [term.path.value(related) for term in terms]


def after(
    terms: Terms,
    columns: Sequence[ColumnElement[Any]],
    values: Sequence[BindParameter[Any] | None],
    *,
    inclusive: bool = False,
) -> ColumnElement[bool]:
    """Which rows come after one whose values are `values`, or are that one if `inclusive`; None stands for null.

    (https://use-the-index-luke.com/no-offset)
    """
    simple = all(not term.path.is_nullable for term in terms) and len({term.descending for term in terms}) == 1
    if simple:  # one comparison of rows, which an index answers
        compare = _COMPARISONS[terms[0].descending, inclusive]
        found: ColumnElement[bool] = compare(tuple_(*columns), tuple_(*values))
        return found
    equal = [_equal(column, value) for column, value in zip(columns, values, strict=True)]
    alternatives = [
        and_(*equal[:depth], _beyond(term, columns[depth], values[depth])) for depth, term in enumerate(terms)
    ]
    return or_(*alternatives, and_(*equal)) if inclusive else or_(*alternatives)


def _equal(column: ColumnElement[Any], value: BindParameter[Any] | None) -> ColumnElement[bool]:
    return column.is_(None) if value is None else column == value


def _beyond(term: Term, column: ColumnElement[Any], value: BindParameter[Any] | None) -> ColumnElement[bool]:
    if value is None:
        return column.is_not(None) if term.descending else false()
    if term.descending:
        return column < value
    return or_(column > value, column.is_(None)) if term.path.is_nullable else column > value


@cache  # of a column's own type, which there is once: to make an adapter costs more than to read a page
def _adapter(column_type: TypeEngine[Any]) -> TypeAdapter[Any]:
    return TypeAdapter(python_type(column_type) | None)
