"""Hooks that return options for each request; each returns the option unless it is overridden."""

from collections.abc import Mapping, Sequence

from starlette.requests import Request

from dovetail.contrib.admin.options.options import Options

# ruff: noqa: ARG002 - the arguments are for subclasses that override a hook


class Hooks(Options):
    """Django's `get_...` hooks; they get the request and, for forms, the object, which is None for a new one.

    Fields that the user may not read or write are removed from their results, as from the options.
    """

    def get_list_display(self, request: Request) -> Sequence[object]:
        """Return the columns of the list."""
        return self.list_display

    def get_list_display_links(self, request: Request, list_display: Sequence[object]) -> Sequence[object]:
        """Return the columns of the list that link to the object's page."""
        return list_display[:1] if self.list_display_links is None else self.list_display_links

    def get_list_filter(self, request: Request) -> Sequence[object]:
        """Return the filters of the list."""
        return self.list_filter

    def get_search_fields(self, request: Request) -> Sequence[object]:
        """Return the columns to search."""
        return self.search_fields

    def get_sortable_by(self, request: Request) -> Sequence[object] | None:
        """Return the columns by which the list can be sorted; None for all sortable ones."""
        return self.sortable_by

    def get_ordering(self, request: Request) -> Sequence[object]:
        """Return the default order of the list."""
        return self.ordering

    def get_fields(self, request: Request, obj: object | None = None) -> Sequence[object]:
        """Return the fields of the form."""
        return self.fields

    def get_exclude(self, request: Request, obj: object | None = None) -> Sequence[object] | None:
        """Return the fields to exclude from the form."""
        return self.exclude

    def get_fieldsets(
        self, request: Request, obj: object | None = None
    ) -> Sequence[tuple[str | None, Mapping[str, object]]]:
        """Return the groups of the form; without `fieldsets`, one with the fields of `get_fields`."""
        return self.fieldsets or ((None, {"fields": tuple(self.get_fields(request, obj))}),)

    def get_readonly_fields(self, request: Request, obj: object | None = None) -> Sequence[object]:
        """Return the read-only fields of the form."""
        return self.readonly_fields

    def get_prepopulated_fields(self, request: Request, obj: object | None = None) -> Mapping[str, Sequence[str]]:
        """Return the fields of a new object that are filled in from others as these are typed."""
        return self.prepopulated_fields

    def get_autocomplete_fields(self, request: Request) -> Sequence[object] | Mapping[str, Mapping[str, object]]:
        """Return the relations that are chosen by typing; the others are chosen by key."""
        return self.autocomplete_fields

    def get_changeform_initial_data(self, request: Request) -> Mapping[str, object]:
        """Return the initial values of a new object by field: those of the query string."""
        return dict(request.query_params)

    def get_view_on_site_url(self, obj: object) -> str | None:
        """Return the URL of an object on the site; None if it has no page there."""
        if callable(self.view_on_site):
            return self.view_on_site(obj)
        find = getattr(obj, "get_absolute_url", None)
        return str(find()) if self.view_on_site and callable(find) else None

    # Permissions: each hook can restrict what permissions and policies allow, and never extend it.

    def has_view_permission(self, request: Request, obj: object | None = None) -> bool:
        """Return False to deny listing, viewing and exporting objects, or one object."""
        return True

    def has_add_permission(self, request: Request) -> bool:
        """Return False to deny adding objects."""
        return True

    def has_change_permission(self, request: Request, obj: object | None = None) -> bool:
        """Return False to deny changing objects, or one object."""
        return True

    def has_delete_permission(self, request: Request, obj: object | None = None) -> bool:
        """Return False to deny deleting objects, or one object."""
        return True
