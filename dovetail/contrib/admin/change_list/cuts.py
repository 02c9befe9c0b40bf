"""Cut some rows out of a list: the rows, what they are ordered by, and how many there are in all."""

from dataclasses import dataclass, replace

from sqlalchemy import Select, func, select

from dovetail.contrib.admin.columns.identifiers import primary_keys
from dovetail.contrib.admin.lists.ordering import SortTerms
from dovetail.contrib.admin.sqladmin_private import AnySelect


def count_rows(statement: AnySelect, model: type[object]) -> Select[int]:
    """Return the statement that counts what `statement` selects, without its order and its columns."""
    keys = statement.with_only_columns(*primary_keys(model), maintain_column_froms=True).order_by(None)
    return select(func.count()).select_from(keys.subquery())


@dataclass(frozen=True)
class Cut:
    """Rows, their values of what they are ordered by, and how many there are in all if they were counted."""

    rows: list[object]
    values: list[tuple[object, ...]]
    count: int | None = None

    def turned(self, size: int) -> "Cut":
        """Return the first `size` of them, the other way round."""
        return replace(self, rows=self.rows[:size][::-1], values=self.values[:size][::-1])


def counted(found: AnySelect, terms: SortTerms, limit: int) -> AnySelect:
    """Return `found`, up to `limit` rows of it, each with their number: they are looked for once."""
    hits = found.limit(limit).cte("hits")
    total = select(func.count()).select_from(hits).scalar_subquery()
    order = [term.order(hits.c[f"order_{number}"]) for number, term in enumerate(terms)]
    return select(hits, total.label("total")).order_by(*order)
