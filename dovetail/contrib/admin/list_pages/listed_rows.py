"""Prepare the rows of a list for its template; values that are the same for all rows are computed once."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import NamedTuple

from starlette.requests import Request

from dovetail.contrib.admin.columns.formats import EMPTY
from dovetail.contrib.admin.columns.identifiers import identifier_of
from dovetail.contrib.admin.list_pages.column_classes import column_classes
from dovetail.contrib.admin.views import ModelAdmin
from dovetail.contrib.admin.web.rendering import path_for, query_of
from dovetail.translation import formats
from dovetail.translation.texts import gettext

MOST_PARTS = 12  # maximum related objects in a cell; the number of further ones is shown
Part = tuple[object, str | None]  # the title of a related object, and its URL if the user may open it


class ListedCell(NamedTuple):
    """A cell: a value, links to related objects, or the link to the row's page."""

    name: str
    label: str
    formatted: object
    parts: Sequence[Part] | None = None  # for a relation
    is_list: bool = False
    opens: bool = False  # whether it links to the object's page
    css_class: str = ""  # of numbers and days


class ListedRow(NamedTuple):
    """A row of a list, with URLs of pages that the user may open, and labels of its buttons."""

    obj: object
    pk: str
    title: str
    cells: Sequence[ListedCell]
    page: str | None  # the URL of its form, or of its page
    view: str | None  # the URL of its page, if the user may not change it
    delete: str | None
    select_label: str
    view_label: str
    delete_label: str


class ListedRows:
    """Iterates over the rows of a page of a list, prepared for the template."""

    def __init__(self, request: Request, view: ModelAdmin, rows: Sequence[object]) -> None:
        self._request, self._view, self._rows = request, view, rows
        self._labels: Mapping[str, str] = {name: view.label(name) for name in view.displayed(request)}
        self._links = frozenset(view.linking(request))
        self.classes = column_classes(view, request, [*self._labels])  # those of the headings, too
        query = query_of(request)
        self._query = query if query != "?" else ""
        self._select, self._look, self._delete = (
            gettext("Select %(name)s"),
            gettext("View %(name)s"),
            gettext("Delete %(what)s"),
        )

    async def __call__(self) -> AsyncIterator[ListedRow]:
        """Yield each row."""
        for obj in self._rows:
            yield await self._listed(obj)

    async def _listed(self, obj: object) -> ListedRow:
        request, view = self._request, self._view
        pk, title = identifier_of(obj), view.short_title_of(obj)
        can_edit = await view.check_can_edit(request, obj)
        can_look = not can_edit and await view.check_can_view_details(request, obj)
        page = self._address("admin:edit" if can_edit else "admin:details", pk) if can_edit or can_look else None
        can_delete = await view.check_can_delete(request, obj)
        return ListedRow(
            obj=obj,
            pk=pk,
            title=title,
            cells=[await self._cell(obj, name, title, opens=page is not None) for name in self._labels],
            page=None if page is None else page + self._query,
            view=page if can_look else None,
            delete=self._address("admin:delete", pk) + self._query if can_delete else None,
            select_label=self._select % {"name": title},
            view_label=self._look % {"name": title},
            delete_label=self._delete % {"what": title},
        )

    async def _cell(self, obj: object, name: str, title: str, *, opens: bool) -> ListedCell:
        value, formatted = await self._view.get_list_value(obj, name, self._request)
        label, css_class = self._labels[name], self.classes.get(name, "")
        is_related = name in self._view.linked_names and value is not None
        if opens and name in self._links:
            if is_related and formatted is value:  # called as everywhere, and never by what its user may not read
                formatted = ", ".join(str(shown) for shown, _ in self._related(value, formatted)[1])
            # A link needs a name.
            is_blank = isinstance(formatted, str) and (not formatted.strip() or formatted == EMPTY)
            return ListedCell(name, label, title if is_blank else formatted, opens=True, css_class=css_class)
        if not is_related:
            return ListedCell(name, label, formatted, css_class=css_class)
        return ListedCell(name, label, *self._related(value, formatted))

    def _related(self, value: object, formatted: object) -> tuple[object, Sequence[Part], bool]:
        if isinstance(value, list | set):
            told = list(value) if len(value) <= MOST_PARTS + 1 else list(value)[:MOST_PARTS]
            parts: list[Part] = [
                (self._view.short_title_of(one), self._view.link_to(self._request, one)) for one in told
            ]
            if further := len(value) - len(told):
                parts.append((gettext("and %(count)s others") % {"count": formats.number(further)}, None))
            return self._view.format_value(None), parts, True
        shown = self._view.short_title_of(value) if formatted is value else formatted
        return formatted, [(shown, self._view.link_to(self._request, value))], False

    def _address(self, name: str, pk: str) -> str:
        return path_for(self._request, name, identity=self._view.identity, pk=pk)
