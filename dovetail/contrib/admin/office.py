"""`Office`: all that the pages of one back office work with, in one immutable value."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from zoneinfo import ZoneInfo

from pydantic import SecretStr
from sqladmin.authorization import AuthorizationBackend
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse

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
class Office:
    """The settings, connections, cookies, templates and views of one back office."""

    app: Starlette  # on which the back office is mounted
    site: AdminSite  # as the project declares it
    settings: AdminSettings
    secret_key: SecretStr
    database: PoolShare
    cookies: Cookies
    messages: Messages
    templates: Templates
    template: TemplateOf  # finds the name of a template of the site: ("app_index_template", "blog")
    authorization: AuthorizationBackend
    policies: Policies
    homes: Mapping[type[object], str]  # the plugin of each model, by which permissions are named
    languages: Languages
    zone: ZoneInfo  # for users who have chosen none
    long_work: asyncio.Semaphore  # for work that keeps a connection for long, so that one is left for other pages
    views: Mapping[str, ModelAdmin]  # views of models by identity, in the order of the plugins
    last_change: Callable[..., Awaitable[object]] | None = None  # finds who changed an object last; see `extras.py`
    message_notes: Sequence[Callable[[Request], Awaitable[None]]] = ()  # called before a change is committed

    def view_at(self, request: Request) -> ModelAdmin:
        """Return the view that the address of `request` names. Raises HTTPException (404) if there is none."""
        view = self.views.get(request.path_params["identity"])
        if view is None:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        return view

    async def app_list(self, request: Request) -> Sequence[ListedApp]:
        """Return the plugins and their views that the user may open, as the site lists them."""
        return await finished(self.site.get_app_list(request, await list_apps(self.views.values(), request)))

    async def render(
        self, request: Request, template: str, context: dict[str, object], status: int = HTTPStatus.OK
    ) -> HTMLResponse:
        """Return the page of a template, filled in with `context`."""
        return await self.templates.TemplateResponse(request, template, context, status)
