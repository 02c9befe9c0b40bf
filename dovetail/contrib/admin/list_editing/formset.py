"""Validate the edited rows of a list, each and together, as Django's changelist formset does."""

from collections.abc import Sequence

from starlette.requests import Request

from dovetail.contrib.admin.list_editing.edited_row import EditedRow
from dovetail.contrib.admin.view_base import ViewBase


class ListFormSet:
    """The edited rows of a list; `get_changelist_formset` may return a subclass.

    Override `clean` to check the rows together:

        class Balanced(ListFormSet):
            async def clean(self) -> None:
                if sum(row.data().get("amount", 0) for row in self.rows) > 100:
                    self.errors.append("The amounts come to more than 100.")
    """

    def __init__(self, request: Request, view: ViewBase, rows: Sequence[EditedRow]) -> None:
        self.request, self.view, self.rows = request, view, rows
        self.errors: list[str] = []  # errors that concern several rows

    async def clean(self) -> None:
        """Check the rows together; add messages to `errors`, or to a row by its method `mark`."""

    async def is_valid(self) -> bool:
        """Return whether each row, and all rows together, are valid; add errors to cells."""
        for row in self.rows:
            row.form.validate()
        await self.clean()
        return not self.errors and all(row.is_good for row in self.rows)
