"""The columns of lists, pages and exports: their values, headings and order."""

import builtins
from collections.abc import Coroutine, Iterable, Sequence
from functools import cached_property
from typing import ClassVar

from markupsafe import Markup
from sqlalchemy.exc import InvalidRequestError
from starlette.requests import Request

from dovetail.contrib.admin.columns.attributes import name_of, term_of
from dovetail.contrib.admin.columns.chosen import CHOSEN
from dovetail.contrib.admin.columns.code_names import names_in_code
from dovetail.contrib.admin.columns.columns import TITLE, Column, column_for, paths_read, sort_path
from dovetail.contrib.admin.columns.display import Display
from dovetail.contrib.admin.columns.formats import EMPTY, yes_or_no
from dovetail.contrib.admin.columns.identifiers import identifier_of
from dovetail.contrib.admin.columns.late_markdown import put_off
from dovetail.contrib.admin.request_context import request_context
from dovetail.contrib.admin.rules.fields import fields_of
from dovetail.contrib.admin.sqladmin_private import OpenModelView
from dovetail.errors import ConfigurationError
from dovetail.translation.shortening import shorten
from dovetail.translation.texts import gettext, lazy_name
from dovetail.translation.words import class_in_words


class ShownView(OpenModelView):
    """The part of a view that shows objects to users who may read them."""

    site_image_hosts: ClassVar[Sequence[str]] = ()  # of the site; images in Markdown may be loaded from them

    def __init__(self) -> None:
        self._columns: dict[str, Column] = {}
        super().__init__()
        self.names_of([*self.list_display, *self.details_display, *self.export_display])

    def title_of(self, obj: object) -> str:
        """Return the title of an object: the result of its `__str__`, or its model and key, of any length.

        The model and key are also used if the result might contain fields that the user may not read.
        """
        speaks = type(obj).__str__ is not object.__str__
        said = fields_of(request_context().request).text_of(obj) if speaks else ""
        if said.strip():
            return said
        return title_by_key(self, type(obj), identifier_of(obj))

    def short_title_of(self, obj: object) -> str:
        """Return the title of an object, shortened for lists, headings, messages and choices."""
        return shorten(self.title_of(obj))

    def shown(self, request: Request, names: Sequence[str]) -> builtins.list[str]:
        """Return the columns that the user may read, as paths."""
        return fields_of(request).shown(self.model, names)

    # The values of an object.

    def names_of(self, columns: Iterable[object]) -> builtins.list[str]:
        """Return the names of columns: attributes, methods or functions. Raise ConfigurationError for anything else."""
        names = [name_of(one) for one in columns]
        for name, one in zip(names, columns, strict=True):
            if name not in self._columns:
                found = column_for(type(self), self.model, one)
                if found is None:
                    raise ConfigurationError(f"{type(self).__name__} shows {name!r}, which it does not have")
                self._columns[name] = found
        return names

    def displayed(self, request: Request) -> builtins.list[str]:
        """Return the names of the list's columns: those that the user chose and may read."""
        chosen = CHOSEN.find(request)
        own = self.shown(request, self.names_of(self.get_list_display(request)))
        if chosen is None or chosen.identity != self.identity:
            return own
        return chosen.of(self.offered(request)) or own

    def offered(self, request: Request) -> builtins.list[str]:
        """Return the columns that the user can choose for the list: its own, and those of an object's page."""
        names = self.names_of([*self.get_list_display(request), *self.details_display])
        return self.shown(request, builtins.list(dict.fromkeys(names)))

    def linking(self, request: Request) -> builtins.list[str]:
        """Return the names of the list's columns that link to the object's page."""
        names = self.displayed(request)
        links = builtins.list(map(name_of, self.get_list_display_links(request, names)))
        return links if not links or set(links) & set(names) else names[:1]  # the linked columns may be hidden

    def detailed(self, request: Request) -> builtins.list[str]:
        """Return the names of the columns of an object's page that the user may read."""
        return self.shown(request, self.names_of(self.details_display or self.get_list_display(request)))

    def exported(self, request: Request) -> builtins.list[str]:
        """Return the names of the columns of an export that the user may read."""
        return self.shown(request, self.names_of(self.export_display or self.get_list_display(request)))

    def paths(self, names: Iterable[str]) -> builtins.list[str]:
        """Return the paths to load for columns: the columns themselves, and those that computed ones read."""
        return [path for name in names for path in (self._columns[name].paths if name in self._columns else (name,))]

    def site_url(self, obj: object) -> str | None:
        """Return the URL of an object on the site; None if it has no page that the user may view."""
        fields = fields_of(request_context().request)
        if fields.may_tell(obj, frozenset(path.rpartition(".")[2] for path in self.url_paths)):
            return None
        try:
            url = self.get_view_on_site_url(obj)
        except InvalidRequestError as error:
            if not fields.is_masked(error):
                raise
            return None
        return url if url and url.startswith(("/", "http://", "https://")) else None

    @cached_property
    def url_paths(self) -> Sequence[str]:
        """Return the paths to load for the URL of an object on the site."""
        code = (self.view_on_site, getattr(self.model, "get_absolute_url", None)) if self.view_on_site else ()
        return paths_read(self.model, names_in_code(self.model, code))

    def lazy_label(self, name: str) -> str:
        """Return the heading of a column: from `labels`, from `@display`, or derived from its name."""
        said = self._columns[name].shown_as.description if name in self._columns else None
        said = self.name if name == TITLE else said
        is_labelled = said is not None and name in set(map(name_of, self.labels))
        return super().lazy_label(name) if said is None or is_labelled else lazy_name(said, type(self).__module__)

    @cached_property
    def _formatted(self) -> frozenset[str]:
        """Return the names of the columns that have an entry in `formatters`."""
        return frozenset(map(name_of, self.formatters))

    async def get_list_value(self, obj: object, prop: str, request: Request | None = None) -> tuple[object, object]:
        """Return (value, formatted value) for the list; a dash if the value contains what the user may not read."""
        is_formatted = prop in self._formatted
        return await self._shown_value(obj, prop, super().get_list_value(obj, prop, request), is_formatted=is_formatted)

    async def get_detail_value(self, obj: object, prop: str, request: Request | None = None) -> tuple[object, object]:
        """Return (value, formatted value) for the object's page, as `get_list_value` does."""
        is_formatted = prop in set(map(name_of, self.details_formatters))
        found = super().get_detail_value(obj, prop, request)
        value, formatted = await self._shown_value(obj, prop, found, is_formatted=is_formatted)
        if isinstance(value, str) and not is_formatted and prop in set(map(name_of, self.markdown_fields)):
            formatted = Markup('<div class="markdown">{}</div>').format(put_off(value, self.site_image_hosts))
        return value, formatted

    async def _shown_value(
        self, obj: object, name: str, finding: Coroutine[None, None, tuple[object, object]], *, is_formatted: bool
    ) -> tuple[object, object]:
        fields = fields_of(request_context().request)
        try:
            value, formatted = await finding
        except InvalidRequestError as error:
            if not fields.is_masked(error):
                raise
            return None, EMPTY
        column = self._columns.get(name)
        if column is not None and name != TITLE and fields.may_tell(obj, column.reads):
            return None, EMPTY
        said = column.shown_as if column is not None else Display()
        if is_formatted or not (value is None or said.boolean):
            return value, formatted
        if value is None:
            shown = self.empty_value_display if said.empty_value is None else said.empty_value
            return None, formatted if shown is None else shown
        return value, yes_or_no(bool(value))

    async def get_prop_value(self, obj: object, prop: str) -> object:
        """Return the value of a column; for a path to several objects, the list of their values."""
        if prop == TITLE:
            return self.title_of(obj)
        column = self._columns.get(prop)
        if column is None or column.compute is None:
            return _follow(obj, prop.split(".")) if "." in prop else getattr(obj, prop, None)
        return column.compute(self, obj) if column.is_of_view else column.compute(obj)

    # The order.

    def default_sort(self, request: Request) -> builtins.list[tuple[str, bool]]:
        """Return the default order as pairs (name, descending); without `ordering`, the primary key."""
        ordering = self.get_ordering(request)
        if not ordering:
            return [(self.mapper.get_property_by_column(key).key, False) for key in self.pk_columns]
        return [term_of(one) for one in ordering]

    def sort_names(self, request: Request) -> builtins.list[str]:
        """Return the columns by which the list can be sorted: `sortable_by`, or all sortable ones."""
        displayed = self.get_list_display(request)
        self.names_of(displayed)  # so that `sort_path` finds functions that a hook returned
        return sortable_names(type(self), displayed, self.get_sortable_by(request))

    def sort_path(self, name: str) -> str:
        """Return the path by which a column is sorted: from `sort_paths`, from `@display`, or the column itself."""
        return _sort_path_of(type(self), name, self._columns.get(name))


