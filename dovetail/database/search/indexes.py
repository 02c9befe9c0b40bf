"""Find the indexes of a table, and whether one of them serves a filter or an order.

A partial index counts if its WHERE only requires columns to be not null and the statement compares these columns by
`=`, `<`, `IN` or a join: both databases then know that the index has the rows. A WHERE on a value, such as `WHERE
is_published`, does not count: a statement with bound values is planned before its values are known.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BinaryExpression,
    Column,
    ColumnElement,
    ForeignKeyConstraint,
    PrimaryKeyConstraint,
    Table,
    UnaryExpression,
    UniqueConstraint,
    inspect,
)
from sqlalchemy.sql import operators

NOT_NULL = re.compile(r'(?:\w+\.)*"?(?P<name>\w+)"?\s+IS\s+NOT\s+NULL', re.IGNORECASE)
Term = tuple[object, bool]  # a column, or the text of an expression, and whether the order descends


def starts_an_index(column: ColumnElement[object], *, has_value: bool = False) -> bool:
    """Return True if an index or key begins with the column, so that rows with a given value are found quickly.

    With `has_value` rows in which the column is null are not looked for, so the index may omit them.
    """
    table = getattr(column, "table", None)
    valued = [column] if has_value else []
    return isinstance(table, Table) and any(terms and terms[0][0] is column for terms in indexes(table, valued))


def finds_rows_of(key: ForeignKeyConstraint) -> bool:
    """Return True if an index finds the rows that refer to a given row by this foreign key.

    The index begins with the columns of the key, in any order; a part of them is enough if it is unique.
    """
    columns = set(key.columns)
    found = [{column for column, _ in terms[: len(columns)]} for terms in indexes(key.table, columns)]
    return columns in found or any(columns.issuperset(unique) for unique in _unique(key.table))


def compared_column(condition: ColumnElement[bool], *comparisons: object) -> Column[object] | None:
    """Return the column that a condition compares using one of these operators; None for any other condition."""
    is_compared = isinstance(condition, BinaryExpression) and condition.operator in comparisons
    return column_of(condition.left) if is_compared else None


def columns_with_values(conditions: Iterable[ColumnElement[bool]]) -> list[Column[object]]:
    """Return the columns that conditions compare by `=`: rows in which such a column is null do not match."""
    columns = [compared_column(one, operators.eq) for one in conditions]
    return [column for column in columns if column is not None]


def column_of(expression: object) -> Column[object] | None:
    """Return the table's column that `expression` refers to; None for any other expression."""
    table, name = getattr(expression, "table", None), getattr(expression, "key", None)
    return table.c.get(name) if isinstance(table, Table) and isinstance(name, str) else None


def keeps_in_order(
    equal: Sequence[Column[object]], order: Sequence[Term], valued: Collection[Column[object]] = ()
) -> bool:
    """Return True if an index has the rows with given values of `equal` in this `order`, forwards or backwards.

    The columns `valued` are not null in the rows looked for.
    """
    size, turned = len(equal), [(term, not descending) for term, descending in order]
    return any(
        len(terms) >= size + len(order)
        and all(any(term is column for term, _ in terms[:size]) for column in equal)
        and any(_begin_alike(terms[size:], one) for one in (order, turned))
        for terms in indexes(equal[0].table, valued)
    )


def begins_with_lower(column: ColumnElement[object]) -> bool:
    """Return True if an index begins with lower(column), which case-insensitive comparisons need."""
    if not isinstance(column, Column):  # an expression mapped as a column
        return False
    lowered = {f"lower({column.name})", f"lower({column.table.name}.{column.name})"}
    return any(terms and str(terms[0][0]).lower() in lowered for terms in indexes(column.table))


