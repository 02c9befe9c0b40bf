"""The order of rows, and which rows come after one (https://use-the-index-luke.com/no-offset).

The API and the back office page by it. On both databases null counts as greater than everything, which is PostgreSQL's
default: it comes last, and first if the order descends (`Direction.of`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from operator import ge, gt, le, lt

from sqlalchemy import BindParameter, ColumnElement, UnaryExpression, and_, false, or_, true, tuple_

# By whether the order descends, and whether the row itself is wanted.
_COMPARISONS = {(False, False): gt, (False, True): ge, (True, False): lt, (True, True): le}


@dataclass(frozen=True)
class Direction:
    """The direction of one expression of an ORDER BY; `nulls_first` is None if the expression is never null."""

    descending: bool = False
    nulls_first: bool | None = None

    @classmethod
    def of(cls, *, descending: bool, may_be_null: bool) -> "Direction":
        """Return the direction in which null counts as greater than everything."""
        return cls(descending, descending if may_be_null else None)

    def reversed(self) -> "Direction":
        """Return the opposite direction."""
        nulls = None if self.nulls_first is None else not self.nulls_first
        return replace(self, descending=not self.descending, nulls_first=nulls)

    def order(self, expression: ColumnElement[object]) -> UnaryExpression[object]:
        """Return the expression for an ORDER BY."""
        ordered = expression.desc() if self.descending else expression.asc()
        if self.nulls_first is None:
            return ordered
        return ordered.nulls_first() if self.nulls_first else ordered.nulls_last()


def after(
    columns: Sequence[ColumnElement[object]],
    directions: Sequence[Direction],
    values: Sequence[BindParameter[object] | None],
    *,
    inclusive: bool = False,
) -> ColumnElement[bool]:
    """Return the condition on rows that come after the row with `values`, or are that row if `inclusive`.

    `columns`, `directions` and `values` belong to the terms of one order; a value of None stands for null.
    """
    if all(one.nulls_first is None for one in directions) and len({one.descending for one in directions}) == 1:
        compare = _COMPARISONS[directions[0].descending, inclusive]  # a row comparison, which can use an index
        found: ColumnElement[bool] = compare(tuple_(*columns), tuple_(*values))
        return found
    equal = [
        column.is_(None) if value is None else column == value for column, value in zip(columns, values, strict=True)
    ]
    places = list(zip(columns, directions, values, strict=True))
    alternatives = [and_(*equal[:depth], _beyond(*place)) for depth, place in enumerate(places)]
    if inclusive:
        alternatives.append(and_(*equal))
    # The first condition follows from the second, but an index on the first column can serve it.
    return and_(_not_before(*places[0]), or_(*alternatives))


def _beyond(
    column: ColumnElement[object], direction: Direction, value: BindParameter[object] | None
) -> ColumnElement[bool]:
    if value is None:
        return column.is_not(None) if direction.nulls_first else false()
    further: ColumnElement[bool] = column < value if direction.descending else column > value
    return or_(further, column.is_(None)) if direction.nulls_first is False else further


def _not_before(
    column: ColumnElement[object], direction: Direction, value: BindParameter[object] | None
) -> ColumnElement[bool]:
    if value is None:
        return true() if direction.nulls_first else column.is_(None)
    bound: ColumnElement[bool] = column <= value if direction.descending else column >= value
    return or_(bound, column.is_(None)) if direction.nulls_first is False else bound
