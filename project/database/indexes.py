"""What indexes a table has, and whether one of them serves a filter or an order."""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Column, ColumnElement, Table, UnaryExpression, UniqueConstraint
from sqlalchemy.sql import operators

Term = tuple[Any, bool]  # a column, or the text of an expression, and whether the order descends


def starts_an_index(column: ColumnElement[Any]) -> bool:
    """Whether an index, or a key, begins with the column, so that rows with one value of it are found at once."""
    table = getattr(column, "table", None)
    return isinstance(table, Table) and any(terms and terms[0][0] is column for terms in indexes(table))


def indexes(table: Table) -> Iterator[Sequence[Term]]:
    """The terms of every index of the table that holds all its rows: keys, unique constraints, indexes."""
    yield [(column, False) for column in table.primary_key.columns]
    for column in table.columns:
        if column.unique:
            yield [(column, False)]
    for constraint in table.constraints:
        if isinstance(constraint, UniqueConstraint):
            yield [(column, False) for column in constraint.columns]
    for index in table.indexes:
        options = index.dialect_options
        is_partial = any(options[name]["where"] is not None for name in ("postgresql", "sqlite"))
        if not is_partial and options["postgresql"]["using"] in (False, None, "btree"):
            yield [_term(expression) for expression in index.expressions]


def _term(expression: Any) -> Term:
    if isinstance(expression, UnaryExpression):
        is_order = expression.modifier in (operators.desc_op, operators.asc_op)
        if is_order:
            return _term(expression.element)[0], expression.modifier is operators.desc_op
        return _term(expression.element)
    return (expression, False) if isinstance(expression, Column) else (str(expression), False)
