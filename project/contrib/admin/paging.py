"""One page of a list that may have millions of rows: counting them all would take longer than reading the page."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqladmin.pagination import Pagination
from sqlalchemy import Select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.base import ExecutableOption

from project.contrib.admin import queries
from project.contrib.admin.keys import LARGEST_INTEGER


@dataclass(kw_only=True)
class Page(Pagination):
    """A page; there are more than `count` rows if `at_least` is not None, and that many for certain."""

    at_least: int | None = None


@dataclass(frozen=True, kw_only=True)
class PageReader:
    """Reads pages of `statement`, whose rows are of `model`; `ordered` is the same in the order of the list."""

    session: AsyncSession
    model: type[Any]
    statement: Select[Any]
    ordered: Select[Any]
    options: Sequence[ExecutableOption]
    size: int

    async def read(self, page: int, count_limit: int) -> Page:
        """The page with this number, or the nearest; rows are counted up to `count_limit`."""
        count = await self._count(count_limit + 1)
        page = max(page, 1)
        if count <= count_limit:
            return await self._exactly(page, count)
        # One row more than is shown tells whether another page follows.
        page = min(page, LARGEST_INTEGER // self.size)
        rows = await self._rows(page, self.size + 1)
        if not rows:
            return await self._exactly(page, await self._count(None))
        found = max(count, (page - 1) * self.size + len(rows))
        return Page(rows=rows[: self.size], page=page, page_size=self.size, count=found, at_least=count_limit)

    async def _exactly(self, page: int, count: int) -> Page:
        page = min(page, Pagination.max_page(count, self.size))
        return Page(rows=await self._rows(page, self.size), page=page, page_size=self.size, count=count)

    async def _rows(self, page: int, limit: int) -> list[Any]:
        statement = self.ordered.limit(limit).offset((page - 1) * self.size)
        return list((await self.session.scalars(statement.options(*self.options))).all())

    async def _count(self, limit: int | None) -> int:
        return await self.session.scalar(queries.count_rows(self.statement.limit(limit), self.model)) or 0
