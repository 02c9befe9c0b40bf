"""All private or undocumented parts of SQLAdmin that the back office uses.

SQLAdmin is pinned to one minor version; tests/contrib/admin/test_sqladmin_private.py fails when one of these changes.
"""

from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import copy
from functools import cached_property
from inspect import ismethod, unwrap
from types import FunctionType, MethodType
from typing import Any, NamedTuple, Self, TypeAlias
from weakref import WeakKeyDictionary

from sqladmin import Admin, BaseView, ModelView
from sqladmin._menu import Menu
from sqladmin._types import _UNSET
from sqladmin.ajax import QueryAjaxModelLoader, _coerce_where_clauses
from sqladmin.audit import AuditEntry
from sqladmin.forms import WTFORMS_ATTRS, ModelConverter, get_model_form
from sqladmin.helpers import slugify_action_name, slugify_class_name
from sqladmin.models import ModelViewMeta
from sqlalchemy import ColumnElement, Select
from sqlalchemy.engine import Row
from sqlalchemy.orm import ColumnProperty, Mapper, RelationshipProperty
from starlette.applications import Starlette
from starlette.datastructures import FormData
from starlette.requests import Request
from wtforms import Form

from dovetail.contrib.admin.columns.attributes import name_of
from dovetail.contrib.admin.options.hooks import Hooks
from dovetail.contrib.admin.options.names import RENAMED, with_new_names
from dovetail.contrib.admin.options.options import WRITES
from dovetail.contrib.admin.options.relations import chosen_relations
from dovetail.database.models import is_read_only
from dovetail.files.stored_file import StoredFile
from dovetail.translation.texts import lazy_name
from dovetail.translation.words import class_in_words, column_in_words

AnySelect: TypeAlias = Select[Any]  # a SELECT of objects or of columns: SQLAdmin and authors of views use both
FORM_NAMES: Mapping[str, str] = (
    WTFORMS_ATTRS  # names in forms of attributes whose names WTForms reserves: data -> data_
)

NAMES = ("name", "name_plural", "category")  # attributes of a view that pages show
UNASKED: dict[str, object] = {
    "column_default_sort": [],
    "form_ajax_refs": {},
    "form_overrides": {},
    "column_sortable_list": [],
}
"""Options of SQLAdmin that are read by us, and not by it."""


class ViewMeta(ModelViewMeta):
    """Keeps the identity that a view's class declares, which SQLAdmin would overwrite, and derives its name.

    A view of a read-only table cannot create, edit or delete.
    """

    def __new__(mcs, name: str, bases: tuple[type, ...], attributes: dict[str, Any], **options: Any) -> Any:
        """Create the class of a view."""
        attributes = with_new_names(name, attributes)
        view = super().__new__(mcs, name, bases, attributes, **options)
        if options:
            view.identity = attributes.get("identity", "")
            view.name = attributes.get("name", class_in_words(view.model.__name__))
            view.name_plural = attributes.get("name_plural", f"{view.name}s")
            if is_read_only(view.model.__mapper__.local_table):
                for option in WRITES - attributes.keys():
                    setattr(view, option, False)
        return view


