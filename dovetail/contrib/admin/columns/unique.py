"""Find the unique columns of a model."""

from collections.abc import Iterator

from sqlalchemy import Column, Table, UniqueConstraint, inspect
from sqlalchemy.orm import Mapper

from dovetail.contrib.admin.columns.readers import reader_of


def unique_columns(model: type[object]) -> Iterator[tuple[str, Column[object]]]:
    """Yield (attribute, column) for each unique column whose values can be typed."""
    mapper: Mapper[object] = inspect(model)
    for prop in mapper.column_attrs:
        column = prop.columns[0]
        if isinstance(column, Column) and not column.primary_key and _is_unique(column) and reader_of(column.type):
            yield prop.key, column


def _is_unique(column: Column[object]) -> bool:
    table = column.table
    if column.unique or not isinstance(table, Table):
        return bool(column.unique)
    constraints = [set(one.columns) for one in table.constraints if isinstance(one, UniqueConstraint)]
    indexes = [
        set(one.columns)
        for one in table.indexes
        if one.unique and not any(options.get("where") is not None for options in one.dialect_options.values())
    ]
    return {column} in [*constraints, *indexes]
