"""Find the fields that a user may change in many objects at once."""

import builtins

from sqladmin.authorization import Action
from starlette.requests import Request
from wtforms import Form

from dovetail.contrib.admin.columns.attributes import name_of
from dovetail.contrib.admin.forms.admin_form import is_protected, restricted
from dovetail.contrib.admin.rules.fields import fields_of
from dovetail.contrib.admin.view_base import ViewBase


def bulk_fields(view: ViewBase, request: Request) -> builtins.list[str]:
    """Return the names in `bulk_editable` that the user may write in at least some objects."""
    if not view.bulk_editable or not view.can_edit or not view.has_permission(request, Action.EDIT):
        return []
    return writable(view, request, None)


def writable(view: ViewBase, request: Request, obj: object | None) -> builtins.list[str]:
    """Return the names in `bulk_editable` that the user may write in an object; row permissions are not checked."""
    edited = set(view.shown(request, view.edited(request, obj))) - fields_of(request).read_only(view.model)
    return [name for name in map(name_of, view.bulk_editable) if name in edited]


async def bulk_form(view: ViewBase, request: Request) -> type[Form]:
    """Return the form class of a view, limited to the fields of a bulk edit."""
    form_class = await view.permitted_form(request, None)
    kept = bulk_fields(view, request)
    dropped = {one.short_name for one in form_class() if one.short_name not in kept or is_protected(one)}
    return restricted(form_class, dropped, ())
