"""Find the cells of a list that the user may edit, by the options of the view and the permissions on each row."""

import builtins
from collections.abc import Mapping, Sequence

from sqladmin.authorization import Action
from starlette.requests import Request
from wtforms import Form

from dovetail.contrib.admin.columns.attributes import name_of
from dovetail.contrib.admin.columns.identifiers import identifier_of
from dovetail.contrib.admin.forms.admin_form import is_protected, restricted
from dovetail.contrib.admin.list_editing.edited_row import EditedRow, new_row
from dovetail.contrib.admin.lists.relations import is_hidden
from dovetail.contrib.admin.rules.fields import fields_of
from dovetail.contrib.admin.rules.rules import rules_of
from dovetail.contrib.admin.sqladmin_private import FORM_NAMES
from dovetail.contrib.admin.view_base import ViewBase


class ListCells:
    """Creates the forms of the rows of a list, for one user."""

    def __init__(self, request: Request, view: ViewBase, form_class: type[Form]) -> None:
        self.request, self.view, self._form_class = request, view, form_class
        self._restricted: dict[tuple[str, ...], type[Form]] = {}
        self.names = editable_columns(view, request)

    async def stored(self, rows: Sequence[object], numbers: Mapping[str, int]) -> dict[str, EditedRow]:
        """Return the forms of the rows in which the user may edit any cell, by identifier."""
        found: dict[str, EditedRow] = {}
        for obj in rows:
            if names := await self.names_of(obj):
                pk = identifier_of(obj)
                found[pk] = new_row(self.form_class(names), numbers[pk], pk, obj, values_of(obj, names))
        return found

    async def names_of(self, obj: object) -> builtins.list[str]:
        """Return the columns that the user may change in a row."""
        view, request = self.view, self.request
        if not self.names or not rules_of(request).allows(view.model, "change", obj):
            return []
        if not await view.check_can_edit(request, obj):
            return []
        fixed, relations = set(view.form_readonly(request, obj)), view.mapper.relationships
        return [name for name in self.names if name not in fixed and not (name in relations and is_hidden(obj, name))]

    def form_class(self, names: Sequence[str]) -> type[Form]:
        """Return the form class of a row, limited to the fields of these columns."""
        key = tuple(names)
        if key not in self._restricted:
            form = self._form_class()
            dropped = {one.short_name for one in form if one.short_name not in names or is_protected(one)}
            self._restricted[key] = restricted(self._form_class, dropped, ())
        return self._restricted[key]


def editable_columns(view: ViewBase, request: Request) -> builtins.list[str]:
    """Return the columns of a list that can be edited: displayed, without links, not read-only."""
    if not view.list_editable or not view.can_edit or not view.has_permission(request, Action.EDIT):
        return []
    left_out = {*view.linking(request), *fields_of(request).read_only(view.model)}
    wanted = {name_of(one) for one in view.list_editable}
    return [name for name in view.displayed(request) if name in wanted and name not in left_out]


def values_of(obj: object, names: Sequence[str]) -> Mapping[str, object]:
    """Return the values of a row by the names of the fields."""
    return {FORM_NAMES.get(name, name): getattr(obj, name) for name in names}
