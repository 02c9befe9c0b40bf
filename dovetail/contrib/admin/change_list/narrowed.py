"""Filter, search and sort the rows of a list, using only columns that its user may read."""

import builtins
from collections.abc import Sequence

from sqlalchemy import false
from sqlalchemy.engine import Result, Row
from starlette.requests import Request

from dovetail.contrib.admin.change_list.date_hierarchy import DateHierarchy
from dovetail.contrib.admin.change_list.objects import ObjectsView
from dovetail.contrib.admin.columns.attributes import name_of
from dovetail.contrib.admin.lists import search
from dovetail.contrib.admin.lists.filtering import filters_by_hidden
from dovetail.contrib.admin.lists.ordering import order
from dovetail.contrib.admin.permissions import rights_of
from dovetail.contrib.admin.request_context import request_context
from dovetail.contrib.admin.rules.fields import fields_of
from dovetail.contrib.admin.sqladmin_private import AnySelect
from dovetail.database.search.search import FullText
from dovetail.errors import BadRequestError
from dovetail.translation.texts import gettext, in_sentence


class NarrowedView(ObjectsView):
    """A view whose rows can be filtered, searched and sorted, by what its user may read."""

    def filters(self, request: Request) -> builtins.list[object]:
        """Return the filters of the list."""
        return [*self.get_list_filter(request)]

    def shown_filters(self, request: Request) -> builtins.list[object]:
        """Return the filters on columns that the user may read."""
        fields = fields_of(request)
        return [one for one in self.filters(request) if not filters_by_hidden(one, self.model, fields)]

    def dates(self, request: Request) -> DateHierarchy | None:
        """Return the date hierarchy of a request; None if the view has none, or the user may not read its column."""
        name = None if self.date_hierarchy is None else name_of(self.date_hierarchy)
        if name is None or fields_of(request).is_hidden(self.model, name):
            return None
        return DateHierarchy.of(getattr(self.model, name), request)

    def search_query(self, stmt: AnySelect, term: str) -> AnySelect:
        """Return the rows that contain every word of `term` in one of the searchable columns.

        None contain a word if the user may read none of these columns; a view without any is not searched.
        """
        context = request_context()
        full_text, names = self.searched(context.request)
        if not names and self.full_text is None:
            declared = [name for name in map(name_of, self.get_search_fields(context.request)) if name[0] != "@"]
            return stmt.where(false()) if declared and search.words_of(term) else stmt
        searched = search.ListSearch(
            model=self.model,
            fields=names,
            rights=rights_of(context.request),
            full_text=full_text,
            frequent=context.frequent_words,
        )
        return searched.keep(stmt, term, context.session.get_bind().dialect)

    def searched(self, request: Request) -> tuple[FullText | None, Sequence[str]]:
        """Return the index, if the user may read all of its columns, and the columns that they may search."""
        given = [name for name in map(name_of, self.get_search_fields(request)) if not name.startswith("@")]
        fields, indexed = fields_of(request), self.full_text.columns if self.full_text else ()
        names = [name for name in given if not fields.is_hidden(self.model, search.bare(name))]
        if len(self.shown(request, indexed)) < len(indexed):
            return None, [*self.shown(request, indexed), *names]
        return self.full_text, names

    def is_searchable(self, request: Request) -> bool:
        """Return whether the user may search any column."""
        full_text, names = self.searched(request)
        return full_text is not None or bool(names)

    def search_placeholder(self) -> str:
        """Return `search_help_text`, or the names of the searched columns."""
        if self.search_help_text:
            return self.search_help_text
        full_text, names = self.searched(request_context().request)
        names = [*(full_text.columns if full_text else ()), *names]
        return ", ".join(in_sentence(self.label(search.bare(name))) for name in names)

    def sort_query(self, stmt: AnySelect, request: Request) -> AnySelect:
        """Put the rows in the order that the request asks for, or the view's own."""
        sort_by = request.query_params.get("sortBy")
        if sort_by and sort_by not in self.sortable(request):
            raise BadRequestError(gettext("This list cannot be sorted by that column."))
        asked = [(sort_by, request.query_params.get("sort") == "desc")] if sort_by else self.default_sort(request)
        paths = [(self.sort_path(name), descending) for name, descending in asked]
        fields = fields_of(request)
        paths = [(path, descending) for path, descending in paths if not fields.is_hidden(self.model, path)]
        return order(stmt, self.model, paths, rights_of(request))

    def sortable(self, request: Request) -> builtins.list[str]:
        """Return the columns by which the user may sort the list."""
        fields = fields_of(request)
        names = self.shown(request, self.sort_names(request))
        return [name for name in names if not fields.is_hidden(self.model, self.sort_path(name))]

    @property
    def list_name(self) -> str:
        """Return the name of the list in URLs and stored rows."""
        return f"{self.site_name} {self.identity}"

    async def run_choices_query(self, statement: AnySelect) -> Sequence[Row[object]]:
        """Return the choices of a filter from rows that the user may view; filters themselves do not know the user."""
        context = request_context()
        found: Result[object] = await context.session.execute(rights_of(context.request).only_visible(statement))
        return found.all()
