"""The base class of a model's pages in the back office: closed where SQLAdmin's is open."""

import builtins
import re
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, cast

from pydantic import SecretStr
from sqladmin import ModelView
from sqladmin._types import MODEL_ATTR
from sqladmin.authorization import Action
from sqladmin.forms import WTFORMS_ATTRS
from sqladmin.helpers import prettify_class_name
from sqladmin.models import ModelViewMeta
from sqlalchemy import Select, select
from sqlalchemy.engine import Result, Row
from sqlalchemy.orm import QueryableAttribute
from starlette.requests import Request
from wtforms import Form

from dovetail.contrib.admin.forms import changes
from dovetail.contrib.admin.forms.converter import Converter
from dovetail.contrib.admin.forms.formats import FORMATTERS
from dovetail.contrib.admin.forms.forms import AdminForm, as_admin_form
from dovetail.contrib.admin.forms.keys import has_identifier, have_identifiers, identifier_of
from dovetail.contrib.admin.lists import queries
from dovetail.contrib.admin.lists.columns import Columns
from dovetail.contrib.admin.lists.filtering import adapt, apply
from dovetail.contrib.admin.lists.paging import LAST, Page, PageReader
from dovetail.contrib.admin.lists.relations import loading
from dovetail.contrib.admin.lists.rights import rights_of
from dovetail.contrib.admin.pages.addresses import path_for
from dovetail.contrib.admin.pages.lookups import make_lookup
from dovetail.contrib.admin.visit import current_visit
from dovetail.database.search.search import FullText
from dovetail.errors import BadRequestError
from dovetail.resources.query.cursors import Cursor, read_cursor, write_cursor

if TYPE_CHECKING:
    from dovetail.contrib.admin.site import AdminSite

NUMBER = re.compile(r"[+-]?\d+")


class AdminMeta(ModelViewMeta):
    """Leaves a view the identity that its class declares, which SQLAdmin would overwrite."""

    def __new__(mcs, name: str, bases: tuple[type, ...], attributes: dict[str, Any], **options: Any) -> Any:
        """Make the class of a view."""
        if isinstance(attributes.get("column_default_sort"), QueryableAttribute):
            # Left as it is, Python would ask the view for its value.
            attributes["column_default_sort"] = attributes["column_default_sort"].key
        view = super().__new__(mcs, name, bases, attributes, **options)
        if options:
            view.identity = attributes.get("identity", "")
        return view


