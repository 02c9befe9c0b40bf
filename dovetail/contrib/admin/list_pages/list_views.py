"""The forms above a list: save, change and delete saved views, and choose columns."""

from http import HTTPStatus
from urllib.parse import urlencode

from sqladmin.authorization import Action
from sqladmin.flash import Flash
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from dovetail.contrib.admin.columns.chosen import CHOSEN
from dovetail.contrib.admin.entry.access import allow, open_view
from dovetail.contrib.admin.entry.kept_forms import PARAMETER as KEPT
from dovetail.contrib.admin.entry.kept_forms import Keeping, forget_form, keep_form
from dovetail.contrib.admin.models import SavedView
from dovetail.contrib.admin.permissions import user_of
from dovetail.contrib.admin.request_context import request_context
from dovetail.contrib.admin.saved_views import stored
from dovetail.contrib.admin.saved_views.head import load_views
from dovetail.contrib.admin.site_context import SiteContext
from dovetail.contrib.admin.views import ModelAdmin
from dovetail.contrib.admin.web.error_messages import message_for
from dovetail.contrib.admin.web.form_fields import field_of, number_of
from dovetail.contrib.admin.web.rendering import path_for
from dovetail.errors import BadRequestError
from dovetail.translation.texts import gettext

LONGEST_NAME = 60


async def save_view(site: SiteContext, request: Request) -> Response:
    """Save the current list as a view, or change or delete a saved view."""
    view = open_view(site, request, Action.LIST)
    allow(await view.check_can_list(request))
    await load_views(request, view)
    what = await field_of(request, "do")
    try:
        async with request_context().session.begin_nested():
            saved = await (_delete if what == "delete" else _save)(request, view)
    except Exception as error:
        told = message_for(error)
        if told.status == HTTPStatus.NOT_FOUND:
            Flash.error(request, gettext("This view is not there any more, so nothing was saved."))
            kept = [one for one in request.query_params.multi_items() if one[0] != stored.PARAMETER]
            return _to(request, view, urlencode([*kept, (stored.PARAMETER, stored.PLAIN)]))
        if told.is_ours:
            raise
        taken = told.status == HTTPStatus.CONFLICT
        Flash.error(request, gettext("You have a view of this name already.") if taken else told.message)
        return await _again(site, request, view)
    await forget_form(request_context().session, request, user_of(request))
    return _to(request, view, f"{stored.PARAMETER}={stored.PLAIN}" if saved is None else stored.address_of(saved)[1:])


async def choose_columns(site: SiteContext, request: Request) -> Response:
    """Save the columns that the user chose, with their widths: in the current saved view, or for the list."""
    view = open_view(site, request, Action.LIST)
    allow(await view.check_can_list(request))
    session, user = request_context().session, user_of(request)
    head = (await load_views(request, view)).head(request, view)
    shown, is_reset = head.own, await field_of(request, "do") == "reset"
    columns = [] if is_reset else await _columns(request, view)
    if not columns and not is_reset:
        Flash.error(request, gettext("A list needs a column. Choose one at least."))
        return await _again(site, request, view)
    if shown is None:
        kept = await stored.layout_of(session, user, view.list_name)
    else:
        kept = await stored.own_view(session, user, view.list_name, shown.key)
    kept.columns = columns
    await forget_form(session, request, user)
    query = [
        (key, value)
        for key, value in request.query_params.multi_items()
        if shown is not None or key != stored.PARAMETER or value == stored.PLAIN
    ]
    return _to(request, view, urlencode(query))


async def _save(request: Request, view: ModelAdmin) -> SavedView | None:
    session, user = request_context().session, user_of(request)
    key, name = await number_of(request, "key"), " ".join((await field_of(request, "name")).split())
    if not name or len(name) > LONGEST_NAME:
        raise BadRequestError(
            gettext("A view needs a name of %(longest_name)s characters at most.") % {"longest_name": LONGEST_NAME}
        )
    if key is None:
        await stored.make_room(session, user, view.list_name)
        found = SavedView(user_id=user.id, list_name=view.list_name, query="", columns=[], is_default=False)
        session.add(found)
    else:
        found = await stored.own_view(session, user, view.list_name, key)
    found.name, found.is_shared = name, bool(await field_of(request, "is_shared"))
    if key is None or await field_of(request, "do") == "replace":
        found.query, found.columns = stored.query_to_keep(request), _columns_now(request)
    if await field_of(request, "is_default"):
        await stored.make_default(session, found)
    else:
        found.is_default = False
    await session.flush()
    Flash.success(request, gettext("The view %(name)s was saved.") % {"name": name})
    return found


async def _delete(request: Request, view: ModelAdmin) -> None:
    session = request_context().session
    key = await number_of(request, "key")
    found = await stored.own_view(session, user_of(request), view.list_name, key)
    await stored.forget(session, found)
    Flash.success(request, gettext("The view %(name)s was deleted.") % {"name": found.name})


def _columns_now(request: Request) -> list[list[object]]:
    """Return the current columns, if the user chose them."""
    chosen = CHOSEN.find(request)
    return [] if chosen is None else stored.columns_to_keep(chosen.names, chosen.widths)


async def _columns(request: Request, view: ModelAdmin) -> list[list[object]]:
    """Return the columns in the form, in their order."""
    offered, form = view.offered(request), await request.form()
    wanted = [name for name in offered if form.get(f"show-{name}")]
    places = {name: await number_of(request, f"place-{name}") for name in wanted}
    widths = {name: await number_of(request, f"width-{name}") for name in wanted}
    wanted.sort(key=lambda name: places[name] or 0)
    return stored.columns_to_keep(wanted, widths)


async def _again(site: SiteContext, request: Request, view: ModelAdmin) -> Response:
    """Redirect to the list, which shows the form as it was typed."""
    token = await keep_form(request_context().session, site.secret_key, request, user_of(request).id, Keeping())
    kept = [] if token is None else [(KEPT, token)]
    return _to(request, view, urlencode([*request.query_params.multi_items(), *kept]))


def _to(request: Request, view: ModelAdmin, query: str) -> Response:
    path = path_for(request, "admin:list", identity=view.identity)
    return RedirectResponse(f"{path}?{query}" if query else path, HTTPStatus.SEE_OTHER)
