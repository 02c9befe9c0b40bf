"""The links beside a relation in a form that add, change and show the related object in a popup window."""

from dataclasses import dataclass

from sqladmin.ajax import QueryAjaxModelLoader
from sqladmin.authorization import Action
from sqlalchemy import Column, inspect
from sqlalchemy.orm import Mapper
from starlette.requests import Request
from wtforms import Field, Form

from dovetail.contrib.admin.columns.readers import is_text
from dovetail.contrib.admin.permissions import rights_of
from dovetail.contrib.admin.view_base import ViewBase, declared_form
from dovetail.contrib.admin.web.rendering import path_for
from dovetail.translation.texts import in_sentence

POPUP = "_popup"  # query parameter of popup windows
KEY = "KEY-OF-THE-CHOSEN"  # placeholder for the key of the chosen object


@dataclass(frozen=True)
class RelatedTools:
    """URLs to add, change and view the related object of a field; None if the user may not, or there is none."""

    name: str
    add: str | None
    change: str | None
    view: str | None
    made_of: str | None  # the only required field, if it is a text: tags are created in place


def is_popup(request: Request) -> bool:
    """Return whether the page is shown in a popup window."""
    return request.query_params.get(POPUP) == "1"


async def offer_related(request: Request, form: Form) -> None:
    """Set the links for related objects on the fields of relations."""
    for field in form:
        loader = getattr(field, "loader", None)
        if isinstance(loader, QueryAjaxModelLoader):
            vars(field)["related"] = await _tools(request, field, loader.model)


async def _tools(request: Request, field: Field, target: type[object]) -> RelatedTools | None:
    view = rights_of(request).view_of(target)
    if view is None or view.model is not target:
        return None
    is_one = not hasattr(field, "separator") or field.type in {"AutocompleteField", "RawIdField"}

    def url(name: str, **parameters: object) -> str:
        return f"{path_for(request, f'admin:{name}', identity=view.identity, **parameters)}?{POPUP}=1"

    may_add = view.can_create and view.has_permission(request, Action.CREATE) and await view.check_can_create(request)
    may_change = is_one and view.can_edit and view.has_permission(request, Action.EDIT)
    may_view = is_one and view.can_view_details and view.has_permission(request, Action.DETAILS)
    return RelatedTools(
        name=in_sentence(view.name),
        add=url("create") if may_add else None,
        change=url("edit", pk=KEY) if may_change else None,
        view=url("details", pk=KEY) if may_view else None,
        made_of=None if is_one or not may_add else _only_needed(view),
    )


def _only_needed(view: ViewBase) -> str | None:
    """Return the only required column of a new object, if the form has it and it is a short text; otherwise None."""
    mapper: Mapper[object] = inspect(view.model)
    edited = declared_form(type(view))
    needed = [
        one.key
        for one in mapper.column_attrs
        if isinstance(one.columns[0], Column) and not one.columns[0].primary_key and _must_be_given(one.columns[0])
    ]
    if len(needed) != 1 or needed[0] not in edited:
        return None
    return needed[0] if is_text(mapper.column_attrs[needed[0]].columns[0].type) else None


def _must_be_given(column: Column[object]) -> bool:
    return not column.nullable and column.default is None and column.server_default is None and column.computed is None
