"""Slow work of a page, such as hashing, which is done before its transaction, so that no row is locked meanwhile."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

from sqladmin.authorization import Action
from starlette.requests import Request

from dovetail.contrib.admin.entry.access import open_view
from dovetail.contrib.admin.forms.uploads import store_uploads
from dovetail.contrib.admin.site_context import SiteContext
from dovetail.contrib.admin.views import ModelAdmin
from dovetail.files.media import columns_of


@dataclass(frozen=True, kw_only=True)
class Preparation:
    """Work to do before the transaction, unless `check` raises an error."""

    work: Callable[[Request], Awaitable[None]]
    check: Callable[[Request], object] | None = None


FindPreparation = Callable[[Request], Preparation | None]


def of_form(site: SiteContext, request: Request) -> Preparation | None:
    """Return the preparation of a view's form, which stores files and calls `prepare`; None if there is none."""
    view = site.views.get(request.path_params["identity"])
    if view is None or (type(view).prepare is ModelAdmin.prepare and not columns_of(view.model)):
        return None
    action = Action.EDIT if "pk" in request.path_params else Action.CREATE
    return Preparation(work=partial(_prepare, site, view), check=partial(open_view, site, action=action))


async def _prepare(site: SiteContext, view: ModelAdmin, request: Request) -> None:
    await store_uploads(site.app, columns_of(view.model), request)
    await view.prepare(request)