class ModelAdmin(ModelView, metaclass=AdminMeta):
    """Lists, forms and actions for one model; options and hooks are SQLAdmin's, with these differences.

    `column_list` and `form_columns` must be given, and every relation of a form needs an entry in `form_ajax_refs`.
    Pages and exports show what the list shows, unless they have a list of their own. `rows` says once which rows a
    user may see and touch, everywhere. Hooks run inside the request's one transaction, before it commits; an error of
    `dovetail.errors` raised there is shown to the user and nothing is saved.

        class TagAdmin(ModelAdmin, model=Tag):
            column_list = [Tag.name]
            form_columns = [Tag.name]
    """

    page_size: ClassVar[int] = 25
    page_size_options: ClassVar[Sequence[int]] = (25, 50, 100, 200)
    count_limit: ClassVar[int] = 10_000
    """Up to how many rows a list counts; of more it says that there are more, and how many matters to nobody."""

    export_types: ClassVar[builtins.list[str]] = ["csv"]
    form_base_class: ClassVar[type[Form]] = AdminForm
    form_converter = Converter
    form_ajax_refs: ClassVar[dict[str, dict[str, Any]]] = {}
    column_filters: ClassVar[Sequence[Any]] = ()
    """Columns and relations, or filters of `dovetail.contrib.admin.filters`."""

    column_type_formatters = FORMATTERS
    column_type_formatters_detail = FORMATTERS

    full_text: ClassVar[FullText | None] = None
    """Columns whose words are searched by an index, which `full_text.index(model)` declares below the model."""

    searches_texts: ClassVar[bool] = False
    """Whether `column_searchable_list` may name texts of any length, which every search reads in every row."""

    column_sort_paths: ClassVar[Mapping[str, str]] = {}
    """By which column to sort a relation: `{"author": "author.username"}`; name it in `column_sortable_list` too."""

    unindexed: ClassVar[Collection[str]] = ()
    """Sortable columns, filters and `search` that may do without an index; `manage.py check` names all others."""

    def __init__(self) -> None:
        given, self.form_ajax_refs = self.form_ajax_refs, {}  # type: ignore[misc]  # SQLAdmin would make lookups of its own
        super().__init__()
        self.columns = Columns()
        self.form_ajax_refs = given  # type: ignore[misc]  # as above
        self._ajax_relation_names = set(given)
        self.lookups = {name: make_lookup(self, name, options) for name, options in self.form_ajax_refs.items()}
        self._form_ajax_refs = dict(self.lookups)
        self._column_labels = {name: self.label(name) for name in [*self._prop_names, *self._list_prop_names]}
        self._form_class: type[Form] | None = None

    # What a user may see.

    def rows(self, request: Request) -> Select[Any]:  # noqa: ARG002 - for those who override it
        """The rows the user of `request` may see and touch: in lists, pages, forms, lookups, actions and exports."""
        return select(self.model)

    def list_query(self, request: Request) -> Select[Any]:
        """What SQLAdmin lists. Override `rows` instead, which everything obeys."""
        return self.rows(request)

    def count_query(self, request: Request) -> Select[Any]:
        """How many rows there are for the user."""
        return queries.count_rows(self.rows(request), self.model)

    def _stmt_by_identifier(self, identifier: str) -> Select[Any]:
        return self.rows(current_visit().request).where(has_identifier(self.model, identifier))

    def link_to(self, request: Request, obj: Any) -> str | None:
        """The address of an object's page, if there is one that the user may open."""
        view = rights_of(request).view_of(type(obj))
        if view is None:
            return None
        for action, name, allowed in (
            (Action.EDIT, "edit", view.can_edit),
            (Action.DETAILS, "details", view.can_view_details),
        ):
            if allowed and view.has_permission(request, action, obj):
                return path_for(request, f"admin:{name}", identity=view.identity, pk=identifier_of(obj))
        return None

    # The list.

    def title_of(self, obj: Any) -> str:
        """What to call an object: as it calls itself, or by its kind and key."""
        speaks = "__str__" in {name for cls in type(obj).__mro__[:-1] for name in vars(cls)}
        kind = self.name if isinstance(obj, self.model) else prettify_class_name(type(obj).__name__)
        return (speaks and str(obj)) or f"{kind} {identifier_of(obj)}"

    def label(self, name: str) -> str:
        """The heading of a column."""
        plain = name.replace("_", " ").replace(".", " ")
        return str(self._column_labels.get(name, plain[:1].upper() + plain[1:]))

    async def get_prop_value(self, obj: Any, prop: str) -> Any:
        """What a path leads to from an object: of several objects on the way, a list of what it leads to from each."""
        return _follow(obj, prop.split("."))

    def search_placeholder(self) -> str:
        """What the search looks at, in words."""
        names = [*(self.full_text.columns if self.full_text else ()), *self._search_fields]
        return ", ".join(self.label(name).lower() for name in names)

    def filters(self) -> builtins.list[Any]:
        """The filters of the list, made of what `get_filters` gives: columns, relations and filters."""
        return [adapt(self.model, one) for one in self.get_filters()]

    async def matching(self, request: Request) -> Select[Any]:
        """The rows of the user that the request's filters and search leave."""
        statement = self.rows(request)
        for one in self.filters():
            statement = await apply(one, statement, request, self.model)
        term, visit = request.query_params.get("search", ""), current_visit()
        if self.full_text is not None:
            visit.frequent.update(await queries.frequent_words(visit.session, self.model, self.full_text, term))
        return self.search_query(statement, term)

    def search_query(self, stmt: Select[Any], term: str) -> Select[Any]:
        """Keep the rows that hold every word of `term` in one of the searchable columns."""
        if not self._search_fields and self.full_text is None:
            return stmt
        visit = current_visit()
        search = queries.Search(
            model=self.model,
            fields=self._search_fields,
            rights=rights_of(visit.request),
            full_text=self.full_text,
            frequent=visit.frequent,
        )
        return search.keep(stmt, term, visit.session.get_bind().dialect)

    def sort_query(self, stmt: Select[Any], request: Request) -> Select[Any]:
        """Put the rows in the order the request asks for, or the view's own."""
        sort_by = request.query_params.get("sortBy")
        if sort_by and sort_by not in self._sort_fields:
            raise BadRequestError("This list cannot be sorted by that column.")
        asked = [(sort_by, request.query_params.get("sort") == "desc")] if sort_by else self._get_default_sort()
        paths = [(self.column_sort_paths.get(name, name), down) for name, down in self._by_name(asked)]
        return queries.order(stmt, self.model, paths, rights_of(request))

    async def list(self, request: Request) -> Page:
        """One page of the list: a statement that reads, one for each relation shown, and one that counts if need be."""
        page_size = min(self._whole_number(request, "pageSize", self.page_size), max(self.page_size_options))
        if page_size < 1:
            raise BadRequestError("A page has one row at least.")
        visit, term = current_visit(), request.query_params.get("search", "")
        reader = PageReader(
            session=visit.session,
            model=self.model,
            ordered=self.sort_query(await self.matching(request), request),
            is_counted=not visit.frequent or not visit.frequent.issuperset(queries.words_of(term)),
            options=loading(self.model, self._list_prop_names, rights_of(request), self.columns),
            size=page_size,
            count_limit=self.count_limit,
        )
        asked = request.query_params.get("page", "1") or "1"
        if asked == LAST:
            return await reader.last()
        if NUMBER.fullmatch(asked):
            return await reader.numbered(self._whole_number(request, "page", 1))
        return await reader.beside(read_cursor(asked, secret_key=self._secret_key, list_name=self._list_name))

    def page_parameter(self, place: Cursor | int | str) -> str:
        """What stands in an address for a page of the list."""
        if not isinstance(place, Cursor):
            return str(place)
        return write_cursor(place, secret_key=self._secret_key, list_name=self._list_name)

    @property
    def _list_name(self) -> str:
        return f"admin {self.identity}"

    @property
    def _secret_key(self) -> SecretStr:
        return cast("AdminSite", self._admin_ref).secret_key

    # One object.

    def form_details_query(self, request: Request) -> Select[Any]:
        """The object of a page, with the relations it shows."""
        statement = self._stmt_by_identifier(request.path_params["pk"])
        return statement.options(*loading(self.model, self._details_prop_names, rights_of(request)))

    def form_edit_query(self, request: Request) -> Select[Any]:
        """The object of a form, with the relations it edits; locked while it is being saved."""
        statement = self._stmt_by_identifier(request.path_params["pk"])
        statement = statement.options(*loading(self.model, self._form_prop_names, rights_of(request)))
        return statement.with_for_update(of=self.model) if request.method == "POST" else statement

    async def get_objects(self, identifiers: Sequence[str], *, for_update: bool = False) -> builtins.list[Any]:
        """The objects with these identifiers that the user may touch, in the order of their keys."""
        request = current_visit().request
        statement = self.rows(request).where(have_identifiers(self.model, identifiers))
        statement = statement.order_by(None).order_by(*self.pk_columns)
        if for_update:  # whole, as whoever changes or deletes them needs them
            statement = statement.with_for_update(of=self.model)
        else:
            statement = statement.options(*loading(self.model, (), rights_of(request)))
        return builtins.list((await current_visit().session.scalars(statement)).all())

    async def get_form_data_for_edit(self, obj: Any) -> dict[str, Any]:
        """What the form shows of an object; its relations were loaded with it."""
        return {WTFORMS_ATTRS.get(name, name): getattr(obj, name) for name in self._form_prop_names}

    async def get_form(self, *, creating: bool) -> type[Form]:  # noqa: ARG002 - for those who override it
        """The class of the form; made once, since SQLAdmin's converter adds validators each time it runs."""
        if self._form_class is None:
            self._form_class = as_admin_form(await self.scaffold_form())
        return self._form_class

    async def prepare(self, request: Request) -> None:
        """Do what takes long and needs no row, such as hashing a password, before the transaction of a form begins.

        `await request.form()` is what was sent, and not checked yet; keep what you make of it in `request.state`.
        """

    async def create_object(self, request: Request, data: dict[str, Any]) -> Any:
        """Insert an object. `data` holds what the form names; override it to go through a service of your plugin."""
        return await changes.create(self, request, data)

    async def change_object(self, request: Request, obj: Any, data: dict[str, Any]) -> None:
        """Change an object. `data` holds what the form names; override it to go through a service of your plugin."""
        await changes.change(self, request, obj, data)

    async def delete_object(self, request: Request, obj: Any) -> None:
        """Delete an object."""
        await changes.delete(self, request, obj)

    async def delete_objects(self, request: Request, rows: Sequence[Any]) -> None:
        """Delete what was selected: in one statement a table, unless the view deletes in a way of its own."""
        if type(self).delete_object is ModelAdmin.delete_object:
            await changes.delete_many(self, request, rows)
            return
        for row in rows:
            await self.delete_object(request, row)

    def _visible_custom_actions(self, request: Request, in_detail: bool = False) -> dict[str, str]:  # noqa: FBT001, FBT002 - SQLAdmin's signature
        # SQLAdmin finds methods from the last to the first; buttons stand as the author wrote them.
        return dict(reversed(super()._visible_custom_actions(request, in_detail).items()))

    # SQLAdmin's ways to the database, all of which end in the request's one session.

    async def _run_query(self, stmt: Any) -> Any:
        return (await current_visit().session.scalars(stmt)).unique().all()

    async def _run_arbitrary_query(self, stmt: Any) -> Sequence[Row[Any]]:
        # What filters ask for their choices; they know neither users nor `rows`.
        visit = current_visit()
        result: Result[Any] = await visit.session.execute(rights_of(visit.request).only_visible(stmt))
        return result.all()

    def get_details_columns(self) -> builtins.list[str]:
        """The columns of a page: those of the list, unless the view says otherwise."""
        return self._build_column_list(include=self.column_details_list, defaults=self._list_prop_names)

    def _get_default_sort(self) -> builtins.list[tuple[str, bool]]:
        given: Any = self.column_default_sort
        if not given:
            return [(self._mapper.get_property_by_column(key).key, False) for key in self.pk_columns]
        several = given if isinstance(given, list) else [given]
        pairs = [one if isinstance(one, tuple) else (one, False) for one in several]
        return [(self._get_prop_name(name), bool(descending)) for name, descending in pairs]

    def _by_name(self, fields: Sequence[tuple[MODEL_ATTR, bool]]) -> builtins.list[tuple[str, bool]]:
        return [(self._get_prop_name(field), descending) for field, descending in fields]

    def _whole_number(self, request: Request, name: str, default: int) -> int:
        given = request.query_params.get(name)
        try:
            return int(given) if given else default
        except ValueError:
            raise BadRequestError(f"{name} is not a whole number.") from None


def _follow(obj: Any, path: Sequence[str]) -> Any:
    if not path or obj is None:
        return obj
    found = getattr(obj, path[0], None)
    if len(path) > 1 and isinstance(found, list | set | tuple):
        return [_follow(one, path[1:]) for one in found]
    return _follow(found, path[1:])
