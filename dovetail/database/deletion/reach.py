"""Describe the rows that a deletion reaches by cascade, as SQL conditions: no rows are read for that, however many.

    reach = Reach.of([Rows(posts)], by_database)
    gone = reach.gone({Rows(posts): posts.c.id == 1})
    gone[Rows(comments)]  # comments.post_id IN (SELECT posts.id FROM posts WHERE posts.id = 1)

Tables that refer to each other, or to themselves, are followed to any depth by a recursive CTE.
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

from dovetail.database.deletion.conditions import Followed, refer, refer_to_few, required_value, rows_with
from dovetail.database.deletion.references import Effect, Reference, Referring, Rows

Conditions: TypeAlias = Mapping[Rows, ColumnElement[bool]]
Group: TypeAlias = tuple[Rows, ...]  # members of a cycle of references, or a single member without one


@dataclass(frozen=True)
class Reach:
    """The kinds of rows that a deletion may reach, in the order of the cascade, and the references to each."""

    groups: tuple[Group, ...]
    references: Mapping[Rows, Sequence[Reference]]

    @classmethod
    def of(cls, roots: Sequence[Rows], referring: Referring) -> "Reach":
        """Return the reach of a deletion of `roots`; `referring` returns the references to given rows."""
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
        """The groups whose rows refer to each other, or to rows of their own table."""
        return [group for group in self.groups if self._within(group)]

    def gone(self, chosen: Conditions, flat: Collection[Group] = ()) -> dict[Rows, ColumnElement[bool]]:
        """Return by kind of rows the condition that a row is deleted: that it is `chosen` or deleted by cascade.

        The cycles in `flat` are not followed by a recursion, which is slow for very many rows: the caller has found
        with `beyond` that no row is deleted only because another one of its cycle is.
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
        """Return the conditions on rows of a cycle that are deleted only because others of the cycle are.

        `gone` are the conditions with this group in `flat`. If no row fulfils them, the cycle need not be followed.
        """
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
    """Return the groups in topological order, referenced rows first; the members of a cycle form one group."""
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
    """Return the condition that one of several holds, as a UNION ALL, so that each can use its own index."""
    keys = list(rows.table.primary_key.columns)
    if len(conditions) <= 1 or not keys:
        return or_(*conditions) if conditions else false()
    found = [select(*keys).where(condition).correlate(None) for condition in conditions]
    return rows_with(keys, union_all(*found))


def _closed(
    group: Group, within: Sequence[tuple[Rows, Reference]], found: dict[Rows, ColumnElement[bool]]
) -> dict[Rows, ColumnElement[bool]]:
    """Extend the conditions on the rows of a group by the rows that refer to them within the group, to any depth."""
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
    """Extend the condition on the rows of a table by those that refer to them, through its single self-reference."""
    keys, known = list(rows.table.primary_key.columns), _known_columns(rows, [(rows, one)])
    gone = cast("Select[object]", select(*known).where(first).correlate(None)).cte(recursive=True)
    other, told = rows.table.alias(), required_value(first, rows.table)
    refers = and_(*(other.c[own.key] == gone.c[target.key] for own, target in one.pairs))
    step = select(*(other.c[column.key] for column in known)).join_from(gone, other, refers)
    if told is None:
        gone = gone.union(step)
    else:
        # Each row refers to one row. If rows that fulfil `first` are left out, none is found twice and no cycle is
        # endless, so UNION ALL will do. A condition on `other` alone would make SQLite read the whole table first, to
        # build a Bloom filter.
        is_other = or_(other.c[told[0].key].is_distinct_from(told[1]), gone.c[keys[0].key].is_(None))
        gone = gone.union_all(step.where(is_other))
    if len(keys) == 1:
        return Followed(keys[0], gone, first)
    return rows_with(keys, cast("Select[object]", select(*(gone.c[key.key] for key in keys))))


def _known_columns(rows: Rows, within: Sequence[tuple[Rows, Reference]]) -> list[Column[object]]:
    """Return the columns that the recursion needs: the key, and those that other rows of the cycle refer to."""
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
    """Return the recursive part: the SELECT of the rows that refer to the rows found last.

    A recursive CTE may be used only once in it, so all references are outer-joined, each for its own number: without
    the numbers, the rows of different references would be combined with each other.
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