def indexes(table: Table, valued: Collection[ColumnElement[object]] = ()) -> Iterator[Sequence[Term]]:
    """Yield the terms of every index, key and unique constraint that has all rows in which `valued` are not null."""
    yield [(column, False) for column in table.primary_key.columns]
    for column in table.columns:
        if column.unique:
            yield [(column, False)]
    for constraint in table.constraints:
        if isinstance(constraint, UniqueConstraint):
            yield [(column, False) for column in constraint.columns]
    for index in table.indexes:
        options = index.dialect_options
        wheres = [options[name]["where"] for name in ("postgresql", "sqlite")]
        holds_all = all(where is None or _follows(where, valued) for where in wheres)
        if holds_all and options["postgresql"]["using"] in (False, None, "btree"):
            yield [_term(expression) for expression in index.expressions]


@dataclass(frozen=True)
class Unserved:
    """A filter or an order that no index serves, and the index to add; None if no index could."""

    what: str  # continues "no index serves ..."
    index: str | None

    @property
    def hint(self) -> str:
        """Return the advice: the index to add, if one can help."""
        if self.index is None:
            return "no index can; leave it out, or accept it"
        return f"add {self.index} below the model and run makemigrations, or accept it"


def index_for(model: type[object], column: ColumnElement[object], expression: str = "") -> str | None:
    """Return the code of an index that serves a column of the model; None for an expression mapped as a column."""
    if not isinstance(column, Column):
        return None
    table: Any = column.table
    name = f"ix_{table.name}_{column.name}"
    owners = [one for one in inspect(model).registry.mappers if one.local_table is table]
    # Several classes may share a table, each with columns of its own; a subclass has those of its base class too.
    owners.sort(key=lambda one: (len(list(one.iterate_to_root())), one.class_.__name__))
    mapped = ((one, attribute) for one in owners for attribute in one.column_attrs if attribute.columns[0] is column)
    owner, found = next(mapped, (None, None))
    if owner is None or found is None:  # a table of links
        return f'Index("{name}", {table.name}.c.{column.name})'
    attribute = f"{owner.class_.__name__}.{found.key}"
    return f'Index("{name}{"_lower" * bool(expression)}", {expression.format(attribute) or attribute})'


def unindexed_steps(relations: Sequence[Any]) -> Iterator[Column[object]]:
    """Yield the columns along a path of relations, starting at the model, with which no index begins."""
    for relation in relations:
        mapped = relation.property
        if mapped.secondary is not None:
            ends = [pair[1] for pair in mapped.secondary_synchronize_pairs or ()]
        else:
            local, remote = zip(*(mapped.local_remote_pairs or ()), strict=True)
            ends = list(remote if mapped.uselist else local)
        yield from (end for end in ends if not starts_an_index(end, has_value=True))


def _unique(table: Table) -> Iterator[set[object]]:
    """Yield the columns of each key and each unique constraint or index of the whole table."""
    for one in table.constraints:
        if isinstance(one, (PrimaryKeyConstraint, UniqueConstraint)) and one.columns:
            yield set(one.columns)
    yield from (set[object]([column]) for column in table.columns if column.unique)
    for index in table.indexes:
        wheres = [index.dialect_options[name]["where"] for name in ("postgresql", "sqlite")]
        if index.unique and wheres == [None, None]:
            yield set(index.expressions)


def _follows(where: object, valued: Collection[ColumnElement[object]]) -> bool:
    """Return whether the WHERE of a partial index asks no more than that some of `valued` are not null."""
    names = {str(getattr(column, "name", "")) for column in valued}
    conditions = re.split(r"\s+AND\s+", str(where), flags=re.IGNORECASE)
    found = [NOT_NULL.fullmatch(one.strip("() ")) for one in conditions]
    return all(one is not None and one["name"] in names for one in found)


def _begin_alike(terms: Sequence[Term], order: Sequence[Term]) -> bool:
    return all(term is other and down == falls for (term, down), (other, falls) in zip(terms, order, strict=False))


def _term(expression: object) -> Term:
    if isinstance(expression, UnaryExpression):
        is_order = expression.modifier in (operators.desc_op, operators.asc_op)
        if is_order:
            return _term(expression.element)[0], expression.modifier is operators.desc_op
        return _term(expression.element)
    return (expression, False) if isinstance(expression, Column) else (str(expression), False)
