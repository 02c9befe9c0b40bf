"""The pages of the back office; each checks permissions before it reads rows."""

from collections.abc import Callable
from functools import partial
from http import HTTPStatus

from sqladmin.authorization import Action
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from dovetail.contrib.admin.change_list.view import ChangeListView
from dovetail.contrib.admin.entry.access import allow, open_view
from dovetail.contrib.admin.entry.kept_forms import find_form_of, without_parameter
from dovetail.contrib.admin.exporting.export import Export
from dovetail.contrib.admin.exporting.writers import WRITERS
from dovetail.contrib.admin.importing import importable
from dovetail.contrib.admin.inlines.inline import ParentView
from dovetail.contrib.admin.inlines.opening import open_formsets
from dovetail.contrib.admin.list_pages import choosing
from dovetail.contrib.admin.list_pages.list_page import show_page
from dovetail.contrib.admin.list_pages.list_saving import save_list, show_typed
from dovetail.contrib.admin.lists.autocomplete import MOST_PAGES, Autocomplete
from dovetail.contrib.admin.pages import object_form
from dovetail.contrib.admin.permissions import rights_of, user_of
from dovetail.contrib.admin.presence.presence import presence_of
from dovetail.contrib.admin.request_context import request_context
from dovetail.contrib.admin.rules.fields import fields_of
from dovetail.contrib.admin.rules.rules import rules_of
from dovetail.contrib.admin.site_context import SiteContext
from dovetail.contrib.admin.tasks import acting
from dovetail.contrib.admin.views import ModelAdmin, RelationFilter
from dovetail.contrib.admin.web.rendering import path_for
from dovetail.errors import BadRequestError
from dovetail.files.closing_response import ClosingResponse
from dovetail.translation.texts import gettext

MOST_KEYS = 200  # keys in one request for names


async def show_list(site: SiteContext, request: Request) -> Response:
    """Show a page of the list of a model, or save the edited rows (`list_editable`)."""
    view = open_view(site, request, Action.LIST)
    allow(await view.check_can_list(request))
    if request.method == "POST":
        return await save_list(site, request, view)
    own = [
        path_for(request, f"admin:{name}", identity=view.identity) for name in ("list", "list-views", "list-columns")
    ]
    kept = await find_form_of(request_context().session, site.secret_key, request, user_of(request), own)
    if kept is None:
        return await show_page(site, request, view)
    show = show_typed if kept.path == own[0] else show_page
    return await show(site, without_parameter(request), view, kept=kept)


async def show_details(site: SiteContext, request: Request) -> Response:
    """Show an object, read-only."""
    view = open_view(site, request, Action.DETAILS)
    model = _found(await view.get_object_for_details(request))
    rules = rules_of(request)
    actions = [view.rule_for(rules, f"action:{name}") for name in view.visible_actions(request, in_detail=True)]
    await rules.load(request_context().session, view.model, ["change", "delete", *actions], [model])
    allow(await view.check_can_view_details(request, model))
    context = {
        **await view.details_context(request),
        "model_view": view,
        "model": model,
        "title": view.short_title_of(model),
        "whole_title": view.title_of(model),
    }
    context["site_url"] = view.site_url(model)
    context["formsets"] = [one for one in await open_formsets(view, request, model, is_writable=False) if one.rows]
    context["lookup_addresses"] = lambda _part: ""  # no related objects are chosen on this page
    context["presence"] = await presence_of(site, request, view, is_editing=False)
    return await site.render(request, view.details_template, context)


async def show_create_form(site: SiteContext, request: Request) -> Response:
    """Show the form of a new object, or create the submitted object."""
    view = open_view(site, request, Action.CREATE)
    allow(await view.check_can_create(request))
    return await object_form.edit(site, request, view, None)


async def show_edit_form(site: SiteContext, request: Request) -> Response:
    """Show the form of an object, or change the object as submitted."""
    view = open_view(site, request, Action.EDIT)
    obj = await view.get_object_for_edit(request)
    if obj is None and await object_form.was_open(request) and await _may_add(view, request):
        return await object_form.edit(site, request, view, None, is_gone=True)
    obj = _found(obj)
    rules = rules_of(request)
    await rules.load(request_context().session, view.model, ["change", "delete"], [obj])
    rules.require(view.model, "change", [obj])
    allow(await view.check_can_edit(request, obj))
    obj = await view.load_for_form(request, obj)
    return await object_form.edit(site, request, view, obj)


async def delete_selected(site: SiteContext, request: Request) -> Response:
    """Delete the selected objects, after confirmation."""
    view = open_view(site, request, Action.DELETE)
    allow(view.deletes_selected or "pk" in request.path_params)
    return await acting.run_task(site, request, acting.deletion(request, view))


