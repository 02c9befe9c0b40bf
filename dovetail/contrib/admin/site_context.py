"""`SiteContext`: everything that the pages of one back office need, as an immutable object."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from zoneinfo import ZoneInfo

from pydantic import SecretStr
from sqladmin import BaseView
from sqladmin.authorization import AuthorizationBackend
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse

from dovetail.contrib.admin.lists.deferred_columns import DeferredColumns
from dovetail.contrib.admin.settings import AdminSettings
from dovetail.contrib.admin.sites.admin_site import AdminSite
from dovetail.contrib.admin.sites.app_list import ListedApp, list_apps
from dovetail.contrib.admin.templating.filling import Templates
from dovetail.contrib.admin.views import ModelAdmin
from dovetail.contrib.admin.web.cookies import Cookies
from dovetail.contrib.admin.web.messages import Messages
from dovetail.contrib.admin.web.rendering import finished
from dovetail.database.pool_share import PoolShare
from dovetail.resources.policies.registered import Policies
from dovetail.translation.catalogs import Languages

TemplateOf = Callable[..., str | None]


@dataclass(frozen=True, kw_only=True)
class SiteContext:
    """The settings, connections, cookies, templates and views of one back office."""

    app: Starlette  # the application on which it is mounted
    declared: AdminSite  # the site as the project declares it
    settings: AdminSettings
    secret_key: SecretStr
    database: PoolShare
    cookies: Cookies
    messages: Messages
    templates: Templates
    template: TemplateOf  # returns the name of a template of the site: ("app_index_template", "blog")
    authorization: AuthorizationBackend
    policies: Policies
    homes: Mapping[type[object], str]  # the plugin of each model, for the names of permissions
    languages: Languages
    zone: ZoneInfo  # for users who have not chosen one
    long_work: asyncio.Semaphore  # limits work that holds a connection for long, so that one is left for other pages
    views: Mapping[str, ModelAdmin]  # ModelAdmins by identity, in the order of the plugins
    menu: Sequence[BaseView]  # all views, those without a model too, in the order of the menu
    last_change: Callable[..., Awaitable[object]] | None = None  # returns the last change of an object; see `extras.py`
    message_notes: Sequence[Callable[[Request], Awaitable[None]]] = ()  # called before a change is committed
    named_columns: DeferredColumns = field(default_factory=DeferredColumns)  # of objects that a page only names

    def view_at(self, request: Request) -> ModelAdmin:
        """Return the view in the URL of `request`. Raise HTTPException (404) if there is none."""
        view = self.views.get(request.path_params["identity"])
        if view is None:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        return view

    async def app_list(self, request: Request) -> Sequence[ListedApp]:
        """Return the plugins and views that the user may open, as `get_app_list` of the site returns them."""
        return await finished(self.declared.get_app_list(request, await list_apps(self.views.values(), request)))

    async def render(
        self, request: Request, template: str, context: dict[str, object], status: int = HTTPStatus.OK
    ) -> HTMLResponse:
        """Return the response with a template, rendered with `context`."""
        return await self.templates.TemplateResponse(request, template, context, status)
