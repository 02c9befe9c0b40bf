"""Read the rows of a view: its list with filters, search, order and pages, and objects by identifier."""

import builtins
import re
from collections.abc import Mapping, Sequence
from typing import Any, cast

from sqladmin.authorization import Action
from sqlalchemy import inspect
from sqlalchemy.engine import Result, Row
from sqlalchemy.orm.interfaces import ORMOption
from starlette.requests import Request

from dovetail.contrib.admin.columns.attributes import name_of
from dovetail.contrib.admin.columns.code_names import names_in_text_of
from dovetail.contrib.admin.columns.columns import paths_read
from dovetail.contrib.admin.columns.identifiers import have_identifiers, identifier_of
from dovetail.contrib.admin.lists import search
from dovetail.contrib.admin.lists.autocomplete import Autocomplete, make_autocomplete
from dovetail.contrib.admin.lists.date_hierarchy import DateHierarchy, DateSteps
from dovetail.contrib.admin.lists.deferred_columns import DeferredColumns
from dovetail.contrib.admin.lists.filtering import apply_filter, filters_by_hidden
from dovetail.contrib.admin.lists.ordering import order
from dovetail.contrib.admin.lists.paging import LAST, ListPage, Paginator, count_rows
from dovetail.contrib.admin.lists.relations import loading
from dovetail.contrib.admin.permissions import rights_of
from dovetail.contrib.admin.request_context import request_context
from dovetail.contrib.admin.rules.fields import fields_of
from dovetail.contrib.admin.sqladmin_private import AnySelect
from dovetail.contrib.admin.view_base import ViewBase
from dovetail.contrib.admin.web.rendering import path_for
from dovetail.database.search.search import FullText
from dovetail.errors import BadRequestError
from dovetail.resources.query.cursors import Cursor, read_cursor, write_cursor

NUMBER = re.compile(r"[+-]?\d+")
EVERYTHING_AT_ONCE = "all"  # what pageSize says where a list shows all its rows


