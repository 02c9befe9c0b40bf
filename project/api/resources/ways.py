"""The two ways to a page of rows that a narrow condition selects, in one statement that chooses by counting.

`project.database.narrowing` says why. A statement counts the keys that fulfil each such condition, but not further than
FEW: if they are few it gathers their rows and sorts them, else it walks. What it does not choose costs nothing: on
PostgreSQL its condition is asked once and not of every row, on SQLite its LIMIT is 0.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    CTE,
    BindParameter,
    ColumnElement,
    Dialect,
    Select,
    UnaryExpression,
    and_,
    case,
    func,
    literal_column,
    select,
    union_all,
)

from project.database.narrowing import Among, Narrowing

# Measured on a million posts: to gather and sort 10,000 costs 10 to 20 ms, to walk where one in a hundred matches less.
FEW = 10_000
MAXIMUM_WAYS = 3  # to gather; one more walks

Order = Callable[[Sequence[ColumnElement[Any]]], list[UnaryExpression[Any]]]


@dataclass(frozen=True)
class Page:
    """How many rows, after how many that are skipped, and in which order of the values to order by."""

    limit: int
    offset: BindParameter[int] | None
    order: Order

    def cut(self, rows: Select[Any], places: Sequence[ColumnElement[Any]]) -> Select[Any]:
        """The page of `rows`, ordered by `places`."""
        # A limit written into the text lets PostgreSQL plan for it.
        return rows.order_by(*self.order(places)).limit(_number(self.limit)).offset(self.offset)

    @property
    def end(self) -> ColumnElement[int]:
        """How many rows there are at most before the page is over."""
        return _number(self.limit) if self.offset is None else self.offset + _number(self.limit)


@dataclass(frozen=True)
class _Way:
    """Conditions on the rows, and the condition under which this way is taken."""

    conditions: list[ColumnElement[bool]]
    gate: ColumnElement[bool]


def page_of_keys(
    rows: Select[Any],
    key: ColumnElement[Any],
    conditions: Sequence[ColumnElement[bool]],
    page: Page,
    dialect: Dialect,
) -> Select[Any] | None:
    """SELECT what `rows` selects, the key and values to order by, of one page; None if no condition is narrow.

    `rows` calls them key, order_0 and so on.
    """
    ways = list(_ways(key, conditions, dialect))
    if not ways:
        return None
    taken = union_all(*(select(_taken(rows, way, page, dialect).subquery()) for way in ways)).subquery("found")
    return page.cut(select(taken), [column for column in taken.c if column.name != "key"])


def count_of(
    rows: Select[Any],
    key: ColumnElement[Any],
    conditions: Sequence[ColumnElement[bool]],
    limit: int | None,
    dialect: Dialect,
) -> Select[Any]:
    """SELECT how many of `rows` fulfil the conditions, up to `limit`."""
    ways = list(_ways(key, conditions, dialect))
    if not ways:
        return _counted(rows.where(*conditions), limit)
    *gathering, walking = ways
    if limit is None:  # all keys have to be found anyway, and no order is asked for
        narrow = [one for one in conditions if isinstance(one, Narrowing)]
        sets = [key.in_(one.keys(dialect)) for one in narrow]
        walking = _Way([*(one for one in conditions if not isinstance(one, Narrowing)), *sets], walking.gate)
    counts = [(way.gate, _counted(rows.where(*way.conditions), limit).scalar_subquery()) for way in gathering]
    return select(case(*counts, else_=_counted(rows.where(*walking.conditions), limit).scalar_subquery()))


def _counted(rows: Select[Any], limit: int | None) -> Select[Any]:
    if limit is None:
        return rows.with_only_columns(func.count(), maintain_column_froms=True)
    some: Select[Any] = rows.with_only_columns(literal_column("1"), maintain_column_froms=True).limit(_number(limit))
    return select(func.count()).select_from(some.subquery())


def _ways(key: ColumnElement[Any], conditions: Sequence[ColumnElement[bool]], dialect: Dialect) -> Iterator[_Way]:
    """A way to gather for each narrow condition, taken if its keys are few, and then the one that walks."""
    narrow = [one for one in conditions if isinstance(one, Narrowing)][:MAXIMUM_WAYS]
    many: list[ColumnElement[bool]] = []
    for number, condition in enumerate(narrow):
        keys = condition.keys(dialect).limit(_number(FEW + 1)).cte(f"few_{number}").prefix_with("MATERIALIZED")
        count = select(func.count()).select_from(keys).scalar_subquery()
        others = [one for one in conditions if one is not condition]
        yield _Way([*others, Among(key, _only_column(keys))], and_(*many, count <= _number(FEW)))
        many.append(count > _number(FEW))
    if narrow:
        yield _Way(list(conditions), and_(*many))


def _taken(rows: Select[Any], way: _Way, page: Page, dialect: Dialect) -> Select[Any]:
    places = [column for column in rows.selected_columns if column.key != "key"]
    found = rows.where(*way.conditions).order_by(*page.order(places))
    if dialect.name == "sqlite":
        return found.limit(case((way.gate, page.end), else_=_number(0)))
    return found.where(way.gate).limit(page.end)


def _only_column(keys: CTE) -> Any:
    (column,) = keys.c
    return select(column).scalar_subquery()


def _number(value: int) -> ColumnElement[int]:
    return literal_column(str(value))
