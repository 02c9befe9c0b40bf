"""Build the back office: SQLAdmin with the views of all plugins, and every route behind the guard."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import ClassVar, cast

from fastapi import FastAPI
from jinja2 import BytecodeCache, ChoiceLoader, FileSystemLoader
from pydantic import SecretStr
from sqladmin import BaseView
from sqladmin.authentication import AuthenticationBackend
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from dovetail.api.principal import VISITOR_AUTHENTICATOR
from dovetail.contrib.admin.account.page import AccountPage
from dovetail.contrib.admin.account.sections import EXTENSION_POINT, check_sections
from dovetail.contrib.admin.checks.inline_checks import find_unlinked
from dovetail.contrib.admin.checks.policy_checks import find_unfit_policies
from dovetail.contrib.admin.checks.relation_checks import find_unsearchable
from dovetail.contrib.admin.checks.site_checks import Claims, find_shadowed, find_unfit_templates, identify
from dovetail.contrib.admin.checks.view_checks import find_problems, find_unknown_permissions
from dovetail.contrib.admin.columns.identifiers import identifier_of
from dovetail.contrib.admin.entry import by_provider, enrolment, login, prove, second_step
from dovetail.contrib.admin.entry.guard import error_page, guarded
from dovetail.contrib.admin.entry.preparation import of_form
from dovetail.contrib.admin.entry.sessions import get_user
from dovetail.contrib.admin.forms.admin_form import is_protected
from dovetail.contrib.admin.looks import choices, palette
from dovetail.contrib.admin.office import Office
from dovetail.contrib.admin.pages import pages, why
from dovetail.contrib.admin.pages.acting import run_action
from dovetail.contrib.admin.pages.extras import (
    INDEX_BOXES,
    OBJECT_PAGES,
    check_boxes,
    check_pages,
    show_object_page,
)
from dovetail.contrib.admin.pages.former_addresses import former_route
from dovetail.contrib.admin.permissions import USER, Authorization
from dovetail.contrib.admin.settings import AdminSettings
from dovetail.contrib.admin.sqladmin_private import LeanAdmin, has_default, is_action, menu_of
from dovetail.contrib.admin.views import ModelAdmin
from dovetail.contrib.admin.web.cookies import Cookies
from dovetail.contrib.admin.web.csrf import is_session_token, make_session_token
from dovetail.contrib.admin.web.headers import SecurityHeaders
from dovetail.contrib.admin.web.media import find_unfit_media, media_folders, media_of
from dovetail.contrib.admin.web.messages import Messages
from dovetail.contrib.admin.web.preferences import has_shortcuts, theme_of
from dovetail.contrib.admin.web.rendering import Templates, path_for, query_of
from dovetail.contrib.auth.credentials.browser_sessions import BROWSER_SESSIONS, BrowserSessions
from dovetail.contrib.auth.factors.requirement import lacks_factor
from dovetail.contrib.auth.models import User
from dovetail.contrib.auth.permissions.declared import declared_permissions
from dovetail.contrib.auth.sessions.current import session_of
from dovetail.contrib.auth.sessions.use import remember_use
from dovetail.contrib.auth.settings import AuthSettings
from dovetail.database.pool_share import PoolShare
from dovetail.discovery import PLUGIN_FAILURES, describe
from dovetail.errors import ConfigurationError
from dovetail.plugin import Context

PageFunction = Callable[[Office, Request], Awaitable[Response]]

FOLDER = Path(__file__).parent
POST, BOTH = ("POST",), ("GET", "POST")


def mount(app: FastAPI, context: Context) -> None:
    """Mount the back office, at `/admin` unless the site says otherwise, with the views of every enabled plugin.

    Raises ConfigurationError, with every problem found, if a view shows more than its author wrote down, if two have
    one identity or path, or if a plugin's views cannot be imported.
    """
    views = load_views(context)
    path = context.paths["admin.office"]
    if path is None:
        return
    site = AdminSite(app, context, path)
    for view in views:
        site.add_view(view)
    site.open()


def load_views(context: Context) -> list[type[BaseView]]:
    """Return the admin views of every enabled plugin. Raises ConfigurationError as `mount` does."""
    found: list[type[BaseView]] = []
    claims = Claims()
    problems: list[str] = []
    names = [plugin.name for plugin in context.plugins]
    permissions = {one.name for one in declared_permissions(context.plugins)}
    for plugin in context.plugins:
        try:
            views = [identify(plugin.name, view, names) for view in plugin.admin_views]
        except PLUGIN_FAILURES as error:
            what = describe(error, "")
            if not any(told.endswith(what) for told in problems):  # of the plugin that this one imports
                problems.append(f"plugin {plugin.name!r}: its admin_views raised on import: {what}")
            continue
        for view in views:
            problems += claims.claim(plugin.name, view)
            found_wrong = [*find_problems(view), *find_unknown_permissions(view, permissions)]
            found_wrong = found_wrong or [*find_unfit_policies(view, context.policies)]
            problems += [f"plugin {plugin.name!r}: {problem}" for problem in found_wrong]
        found += views
    problems += find_unlinked(view for view in found if issubclass(view, ModelAdmin))
    problems += find_unsearchable(found)
    if problems:
        raise ConfigurationError("\n".join(problems))
    return found


class Authentication(AuthenticationBackend):
    """Tells SQLAdmin what the guard found out; `login.py` logs in and out."""

    def __init__(self) -> None:
        self.middlewares = []

    async def authenticate(self, request: Request) -> bool:
        """Return whether somebody is logged in."""
        return USER.find(request) is not None

    async def get_user_id(self, request: Request) -> int | None:
        """Return the id of who is logged in, for SQLAdmin's audit backends."""
        user = USER.find(request)
        return None if user is None else user.id