class OpenModelView(Hooks, ModelView, metaclass=ViewMeta):
    """SQLAdmin's ModelView, with public names for its private attributes and hooks."""

    def __init__(self) -> None:
        # Without autocompletes, for which SQLAdmin would create its own loaders.
        vars(self).update({old: getattr(self, new) for old, new in RENAMED.items()} | UNASKED)
        super().__init__()
        vars(self).update(
            {name: lazy_name(getattr(self, name), type(self).__module__) for name in NAMES if getattr(self, name)}
        )
        self._ajax_relation_names = set(chosen_relations(self))
        self._form_ajax_refs = self.make_loaders()
        self._column_labels = {name: self.lazy_label(name) for name in [*self._prop_names, *self._list_prop_names]}

    @property
    def mapper(self) -> Mapper[object]:
        """Return the mapper of the model."""
        found: Mapper[object] = self._mapper
        return found

    @cached_property
    def linked_names(self) -> frozenset[str]:
        """Return the relations whose objects are shown as links."""
        return frozenset(self._relation_names).difference(self._non_link_related_fields)

    @property
    def loaders(self) -> Mapping[str, QueryAjaxModelLoader]:
        """Return the loaders of related objects, by the name of the relation."""
        return self._form_ajax_refs

    def label(self, name: str) -> str:
        """Return the heading of a column: from `labels`, or derived from its name."""
        return str(self.lazy_label(name))

    def lazy_label(self, name: str) -> str:
        """Return the same as `label` as a lazy text, since forms are created once for all languages."""
        said = self._column_labels.get(name, column_in_words(name.replace(".", " ")))
        return lazy_name(said, type(self).__module__)

    def format_value(self, value: object) -> object:
        """Return a value as lists show it, by the formatter of its type."""
        return self._default_formatter(value)

    def visible_actions(self, request: Request, *, in_detail: bool = False) -> dict[str, str]:
        """Return the labels of the actions that the user may do, by slug, in the order of their definition."""
        # SQLAdmin collects methods from the last to the first.
        found = dict(reversed(self._visible_custom_actions(request, in_detail).items()))
        named = [getattr(getattr(self, name_of(one), None), "_slug", "") for one in self.actions or ()]
        return {slug: str(lazy_name(found[slug], type(self).__module__)) for slug in [*named, *found] if slug in found}

    def get_list_columns(self) -> list[str]:
        """Return the names of the list's columns, which may be functions."""
        return list(map(name_of, self.list_display))

    def get_details_columns(self) -> list[str]:
        """Return the names of an object page's columns: by default, those of the list."""
        return list(map(name_of, self.details_display or self.list_display))

    def get_export_columns(self) -> list[str]:
        """Return the names of an export's columns: by default, those of the list."""
        return list(map(name_of, self.export_display or self.list_display))

    def get_form_columns(self) -> list[str]:
        """Return no names: `make_form` gets the fields of a form."""
        return []

    async def make_form(
        self, names: Sequence[str], make_converter: Callable[[], ModelConverter] | None = None
    ) -> type[Form]:
        """Return the class of a form with these attributes, or the `form` of the view."""
        if self.form is not None:
            return self.form
        if not names:
            return type(f"{self.model.__name__}Form", (self.form_base_class,), {})
        made: type[Form] = await get_model_form(
            model=self.model,
            session_maker=self.session_maker,
            only=names,
            column_labels={name: self.lazy_label(name) for name in names},
            # copies, since SQLAdmin changes its arguments
            form_args={name: _copied(options) for name, options in self.field_args.items()},
            form_widget_args={name: dict(options) for name, options in self.widget_args.items()},
            form_class=self.form_base_class,
            form_ajax_refs=self._form_ajax_refs,
            form_include_pk=self.form_include_pk,
            form_converter=make_converter or self.form_converter,  # type: ignore[arg-type]  # SQLAdmin only calls it
        )
        return made

    # Private hooks that SQLAdmin calls.

    @abstractmethod
    def make_loaders(self) -> dict[str, QueryAjaxModelLoader]:
        """Return the loaders of related objects, by the name of the relation."""

    @abstractmethod
    def select_object(self, identifier: str) -> AnySelect:
        """Return the SELECT of the object with this identifier."""

    @abstractmethod
    async def run_choices_query(self, statement: AnySelect) -> Sequence[Row[object]]:
        """Return the rows of a statement that a filter executes for its choices."""

    @abstractmethod
    async def run_query(self, statement: AnySelect) -> Sequence[object]:
        """Return the objects that a statement selects."""

    def _stmt_by_identifier(self, identifier: str) -> AnySelect:
        return self.select_object(identifier)

    async def _run_arbitrary_query(self, stmt: Any) -> Sequence[Row[Any]]:
        return await self.run_choices_query(stmt)

    async def _run_query(self, stmt: Any) -> object:
        return await self.run_query(stmt)


