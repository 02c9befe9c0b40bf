"""The pages of the back office; each asks who may see it before it reads a row."""

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, cast

from sqladmin.authorization import Action
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from dovetail.contrib.admin.filters import RelationFilter
from dovetail.contrib.admin.lists.rights import rights_of
from dovetail.contrib.admin.pages import editing, selection
from dovetail.contrib.admin.pages.export import Export
from dovetail.contrib.admin.views import ModelAdmin
from dovetail.contrib.admin.visit import current_visit
from dovetail.errors import BadRequestError

if TYPE_CHECKING:
    from dovetail.contrib.admin.site import AdminSite

SWITCHES = {
    Action.CREATE: "can_create",
    Action.DETAILS: "can_view_details",
    Action.EDIT: "can_edit",
    Action.DELETE: "can_delete",
    Action.EXPORT: "can_export",
}


async def show_index(site: "AdminSite", request: Request) -> Response:
    """What there is to work on."""
    return await site.templates.TemplateResponse(request, "sqladmin/index.html")


async def show_list(site: "AdminSite", request: Request) -> Response:
    """One page of a model's rows."""
    view = _open(site, request, Action.LIST)
    _allow(await view.check_can_list(request))

    async def show() -> Response:
        pagination = await view.list(request)
        pagination.add_pagination_urls(request.url)
        context = {**await view.list_context(request), "model_view": view, "pagination": pagination}
        return await site.templates.TemplateResponse(request, view.list_template, context)

    return await view.columns.enough(current_visit().session, show)


async def show_details(site: "AdminSite", request: Request) -> Response:
    """One object, to read."""
    view = _open(site, request, Action.DETAILS)
    model = _found(await view.get_object_for_details(request))
    _allow(await view.check_can_view_details(request, model))
    context = {**await view.details_context(request), "model_view": view, "model": model, "title": view.title_of(model)}
    return await site.templates.TemplateResponse(request, view.details_template, context)


async def create(site: "AdminSite", request: Request) -> Response:
    """Make an object."""
    view = _open(site, request, Action.CREATE)
    _allow(await view.check_can_create(request))
    return await editing.edit(site, request, view, None)


async def edit(site: "AdminSite", request: Request) -> Response:
    """Change an object."""
    view = _open(site, request, Action.EDIT)
    obj = _found(await view.get_object_for_edit(request))
    _allow(await view.check_can_edit(request, obj))
    return await editing.edit(site, request, view, obj)


async def delete(site: "AdminSite", request: Request) -> Response:
    """Delete the selected objects, after asking."""
    view = _open(site, request, Action.DELETE)
    return await selection.run(site, request, view, selection.deletion(request, view))


async def export(site: "AdminSite", request: Request) -> Response:
    """The rows that the list's filters and search leave, as a file."""
    view = _open(site, request, Action.EXPORT)
    _allow(await view.check_can_export(request) and await view.check_can_list(request))
    if request.path_params["export_type"] not in view.export_types:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    name = f"{view.identity}.csv"
    found = Export(view=view, statement=await view.matching(request), rights=rights_of(request))
    rows = await found.begin(current_visit().session, site.database)
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(rows, media_type="text/csv; charset=utf-8", headers=headers)


async def lookup(site: "AdminSite", request: Request) -> Response:
    """The related objects in which what was typed stands; the first ones if nothing was."""
    view = _open(site, request, Action.LIST)
    name, term = request.query_params.get("name", ""), request.query_params.get("term", "").strip()
    loader = view.lookups.get(name)
    if loader is None:
        raise BadRequestError("A lookup names one of the form's relations.")
    is_filter = any(isinstance(one, RelationFilter) and one.parameter_name == name for one in view.filters())
    _allow((is_filter or await _can_use_form(view, request)) and loader.may_use(request))
    return JSONResponse({"results": [loader.format(one) for one in await loader.get_list(request, term)]})


def preparing_view(site: "AdminSite", request: Request) -> ModelAdmin | None:
    """The view whose form a request sends, if it has something to do before the transaction."""
    identity = request.path_params["identity"]
    views = (view for view in site.model_views if isinstance(view, ModelAdmin) and view.identity == identity)
    return next((view for view in views if type(view).prepare is not ModelAdmin.prepare), None)


def check_may_send_form(site: "AdminSite", request: Request) -> None:
    """Raise HTTPException for somebody whom the form is not for."""
    _open(site, request, Action.EDIT if "pk" in request.path_params else Action.CREATE)


def _open(site: "AdminSite", request: Request, action: Action) -> ModelAdmin:
    view = cast("ModelAdmin", site._find_model_view(request.path_params["identity"]))  # noqa: SLF001 - our base class
    switch = SWITCHES.get(action)
    _allow(view.is_accessible(request) and (switch is None or getattr(view, switch)))
    _allow(view.has_permission(request, action))
    return view


def _allow(allowed: object) -> None:
    if not allowed:
        raise HTTPException(HTTPStatus.FORBIDDEN)


def _found(obj: Any) -> Any:
    if obj is None:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    return obj


async def _can_use_form(view: ModelAdmin, request: Request) -> bool:
    if view.can_create and await view.check_can_create(request):
        return True
    return view.can_edit and view.has_permission(request, Action.EDIT)
