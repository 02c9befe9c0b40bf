"""Declare the hooks that answer for options, request by request; each returns the option unless it is overridden."""

from collections.abc import Mapping, Sequence

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

    def get_fields(self, request: Request, obj: object | None = None) -> Sequence[object]:
        """Return what the form edits."""
        return self.fields

    def get_exclude(self, request: Request, obj: object | None = None) -> Sequence[object] | None:
        """Return what the form leaves out."""
        return self.exclude

    def get_fieldsets(
        self, request: Request, obj: object | None = None
    ) -> Sequence[tuple[str | None, Mapping[str, object]]]:
        """Return the groups of the form; without `fieldsets`, one that holds what `get_fields` returns."""
        return self.fieldsets or ((None, {"fields": tuple(self.get_fields(request, obj))}),)

    def get_readonly_fields(self, request: Request, obj: object | None = None) -> Sequence[object]:
        """Return what the form shows and never writes."""
        return self.readonly_fields

    def get_prepopulated_fields(self, request: Request, obj: object | None = None) -> Mapping[str, Sequence[str]]:
        """Return the fields of a new object that are written as others are typed."""
        return self.prepopulated_fields

    def get_autocomplete_fields(self, request: Request) -> Sequence[object] | Mapping[str, Mapping[str, object]]:
        """Return the relations that are chosen by typing; others of the form are chosen by their keys."""
        return self.autocomplete_fields

    def get_changeform_initial_data(self, request: Request) -> Mapping[str, object]:
        """Return what the form of a new object begins with, by field: what its address says."""
        return dict(request.query_params)

    def get_view_on_site_url(self, obj: object) -> str | None:
        """Return where an object is on the site, or None if it has no page there."""
        if callable(self.view_on_site):
            return self.view_on_site(obj)
        find = getattr(obj, "get_absolute_url", None)
        return str(find()) if self.view_on_site and callable(find) else None

    # Who may do what: each narrows what permissions and policies allow, and widens nothing.

    def has_view_permission(self, request: Request, obj: object | None = None) -> bool:
        """Return False to keep the user from listing, looking at and exporting objects, or from one object."""
        return True

    def has_add_permission(self, request: Request) -> bool:
        """Return False to keep the user from adding objects."""
        return True

    def has_change_permission(self, request: Request, obj: object | None = None) -> bool:
        """Return False to keep the user from changing objects, or one object."""
        return True

    def has_delete_permission(self, request: Request, obj: object | None = None) -> bool:
        """Return False to keep the user from deleting objects, or one object."""
        return True