UNMARKED = frozenset(OpenModelView.__mro__)  # classes without decorated methods
# By the class of a view: names only, since a method may reference its class, which could never be collected then.
_MARKED_PLACES: WeakKeyDictionary[type, list[tuple[str, int]]] = WeakKeyDictionary()
_MARKED_NAMES: WeakKeyDictionary[type, list[str]] = WeakKeyDictionary()  # by class, since it is needed often at a start


Where: TypeAlias = ColumnElement[bool] | Sequence[ColumnElement[bool]] | Callable[[Request, str], object]


class ObjectLoader(QueryAjaxModelLoader):
    """SQLAdmin's loader of related objects, without its search."""

    model: type[object]
    narrowings: tuple[Where, ...] = ()

    def _process_fields(self) -> list[object]:
        return []  # SQLAdmin accepts only columns of the model, and our search follows paths

    def narrowed(self, where: Where) -> Self:
        """Return a loader with the further conditions `where`, or a function of request and term that returns them."""
        made = copy(self)
        made.narrowings = (*self.narrowings, where)
        return made

    @property
    def order(self) -> Sequence[ColumnElement[object]]:
        """Return the columns of the option `order_by`; none if it was not given."""
        return self._cached_fields_order_by  # type: ignore[return-value]  # an attribute is a column expression

    async def conditions(self, request: Request, term: str) -> Sequence[ColumnElement[bool]]:
        """Return the conditions of the option `where`. Raise ValueError if its function returns anything else."""
        found: list[ColumnElement[bool]] = []
        for where in (self.where, *self.narrowings):
            asked = copy(self)
            asked.where = where  # type: ignore[assignment]  # untyped: a function, too
            found += [] if where is None else await asked._prepare_where_clauses(request, term)  # noqa: SLF001 - an attribute of this class
        return found


class LeanAdmin(Admin):
    """SQLAdmin's site, which finds the actions and pages of a view in the dictionaries of its classes.

    SQLAdmin itself reads each attribute of a view twice, including properties.
    """

    @staticmethod
    def _find_decorated_funcs(
        view: type[BaseView], view_instance: BaseView, handle_fn: Callable[[MethodType, type[BaseView], BaseView], None]
    ) -> None:
        names = [name for name, method in marked_methods(view) if is_action(method) or hasattr(method, "_exposed")]
        methods = filter(ismethod, [getattr(view_instance, name) for name in names])
        for method in sorted(methods, key=lambda one: unwrap(one).__code__.co_firstlineno, reverse=True):
            handle_fn(method, view, view_instance)


class ExposedPage(NamedTuple):
    """A page of a view: a method with `@expose`."""

    path: str
    identity: str


def exposed_pages(view: type[BaseView]) -> Iterator[ExposedPage]:
    """Return the pages of a view without a model."""
    for _, method in exposed_methods(view):
        yield ExposedPage(getattr(method, "_path"), getattr(method, "_identity"))  # noqa: B009 - an attribute of any function


def exposed_methods(view: type[BaseView]) -> Iterator[tuple[str, FunctionType]]:
    """Return the methods of a view that are pages, by name, as functions."""
    for name, method in marked_methods(view):
        if hasattr(method, "_exposed"):
            yield name, unwrap(method)


def marked_methods(view: type[BaseView]) -> list[tuple[str, FunctionType]]:
    """Return the decorated methods of a view's class, by name, as functions.

    It reads the dictionaries of classes, since `dir` and `getattr` take ten times as long. SQLAdmin's own classes have
    no decorated methods, and are only checked for names that override those of their bases.
    """
    classes = view.__mro__
    return [(name, vars(classes[at])[name]) for name, at in _marked_places(view)]


def is_action(method: object) -> bool:
    """Return whether a method of a view is one of its actions."""
    return hasattr(method, "_action")


def slug_of_action(method: object) -> str:
    """Return the name of an action in URLs."""
    return str(getattr(method, "_slug"))  # noqa: B009 - an attribute of any function