class SiteFiles(StaticFiles):
    """Files of a plugin, of which those in the site's own folder win (`project/static/admin/admin.css`)."""

    def __init__(
        self, site_folder: Path, *, directory: Path | None = None, packages: list[str | tuple[str, str]] | None = None
    ) -> None:
        self._site_folder = site_folder
        super().__init__(directory=directory, packages=packages)

    def get_directories(
        self, directory: "str | os.PathLike[str] | None" = None, packages: list[str | tuple[str, str]] | None = None
    ) -> "list[str | os.PathLike[str]]":
        """Return the folders in which a file is looked for, the site's first; it need not exist."""
        return [self._site_folder, *super().get_directories(directory, packages)]


class AdminSite(LeanAdmin):
    """One back office: its views, its cookies and its routes, all of which stand behind the guard."""

    bytecode_cache: ClassVar[BytecodeCache | None] = None  # where a process with many sites, as of tests, compiles once

    def __init__(self, app: FastAPI, context: Context, path: str) -> None:
        settings = context.settings
        admin_settings = context.plugin_settings["admin"]
        if not isinstance(admin_settings, AdminSettings):
            raise ConfigurationError("The plugin 'admin' has no AdminSettings.")
        secure = admin_settings.secure_cookies
        self._cookies = Cookies(settings.secret_key, secure=True if secure is None and not settings.debug else secure)
        self._settings, self._admin_settings, self._context = settings, admin_settings, context
        self._authorization = Authorization()
        super().__init__(
            app,
            session_maker=async_sessionmaker(),  # bound to nothing: every statement goes through the request's session
            base_url=path,
            title=settings.site_name,
            templates_dir=str(FOLDER / "templates"),
            middlewares=[Middleware(SecurityHeaders, static_paths=("/statics/", "/assets/", "/media/"))],
            authentication_backend=Authentication(),
            authorization_backend=self._authorization,
        )
        VISITOR_AUTHENTICATOR.set(app, self._authenticate_visitor)
        BROWSER_SESSIONS.set(app, self._browser_sessions(settings.secret_key))
        self._media = media_folders(settings.plugins, settings.base_dir / "project" / "static" / "admin")
        self._prepare_templates(settings.base_dir / "project" / "templates")
        self._object_pages = check_pages(context.extensions(OBJECT_PAGES), self.templates.env)
        self.templates.env.globals["object_pages"] = self._object_pages
        self.admin.router.routes = []  # those of SQLAdmin read files, have no token and log out on GET

    def init_templating_engine(self) -> Templates:
        """Return SQLAdmin's templates, filled in piece by piece."""
        return Templates(super().init_templating_engine().env)

    @property
    def menu(self) -> object:
        """Return the menu, which the layout shows."""
        return menu_of(self)

    def open(self) -> None:
        """Put every route behind the guard: our own, and those that the views brought."""
        self._authorization.views = {view.identity: view for view in self.views}
        office = self._make_office()
        own, of_views = list(self._own_routes(office)), list(self._routes_of_views(office))
        brought = [self._behind_guard(office, route) for route in self.admin.router.routes]
        shadowed = find_shadowed(of_views, brought, office.views, own)
        problems = [*shadowed, *find_unfit_templates(self.views, self.templates.env)]
        for view in office.views.values():
            problems += find_unfit_media(type(view), view.Media, self._media)
        if problems:
            raise ConfigurationError("\n".join(problems))
        self.admin.router.routes = [*own, *brought, *of_views, former_route(office)]
        self.admin.exception_handlers = {HTTPException: partial(error_page, office)}

    def _own_routes(self, office: Office) -> Iterator[BaseRoute]:
        site_files = self._settings.base_dir / "project" / "static"
        statics = SiteFiles(site_files / "sqladmin", packages=["sqladmin"])
        yield Mount("/statics", statics, name="statics")
        for plugin, (site_folder, own) in self._media.items():
            if own.is_dir() or site_folder.is_dir():
                files = SiteFiles(site_folder, directory=own if own.is_dir() else site_folder)
                yield Mount(f"/media/{plugin}", files, name=f"media-{plugin}")
        yield Mount("/assets", SiteFiles(site_files / "admin", directory=FOLDER / "assets"), name="assets")
        yield from self._entrance(office)
        asks = guarded(office, partial(prove.show_proof, office), enrolling=True, preparation=prove.preparation)
        yield Route("/prove", asks, name="prove", methods=["GET", "POST"])
        yield self._route(office, "/prove/options", prove.give_options, "prove-options", POST, enrolling=True)
        boxes = check_boxes(self._context.extensions(INDEX_BOXES), self.templates.env)
        yield self._route(office, "/", partial(pages.show_index, boxes), "index")
        yield self._route(office, "/why", why.show_why, "why")
        yield self._route(office, "/palette", palette.show_palette, "palette")
        yield self._route(office, "/theme", choices.choose_theme, "theme", POST, enrolling=True)
        yield self._route(office, "/shortcuts", choices.choose_shortcuts, "shortcuts", POST, enrolling=True)
        sections = check_sections(self._context.extensions(EXTENSION_POINT), self.templates.env)
        yield from AccountPage(office=office, sections=sections).routes()

    def _routes_of_views(self, office: Office) -> Iterator[Route]:
        """Yield the pages that every view of a model has, at the addresses that Django gives them."""
        view, obj = "/{identity:admin_view}/", "/{identity:admin_view}/{pk:admin_key}/"
        yield self._route(office, view, pages.show_list, "list", BOTH)
        yield self._route(office, f"{view}add/", pages.show_create_form, "create", BOTH)
        yield self._route(office, f"{view}delete/", pages.delete_selected, "delete", BOTH)
        yield self._route(office, f"{view}export/{{export_type}}/", pages.export_list, "export")
        yield self._route(office, f"{view}lookup/", pages.autocomplete, "ajax_lookup")
        yield self._route(office, f"{view}lookup/{{part}}/", pages.autocomplete_in_rows, "lookup-in-rows")
        yield self._route(office, f"{obj}change/", pages.show_edit_form, "edit", BOTH)
        yield self._route(office, f"{obj}delete/", pages.delete_selected, "delete", BOTH)
        for page in self._object_pages:
            show, methods = partial(show_object_page, page), ("GET",) if page.act is None else BOTH
            yield self._route(office, f"{obj}{page.name}/", show, f"object-{page.name}", methods)
        yield self._route(office, obj, pages.show_details, "details")

    def _entrance(self, office: Office) -> Iterator[Route]:
        route = partial(self._route, office, public=True)
        yield route("/login", login.show_login, "login", BOTH)
        yield route("/login/theme", choices.choose_theme_as_visitor, "visitor-theme", POST)
        yield route("/login/second-factor", second_step.show_second_step, "second-factor", BOTH)
        yield route("/login/passkey-options", second_step.give_passkey_options, "passkey-options", POST)
        yield route("/login/passkey", second_step.log_in_with_passkey, "passkey-login", POST)
        leave, come_back = (
            by_provider.unguarded(office, page)
            for page in (by_provider.leave_for_provider, by_provider.return_from_provider)
        )
        yield Route("/login/with/{name}", leave, name="provider-login", methods=["GET"])
        yield Route("/login/return", come_back, name="provider-return", methods=["GET"])
        yield route("/enrol", enrolment.show_enrolment, "enrol", BOTH)
        yield route("/enrol/options", enrolment.give_options, "enrol-options", POST)
        yield self._route(office, "/logout", login.log_out, "logout", POST, enrolling=True)

    def _route(
        self,
        office: Office,
        path: str,
        page: PageFunction,
        name: str,
        methods: Sequence[str] = ("GET",),
        *,
        public: bool = False,
        enrolling: bool = False,
    ) -> Route:
        is_form = name in {"create", "edit"}
        preparation = partial(of_form, office) if is_form else None
        run = partial(page, office)
        endpoint = guarded(office, run, public=public, enrolling=enrolling, is_form=is_form, preparation=preparation)
        return Route(path, endpoint, name=name, methods=list(methods))

    def _behind_guard(self, office: Office, route: BaseRoute) -> Route:
        if not isinstance(route, Route):
            raise ConfigurationError(f"An admin view brought {route!r}, expected a plain route.")
        if is_action(route.endpoint):  # SQLAdmin's actions change data on GET
            run = partial(run_action, office, route.endpoint)
            return Route(f"{route.path}/", guarded(office, run), name=route.name, methods=["POST"])
        return Route(
            route.path, guarded(office, route.endpoint), name=route.name, methods=sorted(route.methods or {"GET"})
        )

    def _make_office(self) -> Office:
        views = [view for view in self.views if isinstance(view, ModelAdmin)]
        for view in views:
            type(view).site_secret_key = self._settings.secret_key  # of the class that this site made for itself
        settings, share = self._settings, self._admin_settings.pool_share
        connections = max(int((settings.database_pool_size + settings.database_max_overflow) * share), 1)
        return Office(
            app=self.app,
            settings=self._admin_settings,
            secret_key=settings.secret_key,
            database=PoolShare(
                self._context.database,
                connections=connections,
                statement_timeout=self._admin_settings.statement_timeout,
                patience=settings.database_pool_timeout,
            ),
            cookies=self._cookies,
            messages=Messages(self._cookies, settings.secret_key),
            templates=cast("Templates", self.templates),
            authorization=self.authorization_backend,
            policies=self._context.policies,
            homes=self._homes(views),
            long_work=asyncio.Semaphore(max(connections - 1, 1)),
            views={view.identity: view for view in views},
        )

    def _homes(self, views: Sequence[ModelAdmin]) -> dict[type[object], str]:
        found: dict[type[object], str] = {view.model: view.plugin_name for view in views}
        return found | {model: plugin.name for plugin in self._context.plugins for model in plugin.models}

    def _prepare_templates(self, site_templates: Path) -> None:
        environment = self.templates.env
        environment.loader = ChoiceLoader([FileSystemLoader(site_templates), environment.loader])  # type: ignore[list-item]  # SQLAdmin sets one
        environment.globals |= {"csrf_token": self._csrf_token, "path_for": path_for, "query": query_of}
        environment.globals |= {"is_protected_field": is_protected, "get_object_identifier": identifier_of}
        environment.globals["media_of"] = media_of
        environment.globals["filter_has_default"] = has_default
        environment.globals["provider_buttons"] = partial(by_provider.provider_buttons, self.app)
        environment.globals["theme"] = partial(theme_of, self._cookies)
        environment.globals["has_shortcuts"] = partial(has_shortcuts, self._cookies)
        environment.bytecode_cache = self.bytecode_cache
        environment.trim_blocks = environment.lstrip_blocks = True

    def _browser_sessions(self, secret_key: SecretStr) -> BrowserSessions:
        return BrowserSessions(
            cookie=lambda: self._cookies.session,
            csrf_token=lambda user, session: make_session_token(secret_key, user, session),
            is_csrf_token=lambda given, user, session: is_session_token(given, secret_key, user, session),
        )

    async def _authenticate_visitor(self, connection: HTTPConnection, session: AsyncSession) -> User | None:
        key = connection.cookies.get(self._cookies.session)
        user = await get_user(session, key) if key else None
        remember_use(self.app, None if user is None else session_of(user))
        # The session here stands outside the pool, and knows no settings.
        settings = AuthSettings.of(self._context.plugin_settings)
        return None if user is None or lacks_factor(user, settings) else user

    def _csrf_token(self, request: Request) -> str:
        user = USER.find(request)
        current = None if user is None else session_of(user)
        if user is None or current is None:
            return ""
        return make_session_token(self._settings.secret_key, user.id, current.id)