async def export_list(site: SiteContext, request: Request) -> Response:
    """Return the rows that match the list's filters and search, as a file."""
    view = open_view(site, request, Action.EXPORT)
    allow(await view.check_can_export(request) and await view.check_can_list(request))
    kind = request.path_params["export_type"]
    if kind not in view.export_types:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    name, writer, rights = f"{view.identity.replace('/', '-')}.{kind}", WRITERS[kind], rights_of(request)
    statement = await view.matching(request)
    make: Callable[..., Export] = Export
    if (wanted := request.query_params.get(importable.PARAMETER)) is not None:
        targets = await importable.importable_columns(view, request) if wanted == importable.IMPORTABLE else {}
        if not targets:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        make = partial(importable.ImportableExport, targets=targets)
    found = make(view=view, statement=statement, request=request, rights=rights, writer=writer)
    rows = await found.begin(request_context().session, site.database)
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return ClosingResponse(rows, writer.media_type, headers)


async def autocomplete(site: SiteContext, request: Request) -> Response:
    """Return as JSON the related objects that match a search, or have a `key`; without either, the first ones."""
    view = _open_choices(site, request)
    name = request.query_params.get("name", "")
    is_filter = view.has_permission(request, Action.LIST) and any(
        isinstance(one, RelationFilter) and one.parameter_name == name for one in view.shown_filters(request)
    )
    if is_filter and request.query_params.get("for") == "filter":  # a form may offer fewer
        loader = view.autocompletes.get(name)
        if loader is not None and request.query_params.get(choosing.AS) == choosing.PAGE:
            allow(loader.may_use(request))
            return await choosing.show_choices(site, request, view, loader, _page_of(request))
        return await _choices(view, request, name, loader=loader, allowed=True)
    loader = await view.autocomplete_for(request, name)
    return await _choices(
        view, request, name, loader=loader, allowed=is_filter or await _can_use_form(view, request, name)
    )


async def autocomplete_in_rows(site: SiteContext, request: Request) -> Response:
    """Return the same as `autocomplete` for a field in a row of an inline, such as `choice-0-author`."""
    view = _open_choices(site, request)
    name = request.query_params.get("name", "").rpartition("-")[2]
    inline = view.inline_called(request, await _parent(view, request), request.path_params["part"])
    if inline is None:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    may_write = inline.may_add(request, None) or inline.may_change(request, None)
    loader = await inline.autocomplete_for(request, name)
    return await _choices(
        inline, request, name, loader=loader, allowed=may_write and await _can_use_form(view, request)
    )


def _open_choices(site: SiteContext, request: Request) -> ModelAdmin:
    """Return the view of this URL, if the user may list its rows or submit its form."""
    view = site.view_at(request)
    doors = ((Action.LIST, True), (Action.CREATE, view.can_create), (Action.EDIT, view.can_edit))
    allow(view.is_accessible(request) and any(one and view.has_permission(request, door) for door, one in doors))
    return view


async def _parent(view: ModelAdmin, request: Request) -> object | None:
    """Return the object of the requesting form, if the inlines of the view depend on the object."""
    key = request.query_params.get(object_form.OF_OBJECT, "")
    if not key or type(view).get_inlines is ParentView.get_inlines:
        return None
    found = await view.run_query(view.select_object(key))
    return _found(next(iter(found), None))


async def _choices(
    view: ChangeListView, request: Request, name: str, *, loader: Autocomplete | None, allowed: bool
) -> Response:
    if loader is None or not view.shown(request, [name]):
        raise BadRequestError(gettext("`name` has to be a relation that the view chooses objects of."))
    allow(allowed and loader.may_use(request))
    if keys := request.query_params.getlist("key")[:MOST_KEYS]:
        return JSONResponse({"results": [loader.format(one) for one in await loader.get_many(request, keys)]})
    term = request.query_params.get("term", "").strip()
    found = await loader.find(request, term, _page_of(request))
    answer = {"results": [loader.format(one) for one in found.rows], "pagination": {"more": found.more}}
    return JSONResponse({**answer, "searchable": loader.is_searchable(request)})


def _page_of(request: Request) -> int:
    page = request.query_params.get("page", "1")
    if not (page.isdecimal() and page.isascii() and 1 <= int(page[:6]) <= MOST_PAGES):
        raise BadRequestError(
            gettext("page is no number from 1 to %(most_pages)s; type what to look for.") % {"most_pages": MOST_PAGES}
        )
    return int(page)


def _found(obj: object) -> object:
    if obj is None:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    return obj


async def _can_use_form(view: ModelAdmin, request: Request, name: str | None = None) -> bool:
    """Return whether the user may submit the form of a view, and edit its field `name` if one is given."""
    if name in fields_of(request).read_only(view.model):
        return False
    if await _may_add(view, request):
        return True
    return view.can_edit and view.has_permission(request, Action.EDIT)


async def _may_add(view: ModelAdmin, request: Request) -> bool:
    return view.can_create and view.has_permission(request, Action.CREATE) and await view.check_can_create(request)
