"""Access paths to a page of rows under selective conditions: one statement that chooses between them by counting.

`dovetail.database.search.selective_conditions` says why. The statement counts the keys that fulfil each such condition,
up to FEW. If there are few, it gathers their rows and sorts them; otherwise it walks an index in the order of the page
and tests each row. A path that is not taken costs nothing: on PostgreSQL its condition is a one-time filter, on SQLite
its LIMIT is 0.

On PostgreSQL, testing a row for a word parses its text again. So at most NEAR rows are walked for a word; if they do
not fill the page, all rows with the word are gathered.

Few keys may still be thousands, and if every fiftieth row matches, a page is full after walking a thousand index
entries. So on PostgreSQL the first NEAR entries are compared with the counted keys before those are gathered, provided
that there are at least SOME keys, and enough of them to fill the page if they are spread evenly.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import (
    CTE,
    BindParameter,
    ColumnElement,
    Dialect,
    Float,
    Select,
    UnaryExpression,
    and_,
    case,
    func,
    literal_column,
    select,
    true,
    union_all,
)

from dovetail.database.search.selective_conditions import InSubquery, SelectiveCondition, Unindexed, Walked

# Measured on a million posts: gathering and sorting 10,000 rows takes 10 to 20 ms, walking to a page takes less if one
# row in a hundred matches.
FEW = 10_000
NEAR = 2_000
SOME = 500  # keys: gathering the rows of so many costs more than looking at NEAR index entries
MAXIMUM_SELECTIVE = 3  # further selective conditions are tested on each row

Order = Callable[[Sequence[ColumnElement[object]]], list[UnaryExpression[object]]]


@dataclass(frozen=True)
class Slice:
    """A page of ordered rows: limit, offset, and the function that orders by given columns."""

    limit: int
    offset: BindParameter[int] | None
    order: Order
    reach: int | None = None  # with an offset: an upper bound for offset + limit

    def cut(self, rows: Select[object], places: Sequence[ColumnElement[object]]) -> Select[object]:
        """Return the page of `rows`, ordered by the columns `places`."""
        # PostgreSQL can plan for a limit that is a literal in the SQL.
        return rows.order_by(*self.order(places)).limit(_number(self.limit)).offset(self.offset)

    def cut_keys(self, rows: Select[object], dialect: Dialect) -> Select[object]:
        """Return the page of `rows`, which select their key and the values to order by.

        For an offset that is a parameter, PostgreSQL's planner assumes a tenth of all rows. A generic plan then looks
        expensive, and it plans every request anew, which costs as much as the page itself. So the rows are first
        limited to `reach`: a tenth of them is fewer than the offset skips.
        """
        if self.reach is None or dialect.name != "postgresql":
            return self.cut(rows, self._places(rows))
        near = self.first(rows, self.reach).subquery("near")
        return self.cut(select(near), self._places(select(near)))

    def first(self, rows: Select[object], count: ColumnElement[int] | int) -> Select[object]:
        """Return the first `count` of `rows`, which select their key and the values to order by."""
        places = self._places(rows)
        return rows.order_by(*self.order(places)).limit(_number(count) if isinstance(count, int) else count)

    @property
    def end(self) -> ColumnElement[int]:
        """The number of rows up to the end of the page."""
        return _number(self.limit) if self.offset is None else self.offset + _number(self.limit)

    @staticmethod
    def _places(rows: Select[object]) -> list[ColumnElement[object]]:
        return [column for column in rows.selected_columns if column.key != "key"]


@dataclass(frozen=True)
class _Way:
    """An access path: its rows, and the condition under which it is taken."""

    rows: Select[object]
    gate: ColumnElement[bool]


@dataclass(frozen=True)
class _Few:
    """A selective condition, the first keys that fulfil it, their count, and conditions on that count."""

    condition: SelectiveCondition
    keys: CTE
    count: ColumnElement[int]
    are_few: ColumnElement[bool]
    are_many: ColumnElement[bool]

    def among(self, key: ColumnElement[object]) -> InSubquery:
        """Return the condition that `key` is one of the counted keys."""
        return InSubquery(key, select(*self.keys.c).scalar_subquery())


def page_of_keys(
    rows: Select[object],
    key: ColumnElement[object],
    conditions: Sequence[ColumnElement[bool]],
    page: Slice,
    dialect: Dialect,
    *,
    is_in_order: bool = False,
) -> Select[object] | None:
    """Return the SELECT of the keys and the values to order by of a page; None if no condition is selective.

    `rows` labels them key, order_0 and so on. `is_in_order` says that an index holds exactly the rows that fulfil the
    other conditions, in the order of the page.
    """
    selective = _selective(conditions, dialect, FEW)
    if not selective:
        return None
    ways = [*_gathering(rows, key, conditions, selective), *_walking(rows, key, conditions, selective, page, dialect)]
    if is_in_order and dialect.name == "postgresql" and len(selective) == 1 and not selective[0].condition.is_costly:
        gathering, *walking = ways
        ways = [*_near_or(gathering, rows, key, conditions, selective[0], page, dialect), *walking]
    taken = union_all(*(select(_taken(way, page, dialect).subquery()) for way in ways)).subquery("found")
    return page.cut(select(taken), [column for column in taken.c if column.name != "key"])


def count_of(
    rows: Select[object],
    key: ColumnElement[object],
    conditions: Sequence[ColumnElement[bool]],
    limit: int | None,
    dialect: Dialect,
) -> Select[int]:
    """Return the SELECT of the number of `rows` that fulfil the conditions, up to `limit`.

    It gathers all keys of one selective condition, however many; with a limit, it tries the first keys before. Walking
    the table would take ten times as long if there are fewer matches than the limit.
    """
    selective = _selective(conditions, dialect, FEW if limit is None else 2 * FEW)
    if not selective:
        return _counted(rows.where(*conditions), limit)
    ways = _gathering(rows, key, conditions, selective)
    counts: list[tuple[ColumnElement[bool], ColumnElement[int]]] = [
        (way.gate, _counted(way.rows, limit).scalar_subquery()) for way in ways
    ]
    chosen = next((few for few in selective if _is_costly(few.condition, dialect)), selective[0])
    others = [Unindexed(_counted_by(one, key, limit, dialect)) for one in conditions if one is not chosen.condition]
    if limit is not None:
        first = _counted(rows.where(*others, chosen.among(key)), limit).scalar_subquery()
        counts.append((first >= _number(limit), _number(limit)))
    everything = rows.where(*others, InSubquery(key, chosen.condition.keys(dialect).scalar_subquery()))
    return select(case(*counts, else_=_counted(everything, limit).scalar_subquery()))


def _counted_by(
    condition: ColumnElement[bool], key: ColumnElement[object], limit: int | None, dialect: Dialect
) -> ColumnElement[bool]:
    """Return a condition in the form that is cheapest to test on gathered keys.

    With a second array of keys, PostgreSQL would scan it for each key of the first; a subquery is joined instead.
    """
    if not isinstance(condition, SelectiveCondition):
        return condition
    if _is_costly(condition, dialect):
        return InSubquery(key, condition.keys(dialect).scalar_subquery())
    # Without a limit all keys have to be found anyway.
    return key.in_(condition.keys(dialect)) if limit is None else Walked(condition.walk)


def _counted(rows: Select[object], limit: int | None) -> Select[int]:
    if limit is None:
        return rows.with_only_columns(func.count(), maintain_column_froms=True)
    some: Select[object] = rows.with_only_columns(literal_column("1"), maintain_column_froms=True).limit(_number(limit))
    return select(func.count()).select_from(some.subquery())


def _selective(conditions: Sequence[ColumnElement[bool]], dialect: Dialect, most: int) -> list[_Few]:
    """Return the selective conditions by whose keys rows may be gathered; up to `most` keys count as few."""
    selective = [one for one in conditions if isinstance(one, SelectiveCondition)][:MAXIMUM_SELECTIVE]
    found: list[_Few] = []
    for number, condition in enumerate(selective):
        keys = condition.keys(dialect).limit(_number(most + 1)).cte(f"few_{number}").prefix_with("MATERIALIZED")
        count = select(func.count()).select_from(keys).scalar_subquery()
        found.append(_Few(condition, keys, count, count <= _number(most), count > _number(most)))
    return found


def _gathering(
    rows: Select[object],
    key: ColumnElement[object],
    conditions: Sequence[ColumnElement[bool]],
    selective: Sequence[_Few],
) -> Iterator[_Way]:
    """Yield a path for each selective condition, taken if its keys are few and those of the ones before it are many."""
    before: list[ColumnElement[bool]] = []
    for few in selective:
        others = [Unindexed(one) for one in conditions if one is not few.condition]
        yield _Way(rows.where(*others, few.among(key)), and_(*before, few.are_few))
        before.append(few.are_many)


def _near_or(  # noqa: PLR0917 - as page_of_keys has them
    gathering: _Way,
    rows: Select[object],
    key: ColumnElement[object],
    conditions: Sequence[ColumnElement[bool]],
    few: _Few,
    page: Slice,
    dialect: Dialect,
) -> Iterator[_Way]:
    """Yield the path over the first NEAR rows in order, and `gathering` for the case that they do not fill the page."""
    name = dialect.identifier_preparer.format_table(key.table).replace("'", "''")
    known = f"(SELECT reltuples FROM pg_class WHERE oid = '{name}'::regclass)"  # noqa: S608 - a name, quoted
    evenly = page.end * literal_column(known, Float()) / _number(NEAR)
    is_worth_it = and_(few.are_few, few.count >= func.greatest(_number(SOME), evenly))
    others = [one for one in conditions if one is not few.condition]
    near = page.first(rows.where(*others, is_worth_it), NEAR).subquery("near")
    # With IS TRUE, PostgreSQL tests row by row and stops when the page is full; without it, it would join and sort.
    matching = select(near).where(near.c.key.in_(select(*few.keys.c)).is_(true()))
    start = page.first(matching, page.end).cte("start").prefix_with("MATERIALIZED")
    count = select(func.count()).select_from(start).scalar_subquery()
    yield _Way(select(start), count >= page.end)
    yield _Way(gathering.rows, and_(gathering.gate, count < page.end))


def _walking(  # noqa: PLR0917 - as page_of_keys has them
    rows: Select[object],
    key: ColumnElement[object],
    conditions: Sequence[ColumnElement[bool]],
    selective: Sequence[_Few],
    page: Slice,
    dialect: Dialect,
) -> Iterator[_Way]:
    """Yield the paths that are taken if no selective condition has few keys."""
    many = [few.are_many for few in selective]
    costly = [one for one in conditions if isinstance(one, SelectiveCondition) and _is_costly(one, dialect)]
    others = [one for one in conditions if not any(one is other for other in costly)]
    cheap = [Walked(one.walk) if isinstance(one, SelectiveCondition) else one for one in others]
    if not costly:
        yield _Way(rows.where(*cheap), and_(*many))
        return
    near = page.first(rows.where(*cheap), NEAR).subquery("near")
    matching = select(near).join(key.table, near.c.key == key).where(*(Walked(one.walk) for one in costly))
    start = page.first(matching, page.end).cte("start").prefix_with("MATERIALIZED")
    count = select(func.count()).select_from(start).scalar_subquery()
    yield _Way(select(start), and_(*many, count >= page.end))
    gathered = (InSubquery(key, one.keys(dialect).scalar_subquery()) for one in costly)
    yield _Way(rows.where(*cheap, *gathered), and_(*many, count < page.end))


def _is_costly(condition: SelectiveCondition, dialect: Dialect) -> bool:
    return condition.is_costly and dialect.name == "postgresql"


def _taken(way: _Way, page: Slice, dialect: Dialect) -> Select[object]:
    if dialect.name == "sqlite":
        return page.first(way.rows, case((way.gate, page.end), else_=_number(0)))
    return page.first(way.rows.where(way.gate), page.end)


def _number(value: int) -> ColumnElement[int]:
    return literal_column(str(value))
