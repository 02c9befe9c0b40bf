"""Run one back office of an application: SQLAdmin with the views of plugins, its cookies, templates and routes."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import ClassVar, cast

from fastapi import FastAPI
from jinja2 import BytecodeCache
from sqladmin.authentication import AuthenticationBackend
from sqlalchemy.ext.asyncio import async_sessionmaker
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.routing import Mount

from dovetail.api.pages.own_pages import OWN_PAGES
from dovetail.contrib.admin.account.sections import EXTENSION_POINT, check_sections
from dovetail.contrib.admin.checks.site_checks import find_shadowed, find_unfit_templates
from dovetail.contrib.admin.columns.identifiers import identifier_of
from dovetail.contrib.admin.dashboard.dashboard import Dashboard
from dovetail.contrib.admin.entry.guard import error_page
from dovetail.contrib.admin.forms.admin_form import is_protected
from dovetail.contrib.admin.languages.middleware import LanguageMiddleware
from dovetail.contrib.admin.languages.templates import translate_templates
from dovetail.contrib.admin.mounting.own_addresses import OwnAddresses
from dovetail.contrib.admin.mounting.refusals import RefusalRoute
from dovetail.contrib.admin.mounting.routes import Routes
from dovetail.contrib.admin.mounting.shared import Shared
from dovetail.contrib.admin.mounting.templates import PARENTS, Folders, find_unfit_site
from dovetail.contrib.admin.mounting.widgets import widgets_of
from dovetail.contrib.admin.pages.extras import (
    LAST_CHANGE,
    MESSAGE_NOTES,
    OBJECT_PAGES,
    check_last_change,
    check_notes,
    check_pages,
    offered_pages,
)
from dovetail.contrib.admin.permissions import USER, Authorization
from dovetail.contrib.admin.site_context import SiteContext
from dovetail.contrib.admin.sites.admin_site import AdminSite
from dovetail.contrib.admin.sqladmin_private import LeanAdmin, has_default, menu_of
from dovetail.contrib.admin.templating.filling import Templates
from dovetail.contrib.admin.templating.loading import layered
from dovetail.contrib.admin.views import ModelAdmin
from dovetail.contrib.admin.web.csrf import make_session_token
from dovetail.contrib.admin.web.form_fields import KEPT_TOKEN
from dovetail.contrib.admin.web.headers import SecurityHeaders
from dovetail.contrib.admin.web.impersonation import ACTING
from dovetail.contrib.admin.web.media import find_unfit_media, media_folders, media_of
from dovetail.contrib.admin.web.messages import Messages
from dovetail.contrib.admin.web.preferences import has_chosen_zone, has_shortcuts, theme_of
from dovetail.contrib.admin.web.rendering import path_for, query_of
from dovetail.contrib.admin.web.returning import address_of_site, home_url, may_list
from dovetail.contrib.auth.mail.reset_page import offer_reset_page
from dovetail.contrib.auth.sessions.current import session_of
from dovetail.errors import ConfigurationError
from dovetail.markdown.rendering import render_markdown
from dovetail.plugin import Context, deferred

STATIC_PATHS = ("/statics/", "/assets/", "/media/", "/texts/")
TEMPLATES = Path(__file__).parents[1] / "templates"


class Authentication(AuthenticationBackend):
    """SQLAdmin's authentication backend: returns the user that the guard has identified; `login.py` logs in and out."""

    def __init__(self) -> None:
        self.middlewares = []

    async def authenticate(self, request: Request) -> bool:
        """Return whether somebody is logged in."""
        return USER.find(request) is not None

    async def get_user_id(self, request: Request) -> int | None:
        """Return the id of the logged-in user, for SQLAdmin's audit backends."""
        user = USER.find(request)
        return None if user is None else user.id


