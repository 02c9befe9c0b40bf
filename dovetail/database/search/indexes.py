"""Find out which indexes a table has, and whether one of them serves a filter or an order.

Of partial indexes those count whose WHERE says that columns are not null, where a statement compares these columns by
`=`, `<`, `IN` or a join: either database knows that such rows are in the index. What compares with a value, `WHERE
is_published`, it cannot know of a statement whose values are bound, and which it plans before it has them.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BinaryExpression, Column, ColumnElement, Table, UnaryExpression, UniqueConstraint, inspect
from sqlalchemy.sql import operators

NOT_NULL = re.compile(r'(?:\w+\.)*"?(?P<name>\w+)"?\s+IS\s+NOT\s+NULL', re.IGNORECASE)
Term = tuple[object, bool]  # a column, or the text of an expression, and whether the order descends


def starts_an_index(column: ColumnElement[object], *, has_value: bool = False) -> bool:
    """Return whether an index, or a key, begins with the column, so that rows with one value are found at once.

    With `has_value` nobody looks for rows in which it is null, so that the index need not hold them.
    """
    table = getattr(column, "table", None)
    valued = [column] if has_value else []
    return isinstance(table, Table) and any(terms and terms[0][0] is column for terms in indexes(table, valued))


def compared_column(condition: ColumnElement[bool], *comparisons: object) -> Column[object] | None:
    """Return the column that a condition compares by one of these operators; None for any other condition."""
    is_compared = isinstance(condition, BinaryExpression) and condition.operator in comparisons
    return column_of(condition.left) if is_compared else None


def columns_with_values(conditions: Iterable[ColumnElement[bool]]) -> list[Column[object]]:
    """Return the columns that conditions compare by `=`, which no row fulfils in which they are null."""
    columns = [compared_column(one, operators.eq) for one in conditions]
    return [column for column in columns if column is not None]


def column_of(expression: object) -> Column[object] | None:
    """Return the column of a table that a statement says by `expression`; None for any other expression."""
    table, name = getattr(expression, "table", None), getattr(expression, "key", None)
    return table.c.get(name) if isinstance(table, Table) and isinstance(name, str) else None


def keeps_in_order(
    equal: Sequence[Column[object]], order: Sequence[Term], valued: Collection[Column[object]] = ()
) -> bool:
    """Return whether an index has the rows with one value of each of `equal` in this `order`, read from either end.

    The value of each of `valued` is none that is null.
    """
    size, turned = len(equal), [(term, not descending) for term, descending in order]
    return any(
        len(terms) >= size + len(order)
        and all(any(term is column for term, _ in terms[:size]) for column in equal)
        and any(_begin_alike(terms[size:], one) for one in (order, turned))
        for terms in indexes(equal[0].table, valued)
    )


def starts_a_lowered_index(column: Column[object]) -> bool:
    """Return whether an index begins with the column in small letters, as comparisons that ignore case need it."""
    if not isinstance(column, Column):  # an expression that is mapped as one
        return False
    lowered = {f"lower({column.name})", f"lower({column.table.name}.{column.name})"}
    return any(terms and str(terms[0][0]).lower() in lowered for terms in indexes(column.table))


def indexes(table: Table, valued: Collection[ColumnElement[object]] = ()) -> Iterator[Sequence[Term]]:
    """The terms of every index, key and unique constraint that holds all rows in which `valued` are not null."""
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
    """A filter or an order that no index serves, and the index to add; None if there is none that would."""

    what: str  # continues "no index serves ..."
    index: str | None

    @property
    def hint(self) -> str:
        """Return what to do about it."""
        if self.index is None:
            return "no index can; leave it out, or accept it"
        return f"add {self.index} below the model and run makemigrations, or accept it"


def index_for(model: type[object], column: Column[object], expression: str = "") -> str | None:
    """Return the code of the index that serves a column of the model; None for an expression that is mapped as one."""
    if not isinstance(column, Column):
        return None
    table: Any = column.table
    mapper = inspect(model)
    owner = next((one for one in mapper.registry.mappers if one.local_table is table), None)
    name = f"ix_{table.name}_{column.name}"
    if owner is None:  # a table of links
        return f'Index("{name}", {table.name}.c.{column.name})'
    attribute = f"{owner.class_.__name__}.{owner.get_property_by_column(column).key}"
    return f'Index("{name}{"_lower" * bool(expression)}", {expression.format(attribute) or attribute})'


def unindexed_steps(relations: Sequence[Any]) -> Iterator[Column[object]]:
    """The columns on the way of a path of relations that no index begins with, from the rows' own side on."""
    for relation in relations:
        mapped = relation.property
        if mapped.secondary is not None:
            ends = [pair[1] for pair in mapped.secondary_synchronize_pairs or ()]
        else:
            local, remote = zip(*(mapped.local_remote_pairs or ()), strict=True)
            ends = list(remote if mapped.uselist else local)
        yield from (end for end in ends if not starts_an_index(end, has_value=True))


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
