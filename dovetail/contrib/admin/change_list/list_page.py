"""One page of a list, and the positions of the previous and the next one."""

from dataclasses import dataclass

from sqladmin.pagination import Pagination

from dovetail.resources.query.cursors import Cursor

LAST = "last"


@dataclass(kw_only=True)
class ListPage(Pagination):
    """A page of a list; if `at_least` is not None, only so many rows were counted, and there are more."""

    at_least: int | None = None
    start: int | None = 0  # the number of rows before it; None if unknown
    before: Cursor | int | None = None  # the previous page
    behind: Cursor | int | None = None  # the next page

    @property
    def final(self) -> int | str:
        """Return the last page: its number, or LAST if not all rows were counted."""
        return self.max_page(self.count, self.page_size) if self.at_least is None else LAST
