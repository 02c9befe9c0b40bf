"""A view with a list of objects, which Django calls its change list."""

import builtins

from starlette.requests import Request
from wtforms import Form

from dovetail.contrib.admin.change_list.change_list import ChangeList
from dovetail.contrib.admin.change_list.date_hierarchy import NAMES as DATES
from dovetail.contrib.admin.change_list.facets import ShowFacets
from dovetail.contrib.admin.change_list.list_page import ListPage
from dovetail.contrib.admin.change_list.narrowed import NarrowedView
from dovetail.contrib.admin.change_list.row_slices import count_rows
from dovetail.contrib.admin.columns.attributes import name_of
from dovetail.contrib.admin.forms.admin_form import as_admin_form
from dovetail.contrib.admin.list_editing.formset import ListFormSet
from dovetail.contrib.admin.lists.deferred_columns import DeferredColumns
from dovetail.contrib.admin.lists.filtering import parameters_of
from dovetail.contrib.admin.lists.where import PARAMETER as WHERE
from dovetail.contrib.admin.sqladmin_private import AnySelect
from dovetail.resources.query.cursors import Cursor, write_cursor


class ChangeListView(NarrowedView):
    """A view with a list; it loads the columns that the list shows, and those that their formatters need."""

    def __init__(self) -> None:
        super().__init__()
        self.deferred_columns = DeferredColumns()

    def get_changelist(self, request: Request) -> type[ChangeList]:  # noqa: ARG002 - for subclasses that override it
        """Return the class of the change list."""
        return ChangeList

    def get_changelist_instance(self, request: Request) -> ChangeList:
        """Return the change list for a request."""
        return self.get_changelist(request)(request, self, self.deferred_columns)

    async def get_changelist_form(self, request: Request) -> type[Form]:  # noqa: ARG002 - as above
        """Return the form class of the rows; fields that are not in `list_editable` are removed."""
        names = tuple(map(name_of, self.list_editable))
        if names not in self._form_classes:
            self._form_classes[names] = as_admin_form(await self.make_form(names))
        return self._form_classes[names]

    def get_changelist_formset(self, request: Request) -> type[ListFormSet]:  # noqa: ARG002 - as above
        """Return the formset class, which validates the edited rows together."""
        return ListFormSet

    def facets(self, request: Request) -> ShowFacets:
        """Return when the filters of the list show facet counts."""
        has_choices = bool(self.shown_filters(request))
        given = self.show_facets if isinstance(self.show_facets, ShowFacets) else ShowFacets.ALLOW
        return given if has_choices else ShowFacets.NEVER

    def narrowing(self, request: Request) -> builtins.list[str]:
        """Return the query parameters of filters and dates in the request."""
        names = [name for one in self.shown_filters(request) for name in parameters_of(one)]
        return [name for name in [*names, *DATES, WHERE] if request.query_params.get(name)]

    async def matching(self, request: Request) -> AnySelect:
        """Return the user's rows that match the filters and the search of the request."""
        return await self.get_changelist_instance(request).matching()

    async def list(self, request: Request) -> ListPage:
        """Read one page of the list."""
        return await self.get_changelist_instance(request).page()

    def count_query(self, request: Request) -> AnySelect:
        """Return the COUNT of the user's rows."""
        return count_rows(self.permitted_rows(request), self.model)

    def page_parameter(self, place: Cursor | int | str) -> str:
        """Return the query parameter for a page of the list."""
        if isinstance(place, Cursor):
            return write_cursor(place, secret_key=self.site_secret_key, list_name=self.list_name)
        return str(place)
