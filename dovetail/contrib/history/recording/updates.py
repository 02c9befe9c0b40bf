"""Extract from an UPDATE or DELETE the values it sets and the rows it selects, for use in another statement."""

from collections.abc import Mapping
from typing import TypeVar

from sqlalchemy import (
    CTE,
    BindParameter,
    Column,
    ColumnClause,
    ColumnElement,
    SelectBase,
    Table,
    TextClause,
    Update,
    bindparam,
    inspect,
    literal,
    select,
)
from sqlalchemy.orm import Mapper
from sqlalchemy.sql import visitors
from sqlalchemy.sql.visitors import ExternallyTraversible

from dovetail.database.deletion.conditions import rows_with
from dovetail.database.drivers.sqlalchemy_private_statements import values_to_set

T = TypeVar("T")
GIVEN = "given_"  # prefix of the parameters of the watched statement, before their names


def changed(statement: Update, table: Table, given: Mapping[str, object]) -> dict[str, ColumnElement[object]]:
    """Return the values that an UPDATE sets, by key of the column."""
    names = _columns_by_attribute(statement, table)
    found: dict[str, ColumnElement[object]] = {}
    for key, value in values_to_set(statement).items():
        name = key if isinstance(key, str) else str(getattr(key, "key", ""))
        column = names.get(name)
        if column is not None:
            found[column.key] = _as_column(value, column)
    for name in given:
        column = names.get(name)
        if column is not None:
            found[column.key] = bindparam(f"{GIVEN}{name}", type_=column.type)
    return found


def of_one_table(table: Table, condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """Return a condition on the table alone: one that uses other tables, too, becomes an IN of primary keys."""
    if not uses_other_tables(table, condition):
        return condition
    keys = list(table.primary_key.columns)
    return rows_with(keys, select(*keys).where(condition))


def uses_other_tables(table: Table, expression: ColumnElement[T]) -> bool:
    """Return whether an expression uses columns of other tables outside of subqueries.

    SQLAlchemy's `get_final_froms` would compile the statement, which fails for constructs of one dialect only.
    """
    waiting: list[ExternallyTraversible] = [expression]
    while waiting:
        part = waiting.pop()
        if isinstance(part, ColumnClause) and part.table is not None and getattr(part.table, "key", None) != table.key:
            return True
        if not isinstance(part, SelectBase):
            waiting.extend(part.get_children())
    return False


def renamed(expression: ColumnElement[T]) -> ColumnElement[T]:
    """Return the expression with its parameters renamed, so that they do not clash with columns of the log."""

    def rename(element: ExternallyTraversible, **_: object) -> ExternallyTraversible | None:
        if isinstance(element, BindParameter) and element.required:
            return bindparam(f"{GIVEN}{element.key}", type_=element.type, expanding=element.expanding)
        return None

    return visitors.replacement_traverse(expression, {}, rename)


def contains_subquery(value: ColumnElement[object]) -> bool:
    """Return whether an expression contains a subquery, and so may depend on rows other than the changed one."""
    return any(isinstance(part, SelectBase) for part in visitors.iterate(value))


def contains_sql_text(value: ColumnElement[object]) -> bool:
    """Return whether an expression contains SQL as text, such as a `literal_column`, which may name any column."""
    return any(
        isinstance(part, TextClause) or (isinstance(part, ColumnClause) and part.table is None)
        for part in visitors.iterate(value)
    )


def of_rows(value: ColumnElement[object], table: Table, rows: CTE) -> ColumnElement[object]:
    """Return an expression on a table as one on the CTE `rows`."""

    def replace(element: ExternallyTraversible, **_: object) -> ExternallyTraversible | None:
        if not isinstance(element, Column) or not isinstance(element.table, Table):
            return None
        return rows.c[element.key] if element.table.key == table.key else None  # with annotations of the ORM or without

    return visitors.replacement_traverse(value, {}, replace)


def _columns_by_attribute(statement: Update, table: Table) -> dict[str, Column[object]]:
    found = {column.key: column for column in table.columns}
    entity = _entity(statement)
    if isinstance(entity, type):
        mapper: Mapper[object] = inspect(entity)
        for attribute in mapper.column_attrs:
            for column in attribute.columns:
                if isinstance(column, Column) and column.table is table:
                    found[attribute.key] = column
    return found


def _entity(statement: Update) -> object:
    try:
        return statement.entity_description.get("entity")
    except KeyError:  # of a table, with attributes of a model in its condition: SQLAlchemy takes it for one of the ORM
        return None


def _as_column(value: object, column: Column[object]) -> ColumnElement[object]:
    if isinstance(value, BindParameter):
        if value.required:
            return bindparam(f"{GIVEN}{value.key}", type_=column.type)
        return literal(value.effective_value, column.type)
    made = value.__clause_element__() if hasattr(value, "__clause_element__") else value
    if isinstance(made, ColumnElement):
        return renamed(made)
    return literal(value, column.type)