def is_attribute(view: ShownView, name: str) -> bool:
    """Return whether the value of a column is the attribute of that name, so that it can be read directly."""
    return name != TITLE and "." not in name and not is_computed(view, name) and follows_paths(view)


def is_computed(view: ShownView, name: str) -> bool:
    """Return whether a column is computed in Python."""
    column = column_of(view, name)
    return column is not None and column.compute is not None


def column_of(view: ShownView, name: str) -> Column | None:
    """Return the column of a name that a view shows; None for others."""
    return view._columns.get(name)  # noqa: SLF001 - an attribute of the class above


def follows_paths(view: ShownView) -> bool:
    """Return whether the columns of a view have the values of their paths: `get_prop_value` is not overridden."""
    return type(view).get_prop_value is ShownView.get_prop_value


def title_by_key(view: ShownView, model: type[object], identifier: str) -> str:
    """Return the title of an object without its own `__str__`: its model and key."""
    kind = view.name if issubclass(model, view.model) else gettext(class_in_words(model.__name__))
    return f"{kind} {identifier}"


def sortable_names(
    view: type[ShownView], displayed: Sequence[object], given: Sequence[object] | None
) -> builtins.list[str]:
    """Return the columns by which the list of a view can be sorted: those `given`, or all sortable ones `displayed`."""
    if given is not None:
        return [name_of(one) for one in given]
    columns = [(name_of(one), column_for(view, view.model, one)) for one in displayed]
    return [
        name
        for name, column in columns
        if name in view.sort_paths or (column is not None and sort_path(column, view.model) is not None)
    ]


def sort_path_of(view: type[ShownView], name: str) -> str:
    """Return the path by which a view sorts a column."""
    functions = {name_of(one): one for one in view.list_display}
    return _sort_path_of(view, name, column_for(view, view.model, functions.get(name, name)))


def _sort_path_of(view: type[ShownView], name: str, column: Column | None) -> str:
    said = None if column is None else column.shown_as.ordering
    return name_of(view.sort_paths.get(name) or said or name)


def _follow(obj: object, path: Sequence[str]) -> object:
    if not path or obj is None:
        return obj
    found = getattr(obj, path[0], None)
    if len(path) > 1 and isinstance(found, list | set | tuple):
        return [_follow(one, path[1:]) for one in found]
    return _follow(found, path[1:])
