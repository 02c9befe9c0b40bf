"""Say which rows a deletion reaches, as conditions: nothing is read to find out, however many rows there are.

    reach = Reach.of([Rows(posts)], by_database)
    gone = reach.gone({Rows(posts): posts.c.id == 1})
    gone[Rows(comments)]  # comments.post_id IN (SELECT posts.id FROM posts WHERE posts.id = 1)

Rows that refer to each other, or to others of their own table, are followed to any depth by a recursive statement.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from graphlib import TopologicalSorter
from typing import TypeAlias, cast

from sqlalchemy import (
    CTE,
    Column,
    ColumnElement,
    FromClause,
    Select,
    and_,
    false,
    func,
    literal_column,
    null,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy import cast as sql_cast

from dovetail.database.deletion.conditions import Followed, refer, refer_to_few, rows_with, told_value
from dovetail.database.deletion.references import Effect, Reference, Referring, Rows

Conditions: TypeAlias = Mapping[Rows, ColumnElement[bool]]
Group: TypeAlias = tuple[Rows, ...]  # which refer to each other, or one that stands alone


@dataclass(frozen=True)
class Reach:
    """The rows that a deletion may reach, each behind those that it goes with, and what refers to them."""

    groups: tuple[Group, ...]
    references: Mapping[Rows, Sequence[Reference]]

    @classmethod
    def of(cls, roots: Sequence[Rows], referring: Referring) -> "Reach":
        """Return what the deletion of rows like `roots` reaches, as `referring` tells what refers to what."""
        references: dict[Rows, Sequence[Reference]] = {}
        waiting = list(roots)
        while waiting:
            rows = waiting.pop()
            if rows not in references:
                references[rows] = referring(rows)
                waiting += [one.rows for one in references[rows] if one.effect is Effect.DELETE]
        return cls(_groups(references), references)

    @property
    def circles(self) -> list[Group]:
        """The groups of rows that refer to each other, or to others of their own table."""
        return [group for group in self.groups if self._within(group)]

    def gone(self, chosen: Conditions, flat: Collection[Group] = ()) -> dict[Rows, ColumnElement[bool]]:
        """Return the condition on the rows that go, for all that may: those that are `chosen`, and what goes along.

        Of the `flat` ones among the circles it is known that nothing outside refers to what goes by itself (`beyond`):
        they are not followed, which takes long where very many rows go.
        """
        conditions: dict[Rows, list[ColumnElement[bool]]] = {rows: [one] for rows, one in chosen.items()}
        gone: dict[Rows, ColumnElement[bool]] = {}
        for group in self.groups:
            found = {rows: _any_of(rows, conditions.get(rows, [])) for rows in group}
            gone |= _closed(group, [] if group in flat else self._within(group), found)
            for rows in group:
                for one in self.references[rows]:
                    if one.effect is Effect.DELETE and one.rows not in group:
                        conditions.setdefault(one.rows, []).append(refer(one.pairs, gone[rows]))
        return gone

    def beyond(self, group: Group, gone: Conditions) -> list[tuple[Rows, ColumnElement[bool]]]:
        """Return the conditions on rows of a circle that go only since others of it go, by the flat `gone`."""
        return [
            (one.rows, and_(refer_to_few(one.pairs, gone[rows]), gone[one.rows].is_not(true())))
            for rows, one in self._within(group)
        ]

    def _within(self, group: Group) -> list[tuple[Rows, Reference]]:
        return [
            (rows, one)
            for rows in group
            for one in self.references[rows]
            if one.effect is Effect.DELETE and one.rows in group
        ]


def _groups(references: Mapping[Rows, Sequence[Reference]]) -> tuple[Group, ...]:
    """Return the rows in an order in which each stands behind what it goes with; those in a circle stand together."""
    below = {rows: _below(rows, references) for rows in references}
    group_of = {
        rows: tuple(one for one in references if one is rows or (one in below[rows] and rows in below[one]))
        for rows in references
    }
    before: dict[Group, set[Group]] = {group: set() for group in group_of.values()}
    for rows, found in references.items():
        for one in found:
            if one.effect is Effect.DELETE and group_of[one.rows] != group_of[rows]:
                before[group_of[one.rows]].add(group_of[rows])
    return tuple(TopologicalSorter(before).static_order())


def _below(rows: Rows, references: Mapping[Rows, Sequence[Reference]]) -> set[Rows]:
    found: set[Rows] = set()
    waiting = [rows]
    while waiting:
        for one in references[waiting.pop()]:
            if one.effect is Effect.DELETE and one.rows not in found:
                found.add(one.rows)
                waiting.append(one.rows)
    return found


def _any_of(rows: Rows, conditions: Sequence[ColumnElement[bool]]) -> ColumnElement[bool]:
    """Return the condition that one of several holds, each of which an index may find."""
    keys = list(rows.table.primary_key.columns)
    if len(conditions) <= 1 or not keys:
        return or_(*conditions) if conditions else false()
    found = [select(*keys).where(condition).correlate(None) for condition in conditions]
    return rows_with(keys, union_all(*found))


def _closed(
    group: Group, within: Sequence[tuple[Rows, Reference]], found: dict[Rows, ColumnElement[bool]]
) -> dict[Rows, ColumnElement[bool]]:
    """Return the conditions on rows together with those that go because they refer to them, to any depth."""
    if not within:
        return found
    if len(within) == 1:
        ((rows, one),) = within
        return {rows: _tree(rows, one, found[rows])}
    known = {rows: _known_columns(rows, within) for rows in group}
    seeds = [_seed(rows, found[rows], known) for rows in group if not isinstance(found[rows], type(false()))]
    first = seeds[0] if len(seeds) == 1 else select(union_all(*seeds).subquery())
    gone = first.cte(recursive=True)
    gone = gone.union(_next(gone, within, known))
    keys = {rows: [gone.c[_name(rows, key, known)] for key in rows.table.primary_key.columns] for rows in group}
    return {
        rows: rows_with(list(rows.table.primary_key.columns), select(*keys[rows]).where(keys[rows][0].is_not(None)))
        for rows in group
    }


def _tree(rows: Rows, one: Reference, first: ColumnElement[bool]) -> ColumnElement[bool]:
    """Return the condition on rows together with those that refer to them by the one reference within their table."""
    keys, known = list(rows.table.primary_key.columns), _known_columns(rows, [(rows, one)])
    gone = cast("Select[object]", select(*known).where(first).correlate(None)).cte(recursive=True)
    other, told = rows.table.alias(), told_value(first, rows.table)
    refers = and_(*(other.c[own.key] == gone.c[target.key] for own, target in one.pairs))
    step = select(*(other.c[column.key] for column in known)).join_from(gone, other, refers)
    if told is None:
        gone = gone.union(step)
    else:  # a row refers to one: without those that are first ones anyway none is found twice, nor is a circle endless
        # For a condition on the others alone SQLite would read the whole table first, to make a Bloom filter of it.
        is_other = or_(other.c[told[0].key].is_distinct_from(told[1]), gone.c[keys[0].key].is_(None))
        gone = gone.union_all(step.where(is_other))
    if len(keys) == 1:
        return Followed(keys[0], gone, first)
    return rows_with(keys, cast("Select[object]", select(*(gone.c[key.key] for key in keys))))


def _known_columns(rows: Rows, within: Sequence[tuple[Rows, Reference]]) -> list[Column[object]]:
    """Return the columns of rows that have to be known: their key, and what the others of their circle refer to."""
    targets = [target for owner, one in within if owner == rows for _, target in one.pairs]
    return list(dict.fromkeys([*rows.table.primary_key.columns, *targets]))


def _seed(rows: Rows, condition: ColumnElement[bool], known: Mapping[Rows, Sequence[Column[object]]]) -> Select[object]:
    columns = [
        (column if one == rows else sql_cast(null(), column.type)).label(_name(one, column, known))
        for one, given in known.items()
        for column in given
    ]
    found = select(*columns).where(condition).select_from(rows.table).correlate(None)
    return cast("Select[object]", found)


def _next(
    gone: CTE, within: Sequence[tuple[Rows, Reference]], known: Mapping[Rows, Sequence[Column[object]]]
) -> Select[object]:
    """Return the statement that finds what refers to the rows that were found last.

    One number for each reference keeps what refers by one from being paired with what refers by another.
    """
    numbers = union_all(*(select(literal_column(str(n)).label("n")) for n in range(len(within)))).subquery()
    source: FromClause = gone.join(numbers, true())
    others = [one.rows.table.alias() for _, one in within]
    for number, ((owner, one), other) in enumerate(zip(within, others, strict=True)):
        refers = [other.c[own.key] == gone.c[_name(owner, target, known)] for own, target in one.pairs]
        source = source.outerjoin(other, and_(numbers.c.n == number, *refers))
    columns: list[ColumnElement[object]] = []
    for rows, given in known.items():
        aliases = [other for (_, one), other in zip(within, others, strict=True) if one.rows == rows]
        columns += [_first_of([other.c[column.key] for other in aliases], column) for column in given]
    is_found = [other.c[_first_key(one.rows)].is_not(None) for (_, one), other in zip(within, others, strict=True)]
    return cast("Select[object]", select(*columns).select_from(source).where(or_(*is_found)))


def _first_of(values: Sequence[ColumnElement[object]], column: Column[object]) -> ColumnElement[object]:
    if not values:
        return sql_cast(null(), column.type)
    return values[0] if len(values) == 1 else func.coalesce(*values)


def _name(rows: Rows, column: Column[object], known: Mapping[Rows, Sequence[Column[object]]]) -> str:
    return f"{list(known).index(rows)}_{column.key}"


def _first_key(rows: Rows) -> str:
    return next(column.key for column in rows.table.primary_key.columns)
