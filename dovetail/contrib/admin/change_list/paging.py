"""Read one page of a list that may have millions of rows.

Rows are counted up to a limit only. The keys of a page are read first, so that no columns of skipped rows are read.
Far from the start pages are found by cursor: a page begins after the last row of the page before it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256

from sqladmin.pagination import Pagination
from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.base import ExecutableOption

from dovetail.contrib.admin.change_list.list_page import ListPage
from dovetail.contrib.admin.change_list.row_slices import RowSlice, count_rows, counted, counted_apart, is_read_in_order
from dovetail.contrib.admin.columns.identifiers import LARGEST_INTEGER, primary_keys
from dovetail.contrib.admin.lists.ordering import SortTerms, after, terms_of
from dovetail.contrib.admin.sqladmin_private import AnySelect
from dovetail.database.drivers.sqlalchemy_private_statements import options_of
from dovetail.errors import BadRequestError
from dovetail.resources.query.cursors import Cursor
from dovetail.translation.texts import gettext


@dataclass(frozen=True, kw_only=True)
class Paginator:
    """Reads pages of `size` rows of `ordered`, which selects `model`.

    Rows are counted up to `count_limit`, unless scanning so many would take too long.
    """

    session: AsyncSession
    model: type[object]
    ordered: AnySelect
    options: Sequence[ExecutableOption]
    size: int
    count_limit: int
    is_counted: bool = True

    async def numbered(self, page: int) -> ListPage:
        """Read the page with this number, or the nearest one."""
        start = (min(max(page, 1), LARGEST_INTEGER // self.size) - 1) * self.size
        is_counted = self.is_counted and start < self.count_limit  # beyond that, there certainly are more
        part = await self._slice(self._terms, offset=start, counting=is_counted and self._is_narrowed)
        if not part.rows and start:
            return await self._exactly(await self._count(None), LARGEST_INTEGER)
        count = part.count
        if len(part.rows) <= self.size:
            count = start + len(part.rows)
        elif count is None and is_counted:
            count = await self._count(self.count_limit + 1)
        exact = count if count is not None and count <= max(self.count_limit, start + self.size) else None
        return self._page(part, start, exact, has_before=start > 0, has_behind=len(part.rows) > self.size)

    async def last(self) -> ListPage:
        """Read the last page, from the end."""
        if self.is_counted or not self._can_seek:
            count = await self._count(self.count_limit + 1 if self._can_seek else None)
            if count <= self.count_limit or not self._can_seek:
                return await self._exactly(count, LARGEST_INTEGER)
        part = (await self._slice(self._reversed)).turned(self.size)
        return self._page(part, None, None, has_before=True, has_behind=False)

    async def page_at(self, cursor: Cursor) -> ListPage:
        """Read the page that begins after the row of a cursor, or that ends before it.

        Raise BadRequestError for a cursor of a list with another order.
        """
        if cursor.ordering != self._ordering:
            raise BadRequestError(gettext("This page is of another order of the list. Begin with the first page."))
        start, *values = cursor.values
        terms = self._reversed if cursor.backwards else self._terms
        read = [term.adapter.validate_python(value) for term, value in zip(terms, values, strict=True)]
        part = await self._slice(terms, after(terms, read))
        if not part.rows:  # they were deleted in the meantime
            return await (self.numbered(1) if cursor.backwards else self.last())
        has_more = len(part.rows) > self.size
        if not cursor.backwards:
            exact = None if has_more or start is None else start + len(part.rows)
            return self._page(part, start, exact, has_before=True, has_behind=has_more)
        start = None if start is None else max(start - self.size, 0)
        start = start if has_more else 0
        return self._page(part.turned(self.size), start, None, has_before=has_more, has_behind=True)

    async def _exactly(self, count: int, page: int) -> ListPage:
        """Read a page of a list that has `count` rows, from its nearer end."""
        start = (min(page, Pagination.max_page(count, self.size)) - 1) * self.size
        rows = min(count - start, self.size)
        if start > count - start - rows:
            part = (await self._slice(self._reversed, offset=count - start - rows, limit=rows)).turned(rows)
        else:
            part = await self._slice(self._terms, offset=start, limit=rows)
        return self._page(part, start, count, has_before=start > 0, has_behind=start + rows < count)

    def _page(
        self, part: RowSlice, start: int | None, exact: int | None, *, has_before: bool, has_behind: bool
    ) -> ListPage:
        rows, values = part.rows[: self.size], part.values[: self.size]
        end = (start or 0) + len(rows)
        at_least = self.count_limit if self.is_counted or end > self.count_limit else end
        return ListPage(
            rows=rows,
            page=(start or 0) // self.size + 1,
            page_size=self.size,
            count=max(at_least, end + has_behind) if exact is None else exact,
            at_least=at_least if exact is None else None,
            start=start,
            before=self._neighbour(start, values, backwards=True) if has_before else None,
            behind=self._neighbour(start, values, backwards=False) if has_behind else None,
        )

    def _neighbour(self, start: int | None, values: Sequence[Sequence[object]], *, backwards: bool) -> Cursor | int:
        """Return the reference of the previous or next page: its number near the start, otherwise a cursor."""
        if start is not None and start % self.size == 0:
            number = start // self.size + (0 if backwards else 2)
            if (number - 1) * self.size < self.count_limit or not self._can_seek:
                return number
        row = values[0 if backwards else -1]
        written = [term.adapter.dump_python(value, mode="json") for term, value in zip(self._terms, row, strict=True)]
        place = start if start is None or backwards else start + len(values)
        return Cursor(self._ordering, (place, *written), backwards)

    # Statements.

    @cached_property
    def _terms(self) -> SortTerms:
        return terms_of(self.ordered)

    @cached_property
    def _reversed(self) -> SortTerms:
        return tuple(term.reversed() for term in self._terms)

    @cached_property
    def _can_seek(self) -> bool:
        return all(term.is_seekable for term in self._terms)

    @cached_property
    def _ordering(self) -> str:
        """Return a short name for the order."""
        terms = [(str(term.expression), term.descending) for term in self._terms]
        return sha256(repr(terms).encode()).hexdigest()[:8]

    @property
    def _is_narrowed(self) -> bool:
        """True if counting requires a scan of the rows, which then finds the page as well."""
        return self.ordered.whereclause is not None

    async def _slice(
        self,
        terms: SortTerms,
        condition: ColumnElement[bool] | None = None,
        *,
        offset: int = 0,
        limit: int | None = None,
        counting: bool = False,
    ) -> RowSlice:
        """Read rows in the order of `terms`: `limit` of them, or one more than a page has."""
        keys, found = primary_keys(self.model), self._keys(terms, condition)
        found = self._counted(found, terms) if counting else found
        page = found.limit(self.size + 1 if limit is None else limit).offset(offset or None).subquery()
        positions = [page.c[f"order_{number}"] for number in range(len(terms))]
        reading = (
            select(self.model, *positions, *([page.c.total] if counting else ()))
            .select_from(self.model)
            .join(page, and_(*(key == page.c[f"key_{number}"] for number, key in enumerate(keys))))
            .order_by(*(term.order(one) for term, one in zip(terms, positions, strict=True)))
            .options(*options_of(self.ordered), *self.options)
        )
        # By the object only: values of the order may be lists, which are not hashable.
        rows = (await self.session.execute(reading)).unique(lambda row: id(row[0])).all()
        values = [tuple(row)[1 : len(terms) + 1] for row in rows]
        count = (rows[0][-1] if rows else 0 if not offset else None) if counting else None
        return RowSlice([row[0] for row in rows], values, count)

    def _counted(self, found: AnySelect, terms: SortTerms) -> AnySelect:
        if is_read_in_order(self.ordered, self.model, terms):
            return counted_apart(found, self.model, self.count_limit + 1)
        return counted(found, terms, self.count_limit + 1)

    def _keys(self, terms: SortTerms, condition: ColumnElement[bool] | None) -> AnySelect:
        """Return the SELECT of the keys, and of the values of the order, in the order of `terms`."""
        statement = self.ordered if condition is None else self.ordered.where(condition)
        return (
            statement.order_by(None)
            .order_by(*(term.order() for term in terms))
            .with_only_columns(
                *(key.label(f"key_{number}") for number, key in enumerate(primary_keys(self.model))),
                *(term.expression.label(f"order_{number}") for number, term in enumerate(terms)),
                maintain_column_froms=True,
            )
        )

    async def _count(self, limit: int | None) -> int:
        statement = self.ordered.order_by(None).limit(limit)
        return await self.session.scalar(count_rows(statement, self.model)) or 0
