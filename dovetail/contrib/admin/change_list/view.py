"""A view with a list of objects, which Django calls its change list."""

import builtins

from starlette.requests import Request
from wtforms import Form

from dovetail.contrib.admin.change_list.change_list import ChangeList
from dovetail.contrib.admin.change_list.cuts import count_rows
from dovetail.contrib.admin.change_list.date_hierarchy import NAMES as DATES
from dovetail.contrib.admin.change_list.facets import ShowFacets
from dovetail.contrib.admin.change_list.list_page import ListPage
from dovetail.contrib.admin.change_list.narrowed import NarrowedView
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

    def get_changelist(self, request: Request) -> type[ChangeList]:  # noqa: ARG002 - for those who override it
        """Return the class that answers requests for the list."""
        return ChangeList

    def get_changelist_instance(self, request: Request) -> ChangeList:
        """Return what answers a request for the list."""
        return self.get_changelist(request)(request, self, self.deferred_columns)

    async def get_changelist_form(self, request: Request) -> type[Form]:  # noqa: ARG002 - as above
        """Return the class of the form of each row; its fields that are no columns of `list_editable` are left out."""
        names = tuple(map(name_of, self.list_editable))
        if names not in self._form_classes:
            self._form_classes[names] = as_admin_form(await self.make_form(names))
        return self._form_classes[names]

    def get_changelist_formset(self, request: Request) -> type[ListFormSet]:  # noqa: ARG002 - as above
        """Return the class that checks the rows that were edited."""
        return ListFormSet

    def facets(self, request: Request) -> ShowFacets:
        """Return when the filters of the list count what they would leave."""
        has_choices = bool(self.shown_filters(request))
        given = self.show_facets if isinstance(self.show_facets, ShowFacets) else ShowFacets.ALLOW
        return given if has_choices else ShowFacets.NEVER

    def narrowing(self, request: Request) -> builtins.list[str]:
        """Return the parameters of the request that narrow the list, but for its search."""
        names = [name for one in self.shown_filters(request) for name in parameters_of(one)]
        return [name for name in [*names, *DATES, WHERE] if request.query_params.get(name)]

    async def matching(self, request: Request) -> AnySelect:
        """Return the rows of the user that the request's filters and search leave."""
        return await self.get_changelist_instance(request).matching()

    async def list(self, request: Request) -> ListPage:
        """Read one page of the list."""
        return await self.get_changelist_instance(request).page()

    def count_query(self, request: Request) -> AnySelect:
        """Return the statement that counts the rows of the user."""
        return count_rows(self.permitted_rows(request), self.model)

    def page_parameter(self, place: Cursor | int | str) -> str:
        """Return what stands in an address for a page of the list."""
        if isinstance(place, Cursor):
            return write_cursor(place, secret_key=self.site_secret_key, list_name=self.list_name)
        return str(place)
