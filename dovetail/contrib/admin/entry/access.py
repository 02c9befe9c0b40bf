"""Check whether the user of a request may open a page of a view."""

from http import HTTPStatus

from sqladmin.authorization import Action
from starlette.exceptions import HTTPException
from starlette.requests import Request

from dovetail.contrib.admin.site_context import SiteContext
from dovetail.contrib.admin.views import ModelAdmin

SWITCHES = {
    Action.CREATE: "can_create",
    Action.DETAILS: "can_view_details",
    Action.EDIT: "can_edit",
    Action.DELETE: "can_delete",
    Action.EXPORT: "can_export",
    Action.IMPORT: "can_import",
}


def open_view(site: SiteContext, request: Request, action: Action) -> ModelAdmin:
    """Return the view of this URL for `action`. Raise HTTPException: 404 for no view, 403 without permission."""
    view = site.view_at(request)
    switch = SWITCHES.get(action)
    allow(view.is_accessible(request) and (switch is None or getattr(view, switch)))
    allow(view.has_permission(request, action))
    return view


def allow(allowed: object) -> None:
    """Raise HTTPException (403) unless `allowed` is true."""
    if not allowed:
        raise HTTPException(HTTPStatus.FORBIDDEN)