class ChangeListView(ViewBase):
    """A view with what Django calls its change list; it knows what the user may know of other views' objects."""

    def __init__(self) -> None:
        super().__init__()
        self.deferred_columns = DeferredColumns()

    def make_loaders(self) -> dict[str, Any]:
        """Make what finds the objects of each relation of the form, by the name of the relation."""
        return {name: make_autocomplete(self, name, options) for name, options in self.autocomplete_fields.items()}

    @property
    def autocompletes(self) -> Mapping[str, Autocomplete]:
        """Return what finds the objects of each relation of the form, by the name of the relation."""
        return cast("Mapping[str, Autocomplete]", self.loaders)

    # The list.

    def filters(self, request: Request) -> builtins.list[object]:
        """Return the filters of the list."""
        return [*self.get_list_filter(request)]

    def shown_filters(self, request: Request) -> builtins.list[object]:
        """Return the filters of the list by what the user may read."""
        fields = fields_of(request)
        return [one for one in self.filters(request) if not filters_by_hidden(one, self.model, fields)]

    async def matching(self, request: Request) -> AnySelect:
        """Return the rows of the user that the request's filters and search leave."""
        statement = self.permitted_rows(request)
        for one in self.shown_filters(request):
            statement = await apply_filter(one, statement, request, self.model)
        dates = self.dates(request)
        condition = None if dates is None else dates.condition()
        statement = statement if condition is None else statement.where(condition)
        term, context = request.query_params.get("search", ""), request_context()
        full_text, _ = self._searched(request)
        if full_text is not None and term not in context.searches:
            context.searches.add(term)
            frequent = await search.frequent_words(context.session, self.model, full_text, term)
            context.frequent_words.update(frequent)
        return self.search_query(statement, term)

    def dates(self, request: Request) -> DateHierarchy | None:
        """Return how far the list was gone down by dates; None if it cannot be, or its user may not read them."""
        name = None if self.date_hierarchy is None else name_of(self.date_hierarchy)
        if name is None or fields_of(request).is_hidden(self.model, name):
            return None
        return DateHierarchy.of(getattr(self.model, name), request)

    async def date_steps(self, request: Request) -> DateSteps | None:
        """Return the links to years, months and days above the list."""
        dates = self.dates(request)
        if dates is None:
            return None
        return await dates.steps(request_context().session, await self.matching(request), self.model)

    def search_query(self, stmt: AnySelect, term: str) -> AnySelect:
        """Keep the rows that hold every word of `term` in one of the searchable columns."""
        context = request_context()
        full_text, names = self._searched(context.request)
        if not names and self.full_text is None:
            return stmt
        searched = search.ListSearch(
            model=self.model,
            fields=names,
            rights=rights_of(context.request),
            full_text=full_text,
            frequent=context.frequent_words,
        )
        return searched.keep(stmt, term, context.session.get_bind().dialect)

    def _searched(self, request: Request) -> tuple[FullText | None, Sequence[str]]:
        """Return the index and the columns that the user may search; an index tells what is in all its columns."""
        given = [name for name in map(name_of, self.get_search_fields(request)) if not name.startswith("@")]
        fields, indexed = fields_of(request), self.full_text.columns if self.full_text else ()
        names = [name for name in given if not fields.is_hidden(self.model, search.bare(name))]
        if len(self.shown(request, indexed)) < len(indexed):
            return None, [*self.shown(request, indexed), *names]
        return self.full_text, names

    def is_searchable(self, request: Request) -> bool:
        """Return whether there is anything that the user may search."""
        full_text, names = self._searched(request)
        return full_text is not None or bool(names)

    def sort_query(self, stmt: AnySelect, request: Request) -> AnySelect:
        """Put the rows in the order that the request asks for, or the view's own."""
        sort_by = request.query_params.get("sortBy")
        if sort_by and sort_by not in self.sortable(request):
            raise BadRequestError("This list cannot be sorted by that column.")
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

    def count_query(self, request: Request) -> AnySelect:
        """Return the statement that counts the rows of the user."""
        return count_rows(self.permitted_rows(request), self.model)

    async def list(self, request: Request) -> ListPage:
        """Read one page of the list: one statement, one for each relation shown, and one that counts if need be."""
        paginator = await self._paginator(request)
        asked = request.query_params.get("page", "1") or "1"
        if asked == LAST:
            return await paginator.last()
        if NUMBER.fullmatch(asked):
            return await paginator.numbered(_whole_number(request, "page", 1))
        cursor = read_cursor(asked, secret_key=self.site_secret_key, list_name=self._list_name)
        return await paginator.beside(cursor)

    async def _paginator(self, request: Request) -> Paginator:
        page_size = self._page_size(request)
        context, words = request_context(), search.words_of(request.query_params.get("search", ""))
        ordered = self.sort_query(await self.matching(request), request)
        return Paginator(
            session=context.session,
            model=self.model,
            ordered=ordered,
            is_counted=not context.frequent_words or not context.frequent_words.issuperset(words),
            options=loading(self.model, self.paths(self.displayed(request)), rights_of(request), self.deferred_columns),
            size=page_size,
            count_limit=self.count_limit,
        )

    def _page_size(self, request: Request) -> int:
        if request.query_params.get("pageSize") == EVERYTHING_AT_ONCE:
            return self.list_max_show_all
        size = min(_whole_number(request, "pageSize", self.list_per_page), max(self.list_per_page_options))
        if size < 1:
            raise BadRequestError("pageSize is less than 1; a page has one row at least.")
        return size

    def page_parameter(self, place: Cursor | int | str) -> str:
        """Return what stands in an address for a page of the list."""
        if isinstance(place, Cursor):
            return write_cursor(place, secret_key=self.site_secret_key, list_name=self._list_name)
        return str(place)

    @property
    def _list_name(self) -> str:
        return f"admin {self.identity}"

    def search_placeholder(self) -> str:
        """Return `search_help_text`, or the names of the columns that the search looks at."""
        if self.search_help_text:
            return self.search_help_text
        full_text, names = self._searched(request_context().request)
        names = [*(full_text.columns if full_text else ()), *names]
        return ", ".join(self.label(search.bare(name)).lower() for name in names)

    async def run_choices_query(self, statement: AnySelect) -> Sequence[Row[object]]:
        """Return a filter's choices among what the user may know of; filters know neither users nor `rows`."""
        context = request_context()
        found: Result[object] = await context.session.execute(rights_of(context.request).only_visible(statement))
        return found.all()

    # Objects.

    def link_to(self, request: Request, obj: object) -> str | None:
        """Return the address of an object's page, or None if there is none that the user may open."""
        rights = rights_of(request)
        view = rights.view_of(type(obj))
        if view is None or not rights.may_link(type(obj)):
            return None
        for action, name, allowed in (
            (Action.EDIT, "edit", view.can_edit),
            (Action.DETAILS, "details", view.can_view_details),
        ):
            if allowed and view.has_permission(request, action, obj):
                return path_for(request, f"admin:{name}", identity=view.identity, pk=identifier_of(obj))
        return None

    def form_details_query(self, request: Request) -> AnySelect:
        """Return the statement that selects the object of a page, with the relations it shows."""
        statement = self.select_object(request.path_params["pk"])
        paths = [*self.paths(self.detailed(request)), *self.url_paths]
        return statement.options(*loading(self.model, paths, rights_of(request)))

    def form_edit_query(self, request: Request) -> AnySelect:
        """Return the statement that selects the object of a form; it locks the object that is being saved."""
        statement = self.select_object(request.path_params["pk"])
        saving = request.method == "POST"  # whole, as whoever changes it needs it
        statement = statement.options(*self.form_loading(request, None, whole=saving))
        return statement.with_for_update(of=self.model) if saving else statement

    def form_loading(self, request: Request, obj: object | None, *, whole: bool) -> builtins.list[ORMOption]:
        """Return the options that load what a form shows, and where the object is on the site."""
        names = [*self.edited(request, obj), *self.form_readonly(request, obj)]
        return loading(self.model, [*self.paths(names), *self.url_paths], rights_of(request), whole=whole)

    async def load_for_form(self, request: Request, obj: object) -> object:
        """Return the object with what its form shows, which may be more than forms do of other objects."""
        mapper, unloaded = self.mapper, inspect(obj).unloaded
        needed = self.paths([*self.edited(request, obj), *self.form_readonly(request, obj)])
        names = {path.partition(".")[0] for path in self.shown(request, needed)}
        if unloaded.isdisjoint(names.intersection(mapper.relationships.keys())):
            return obj
        whole = request.method == "POST"
        statement = self.select_object(identifier_of(obj)).options(*self.form_loading(request, obj, whole=whole))
        found = await request_context().session.scalars(statement.execution_options(populate_existing=True))
        return found.unique().one()

    async def get_objects(self, identifiers: Sequence[str], *, for_update: bool = False) -> builtins.list[object]:
        """Return the objects with these identifiers that the user may touch, in the order of their keys."""
        context = request_context()
        statement = self.permitted_rows(context.request).where(have_identifiers(self.model, identifiers))
        statement = statement.order_by(None).order_by(*self.pk_columns)
        if for_update:  # whole, as whoever changes or deletes them needs them
            statement = statement.with_for_update(of=self.model)
        else:
            paths = paths_read(self.model, names_in_text_of(self.model))  # they are called by their names
            statement = statement.options(*loading(self.model, paths, rights_of(context.request)))
        return builtins.list((await context.session.scalars(statement)).all())

    async def get_related(self, request: Request, relation: str, identifiers: Sequence[str]) -> Sequence[object]:
        """Return the objects that a form chose for a relation, as far as the user may see them."""
        return await self.autocompletes[relation].get_many(request, identifiers)


def _whole_number(request: Request, name: str, default: int) -> int:
    given = request.query_params.get(name)
    try:
        return int(given) if given else default
    except ValueError:
        raise BadRequestError(f"{name} is not a whole number.") from None
