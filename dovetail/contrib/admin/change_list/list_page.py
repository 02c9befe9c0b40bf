"""One page of a list, and the positions of the previous and the next one."""

from dataclasses import dataclass

from sqladmin.pagination import Pagination

from dovetail.resources.query.cursors import Cursor

LAST = "last"


@dataclass(kw_only=True)
class ListPage(Pagination):
    """A page of a list; if `at_least` is not None, the rows were not all counted and there are at least so many."""

    at_least: int | None = None
    start: int | None = 0  # how many rows come before it; None if nobody counted them
    before: Cursor | int | None = None  # where the page before it is
    behind: Cursor | int | None = None  # where the page after it is

    @property
    def final(self) -> int | str:
        """Return where the last page is: its number, or LAST if nobody counted so far."""
        return self.max_page(self.count, self.page_size) if self.at_least is None else LAST
