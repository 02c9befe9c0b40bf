"""Declare the hooks that answer for options, request by request; each returns the option unless it is overridden."""

from collections.abc import Sequence

from starlette.requests import Request

from dovetail.contrib.admin.options.options import Options

# ruff: noqa: ARG002 - the arguments are for those who override a hook


class Hooks(Options):
    """Django's `get_...` hooks, with the request and, in forms, the object; None of a new one.

    What they name and the user may not read or write is left out afterwards, as it is of the options.
    """

    def get_list_display(self, request: Request) -> Sequence[object]:
        """Return the columns of the list."""
        return self.list_display

    def get_list_display_links(self, request: Request, list_display: Sequence[object]) -> Sequence[object]:
        """Return the columns that lead to the object's page, of those that the list shows."""
        return list_display[:1] if self.list_display_links is None else self.list_display_links

    def get_list_filter(self, request: Request) -> Sequence[object]:
        """Return the filters of the list."""
        return self.list_filter

    def get_search_fields(self, request: Request) -> Sequence[object]:
        """Return the columns that a search looks at."""
        return self.search_fields

    def get_sortable_by(self, request: Request) -> Sequence[object] | None:
        """Return the columns by which the list can be sorted; None for all that have an order."""
        return self.sortable_by

    def get_ordering(self, request: Request) -> Sequence[object]:
        """Return by what the list is ordered unless it is asked otherwise."""
        return self.ordering
