"""Read a slice of a list: the rows, the values that they are ordered by, and the total number of rows."""

from dataclasses import dataclass, replace

from sqlalchemy import BindParameter, Column, ColumnElement, Label, Select, func, inspect, select
from sqlalchemy.sql import operators
from sqlalchemy.sql.elements import False_, True_

from dovetail.contrib.admin.columns.identifiers import primary_keys
from dovetail.contrib.admin.lists.ordering import SortTerms
from dovetail.contrib.admin.sqladmin_private import AnySelect
from dovetail.database.drivers.sqlalchemy_private_statements import joins_others, merges_rows
from dovetail.database.search.indexes import column_of, columns_with_values, compared_column, keeps_in_order
from dovetail.database.search.selective_conditions import all_of


def count_rows(statement: AnySelect, model: type[object]) -> Select[int]:
    """Return the COUNT of the rows of `statement`, without its order and columns."""
    keys = statement.with_only_columns(*primary_keys(model), maintain_column_froms=True).order_by(None)
    return select(func.count()).select_from(keys.subquery())


@dataclass(frozen=True)
class RowSlice:
    """Rows, the values that they are ordered by, and the total number if they were counted."""

    rows: list[object]
    values: list[tuple[object, ...]]
    count: int | None = None

    def turned(self, size: int) -> "RowSlice":
        """Return the first `size` rows in reverse order."""
        return replace(self, rows=self.rows[:size][::-1], values=self.values[:size][::-1])


def counted(found: AnySelect, terms: SortTerms, limit: int) -> AnySelect:
    """Return `found` with the number of its rows, up to `limit`, as a column; the rows are scanned once."""
    hits = found.limit(limit).cte("hits")
    order = [term.order(hits.c[f"order_{number}"]) for number, term in enumerate(terms)]
    return select(hits, _total(select(func.count()).select_from(hits))).order_by(*order)


def counted_apart(found: AnySelect, model: type[object], limit: int) -> AnySelect:
    """Return `found` with the number of its rows, up to `limit`, as a column, counted by a second scan.

    If an index has all rows in order, that costs a tenth of materializing them for the count.
    """
    return found.add_columns(_total(count_rows(found.order_by(None).limit(limit), model)))


def is_read_in_order(found: AnySelect, model: type[object], terms: SortTerms) -> bool:
    """Return True if an index has exactly the rows of `found`, in the order of `terms`.

    Only the first term is checked: the others decide the order of few rows.
    """
    table, (first, *_) = inspect(model).local_table, terms
    if joins_others(found) or merges_rows(found) or found.whereclause is None or first.nulls_first is not None:
        return False
    conditions = all_of(found.whereclause)
    columns = [_equal_to_value(one) for one in conditions]
    column = column_of(first.expression)
    if column is None or any(one is None or one.table is not table for one in (*columns, column)):
        return False
    equal = [one for one in columns if one is not None]
    return keeps_in_order(equal, [(column, first.descending)], columns_with_values(conditions))


def _equal_to_value(condition: ColumnElement[bool]) -> Column[object] | None:
    is_value = isinstance(getattr(condition, "right", None), BindParameter | True_ | False_)
    return compared_column(condition, operators.eq, operators.is_) if is_value else None


def _total(count: Select[int]) -> Label[int]:
    return count.scalar_subquery().label("total")
