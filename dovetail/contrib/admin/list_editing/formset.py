"""Validate the edited rows of a list, each and together, as Django's changelist formset does."""

from collections.abc import Sequence

from starlette.requests import Request

from dovetail.contrib.admin.list_editing.edited_row import EditedRow
from dovetail.contrib.admin.view_base import ViewBase


class ListFormSet:
    """The rows of a list that somebody typed into; `get_changelist_formset` may return a class derived from it.

    class Balanced(ListFormSet):
        async def clean(self) -> None:
            if sum(row.data().get("amount", 0) for row in self.rows) > 100:
                self.errors.append("The amounts come to more than 100.")
    """

    def __init__(self, request: Request, view: ViewBase, rows: Sequence[EditedRow]) -> None:
        self.request, self.view, self.rows = request, view, rows
        self.errors: list[str] = []  # of the rows together

    async def clean(self) -> None:
        """Add to `errors` what is wrong with the rows together, or to a row by its `mark`."""

    async def is_valid(self) -> bool:
        """Return whether every row is good, and all of them together; an error stands beside its cell."""
        for row in self.rows:
            row.form.validate()
        await self.clean()
        return not self.errors and all(row.is_good for row in self.rows)