class MountedSite(LeanAdmin):
    """One back office: its views, its cookies and its routes, all of which are protected by the guard."""

    bytecode_cache: ClassVar[BytecodeCache | None] = None  # shared by the sites of a process, such as those of tests

    def __init__(self, app: FastAPI, context: Context, declared: AdminSite, shared: Shared) -> None:
        settings = context.settings
        self.declared, self.site_header = declared, declared.site_header or settings.site_name
        self._shared, self._context, self._authorization = shared, context, Authorization()
        super().__init__(
            app,
            session_maker=async_sessionmaker(),  # without a bind: every statement runs in the request's session
            base_url=declared.path,
            title=declared.site_title or settings.site_name,
            templates_dir=str(TEMPLATES),
            middlewares=[
                Middleware(SecurityHeaders, static_paths=STATIC_PATHS, image_hosts=shared.settings.image_hosts),
                Middleware(LanguageMiddleware, shared.languages, shared.zone, shared.cookies, STATIC_PATHS),
            ],
            authentication_backend=Authentication(),
            authorization_backend=self._authorization,
        )
        app.router.routes[-1] = Mount(declared.path, app=self.admin, name=declared.name)
        self.admin.add_middleware(OwnAddresses, mount=Mount(declared.path, app=self.admin, name="admin"))
        OWN_PAGES.set(app, (*(OWN_PAGES.find(app) or ()), declared.path))
        offer_reset_page(app, declared.path)
        self._media = media_folders(settings.plugins, settings.base_dir / "project" / "static" / "admin")
        of_project, of_plugins = settings.base_dir / "project" / "templates", self._plugin_templates()
        self._folders = Folders.read(of_project, of_plugins)
        self._prepare_templates(of_project, of_plugins)
        self._object_pages = check_pages(context.extensions(OBJECT_PAGES), self.templates.env)
        self.templates.env.globals["offered_pages"] = partial(offered_pages, self._object_pages)
        self.admin.router.routes = []  # SQLAdmin's own routes read files, check no CSRF token and log out on GET

    def init_templating_engine(self) -> Templates:
        """Return SQLAdmin's templates, rendered in chunks."""
        return Templates(super().init_templating_engine().env, self.declared.each_context)

    @property
    def menu(self) -> object:
        """Return the menu for the layout."""
        return menu_of(self)

    def open(self, identities: Collection[str]) -> None:
        """Add all routes, protected by the guard: those of the site, and those of views.

        `identities` are those of the views of all sites, since these share the project's folder of templates.
        """
        self._authorization.views = {view.identity: view for view in self.views}
        site = self._make_site_context()
        routes = self._routes(site)
        own, of_views = list(routes.own()), list(routes.of_views())
        of_plugins = self.admin.router.routes
        brought = [routes.behind_guard(route, of_plugins) for route in of_plugins]
        environment = self.templates.env
        problems = [
            *find_shadowed(of_views, brought, site.views, own),
            *find_unfit_templates(self.views, environment),
            *find_unfit_site(self.declared, environment),
            *self._folders.problems(identities, environment, self._brought_identities()),
        ]
        for view in site.views.values():
            problems += find_unfit_media(type(view), view.Media, self._media)
        if problems:
            raise ConfigurationError("\n".join(problems))
        self.admin.router.routes = [RefusalRoute(site), *own, *brought, *of_views, *routes.last()]
        self.admin.exception_handlers = {HTTPException: partial(error_page, site)}

    def _routes(self, site: SiteContext) -> Routes:
        context, environment = self._context, self.templates.env
        template = self._folders.of_site(self.declared, "password_change_template")
        sections = [
            replace(one, template=template) if one.name == "password" and template else one
            for one in check_sections(context.extensions(EXTENSION_POINT), environment)
        ]
        return Routes(
            site=site,
            static=context.settings.base_dir / "project" / "static",
            media=self._media,
            object_pages=self._object_pages,
            dashboard=Dashboard(widgets_of(context, site, environment)),
            sections=sections,
        )

    def _make_site_context(self) -> SiteContext:
        views = [view for view in self.views if isinstance(view, ModelAdmin)]
        for view in views:  # the site created its class
            type(view).site_secret_key = self._context.settings.secret_key
            type(view).site_name = self.declared.name
            type(view).site_image_hosts = self._shared.settings.image_hosts
            for option, name in self._folders.of_view(type(view)).items():
                setattr(type(view), option, name)
        secret_key = self._context.settings.secret_key
        return SiteContext(
            app=self.app,
            declared=self.declared,
            settings=self._shared.settings,
            secret_key=secret_key,
            database=self._shared.database,
            cookies=self._shared.cookies,
            messages=Messages(self._shared.cookies, secret_key),
            templates=cast("Templates", self.templates),
            template=partial(self._folders.of_site, self.declared),
            authorization=self.authorization_backend,
            policies=self._context.policies,
            homes=self._homes(views),
            long_work=self._shared.long_work,
            languages=self._shared.languages,
            zone=self._shared.zone,
            views={view.identity: view for view in views},
            menu=self.views,
            last_change=check_last_change(self._context.extensions(LAST_CHANGE)),
            message_notes=check_notes(self._context.extensions(MESSAGE_NOTES)),
        )

    def _homes(self, views: Sequence[ModelAdmin]) -> dict[type[object], str]:
        found: dict[type[object], str] = {view.model: view.plugin_name for view in views}
        return found | {model: plugin.name for plugin in self._context.plugins for model in plugin.models}

    def _brought_identities(self) -> set[str]:
        """Return the identities of the views of plugins, including those that no site shows."""
        plugins = self._context.plugins
        declared = {getattr(view, "identity", "") for plugin in plugins for view in plugin.admin_views}
        models = {f"{plugin.name}/{model.__name__.lower()}" for plugin in plugins for model in plugin.models}
        return {one for one in declared if "/" in one} | models

    def _plugin_templates(self) -> Sequence[Path]:
        return [own.parent / "templates" for _, own in self._media.values()]

    def _prepare_templates(self, of_project: Path, of_plugins: Sequence[Path]) -> None:
        environment, cookies = self.templates.env, self._shared.cookies
        parents = {f"admin/{name}": f"sqladmin/{of}.html" for name, of in PARENTS.items()}
        environment.loader = layered(of_project, environment.loader, of_plugins, parents)  # type: ignore[arg-type]  # SQLAdmin sets one
        environment.globals |= {"kept_token": KEPT_TOKEN.find}
        environment.globals |= {"csrf_token": self._csrf_token, "path_for": path_for, "query": query_of}
        environment.globals |= {"is_protected_field": is_protected, "get_object_identifier": identifier_of}
        environment.globals |= {"media_of": media_of, "acting_of": ACTING.find}
        environment.globals["filter_has_default"] = has_default
        buttons = deferred("dovetail.contrib.admin.entry.by_provider:provider_buttons")
        environment.globals["provider_buttons"] = partial(buttons, self.app)
        translate_templates(environment)
        environment.globals["languages"] = self._shared.languages.known.values
        environment.globals["has_chosen_zone"] = partial(has_chosen_zone, cookies)
        environment.globals |= {"may_list": may_list, "home_url": home_url}
        environment.globals["theme"] = partial(theme_of, cookies)
        environment.globals["has_shortcuts"] = partial(has_shortcuts, cookies)
        environment.globals["render_markdown"] = partial(render_markdown, image_hosts=self._shared.settings.image_hosts)
        environment.globals["address_of_site"] = partial(address_of_site, self.declared.site_url)
        environment.bytecode_cache = self.bytecode_cache
        environment.auto_reload = self._context.settings.debug  # it checks the files of every page
        environment.trim_blocks = environment.lstrip_blocks = True

    def _csrf_token(self, request: Request) -> str:
        user = USER.find(request)
        current = None if user is None else session_of(user)
        if user is None or current is None:
            return ""
        made: dict[tuple[int, int], str] = request.scope.setdefault("dovetail_admin_csrf", {})  # of a page's forms
        key = (user.id, current.id)
        if key not in made:
            made[key] = make_session_token(self._context.settings.secret_key, *key)
        return made[key]