def app_of(view: BaseView) -> Starlette:
    """Return the application on which the back office of a view is mounted."""
    app: Starlette = view._admin_ref.app  # noqa: SLF001 - a view has no public reference to its site
    return app


def attach_inline(view: type[BaseView], other: BaseView) -> None:
    """Attach an inline to the site of the view that contains it."""
    view._admin_ref = other._admin_ref  # noqa: SLF001 - as above
    view.session_maker = None  # type: ignore[attr-defined]  # as every view: statements run in the request's session


async def audit(view: BaseView, entry: AuditEntry, request: Request) -> None:
    """Call the site's audit backend. Raise the errors of the backend."""
    await view._admin_ref.audit_backend.log(entry, request)  # noqa: SLF001 - as above


def menu_of(admin: Admin) -> Menu:
    """Return the menu of a site, which its layout shows."""
    return admin._menu  # noqa: SLF001 - there is no public name for it


async def read_form(request: Request, obj: object | None) -> FormData:
    """Return the form that was sent; a file that is not sent again is the one that `obj` holds."""
    form = await request.form()
    if any(isinstance(getattr(obj, name, None), StoredFile) for name in form):
        return form  # whose fields know themselves what is stored
    return await Admin._handle_form_data(request, obj)  # noqa: SLF001 - the step of `Admin.edit` that reads it


def by_attribute(data: Mapping[str, object], model: type[object]) -> dict[str, object]:
    """Return the data of a form by the names of the model's attributes: the reverse of FORM_NAMES."""
    return Admin._denormalize_wtform_data(dict(data), model)  # noqa: SLF001 - the step of `Admin.edit` that does it


def has_default(one: object) -> bool:
    """Return whether a filter filters where nobody asked it to."""
    return getattr(one, "default_value", _UNSET) is not _UNSET


def are_conditions(where: object) -> bool:
    """Return whether the option `where` of an autocomplete is a condition, or several."""
    return _coerce_where_clauses(where) is not None


async def prepared_kwargs(
    converter: ModelConverter, prop: ColumnProperty[object] | RelationshipProperty[object], **given: object
) -> dict[str, Any] | None:
    """Return what SQLAdmin makes the field of a column or a relation with; None if it makes none."""
    found: dict[str, Any] | None = await converter._prepare_kwargs(prop=prop, **given)  # type: ignore[arg-type]  # noqa: SLF001 - the first step of `convert`, passed on as it came
    return found


def text_validators(prop: ColumnProperty[object]) -> Sequence[Callable[..., object]]:
    """Return the validators that hold a text to the length of its column."""
    return ModelConverter._string_common(prop)  # noqa: SLF001 - what `conv_text` itself asks


def class_slug(name: str) -> str:
    """Return the name of a class as it stands in addresses: `BlogPost` is `blog-post`."""
    return slugify_class_name(name)


def action_slug(name: str) -> str:
    """Return the name of an action as it stands in addresses and permissions."""
    return slugify_action_name(name)


def _copied(options: Mapping[str, object]) -> dict[str, object]:
    return {name: list(value) if isinstance(value, list | tuple) else value for name, value in options.items()}


def _marked_places(view: type[BaseView]) -> Sequence[tuple[str, int]]:
    """Return the names of the marked methods, each with the place of its class in the order of resolution."""
    places = _MARKED_PLACES.get(view)
    if places is None:
        found: dict[str, int] = {}
        for at, cls in reversed([*enumerate(view.__mro__)]):
            own = vars(cls)
            found = {name: place for name, place in found.items() if name not in own}
            if cls not in UNMARKED:
                found |= dict.fromkeys(_marked_names(cls), at)
        places = _MARKED_PLACES[view] = sorted(found.items())
    return places


def _marked_names(cls: type) -> Sequence[str]:
    names = _MARKED_NAMES.get(cls)
    if names is None:
        own = vars(cls).items()
        names = [name for name, value in own if isinstance(value, FunctionType) and vars(value)]
        _MARKED_NAMES[cls] = names
    return names
