"""List the routes of a site, all of which are protected by the guard.

A page is given by its module below `dovetail.contrib.admin` and its function, `pages.why:show_why`, which is imported
at the first request: so a start is faster, and most processes never need all pages. A test imports each name.
"""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route

from dovetail.contrib.admin.account.page import AccountPage
from dovetail.contrib.admin.account.sections import AccountSection
from dovetail.contrib.admin.dashboard.dashboard import Dashboard
from dovetail.contrib.admin.entry.guard import guarded, unguarded
from dovetail.contrib.admin.entry.kept_forms import Keeping
from dovetail.contrib.admin.entry.preparation import Preparation, of_form
from dovetail.contrib.admin.languages.scripts import PluginTexts, ScriptTexts
from dovetail.contrib.admin.mounting.files import SiteFiles
from dovetail.contrib.admin.mounting.forms_of_plugins import OF_PLUGIN, keeping_of
from dovetail.contrib.admin.pages.extras import ObjectPage, show_object_page
from dovetail.contrib.admin.pages.former_addresses import former_route
from dovetail.contrib.admin.site_context import SiteContext
from dovetail.contrib.admin.sqladmin_private import is_action
from dovetail.contrib.admin.web.responses import Unfinished
from dovetail.contrib.admin.web.returning import list_of_form
from dovetail.errors import ConfigurationError
from dovetail.plugin import deferred

PageFunction = Callable[[SiteContext, Request], Awaitable[Response | Unfinished]]

ASSETS = Path(__file__).parents[1] / "assets"
POST, BOTH = ("POST",), ("GET", "POST")
ADMIN = "dovetail.contrib.admin"
PREPARATIONS: Mapping[str, Callable[[SiteContext, Request], Preparation | None]] = {
    "create": of_form,
    "edit": of_form,
    "import": deferred(f"{ADMIN}.importing.preparing:of_upload"),
    "import-table": deferred(f"{ADMIN}.importing.preparing:of_table"),
    "markdown": deferred(f"{ADMIN}.editing.markdown:prepare_preview"),
    "prove": deferred(f"{ADMIN}.entry.prove:preparation"),
}
"""What pages do before their transaction, by the names of their routes."""
KEEPING: Mapping[str, Keeping] = {
    **dict.fromkeys(("create", "edit", "bulk-edit", "delete", "list", "import-table"), Keeping()),
    **dict.fromkeys(("list-views", "list-columns"), Keeping(page=list_of_form)),
}
"""The forms that are shown again if they were submitted after their session had ended, by the names of their routes."""

VIEW = "/{identity:admin_view}/"
OBJECT = VIEW + "{pk:admin_key}/"


@dataclass(frozen=True, kw_only=True)
class Routes:
    """Creates the routes of one site, including the pages of plugins."""

    site: SiteContext
    static: Path  # the project's static files
    media: Mapping[str, tuple[Path, Path]]  # of each plugin: the project's folder, and the plugin's
    object_pages: Sequence[ObjectPage]
    dashboard: Dashboard
    sections: Sequence[AccountSection]

    def own(self) -> Iterator[BaseRoute]:
        """Yield the pages of the site itself."""
        statics = SiteFiles(self.static / "sqladmin", packages=["sqladmin"])
        yield Mount("/statics", statics, name="statics")
        for plugin, (site_folder, own) in self.media.items():
            if own.is_dir() or site_folder.is_dir():
                if not any((folder / "texts.js").is_file() for folder in (site_folder, own)):
                    texts = PluginTexts(self.site.languages.default.homes.get(own.parent, ""))
                    yield Route(f"/media/{plugin}/texts.js", texts.give)
                files = SiteFiles(site_folder, directory=own if own.is_dir() else site_folder)
                yield Mount(f"/media/{plugin}", files, name=f"media-{plugin}")
        yield Mount("/assets", SiteFiles(self.static / "admin", directory=ASSETS), name="assets")
        yield Route("/texts/{language}.js", ScriptTexts(self.site.languages).give, name="texts")
        yield from self._login_routes()
        yield self._route("/prove", "entry.prove:show_proof", "prove", BOTH, enrolling=True)
        yield self._route("/prove/options", "entry.prove:give_options", "prove-options", POST, enrolling=True)
        yield self._route("/", partial(deferred(f"{ADMIN}.pages.index:show_index"), self.dashboard), "index")
        yield self._route("/why", "pages.why:show_why", "why")
        yield self._route("/acting/stop", "entry.login:stop_acting", "stop-acting", POST)
        yield self._route("/palette", "looks.palette:show_palette", "palette")
        yield self._route("/theme", "looks.choices:choose_theme", "theme", POST, enrolling=True)
        yield self._route("/zone", "languages.chosen:choose_zone", "zone", POST, enrolling=True)
        yield self._route("/shortcuts", "looks.choices:choose_shortcuts", "shortcuts", POST, enrolling=True)
        yield from AccountPage(site=self.site, sections=self.sections).routes()

    def of_views(self) -> Iterator[Route]:
        """Yield the pages that every ModelAdmin has, at the URLs of Django's admin."""
        yield self._route(VIEW, "pages.pages:show_list", "list", BOTH)
        yield self._route(f"{VIEW}add/", "pages.pages:show_create_form", "create", BOTH)
        yield self._route(f"{VIEW}delete/", "pages.pages:delete_selected", "delete", BOTH)
        yield self._route(f"{VIEW}bulk/", "bulk_editing.page:edit_selected", "bulk-edit", BOTH)
        yield self._route(f"{VIEW}export/{{export_type}}/", "pages.pages:export_list", "export")
        yield self._route(f"{VIEW}import/", "importing.pages:show_upload", "import", BOTH)
        yield self._route(f"{VIEW}import/{{key:int}}/", "importing.pages:show_table", "import-table", BOTH)
        yield self._route(f"{VIEW}draft/", "editing.drafts:keep_draft", "draft", POST)
        yield self._route(f"{VIEW}markdown/", "editing.markdown:show_preview", "markdown", POST)
        yield self._route(f"{VIEW}columns/", "list_pages.list_views:choose_columns", "list-columns", POST)
        yield self._route(f"{VIEW}views/", "list_pages.list_views:save_view", "list-views", POST)
        yield self._route(f"{VIEW}lookup/", "pages.pages:autocomplete", "ajax_lookup")
        yield self._route(f"{VIEW}lookup/{{part}}/", "pages.pages:autocomplete_in_rows", "lookup-in-rows")
        yield self._route(f"{OBJECT}change/", "pages.pages:show_edit_form", "edit", BOTH)
        yield self._route(f"{OBJECT}delete/", "pages.pages:delete_selected", "delete", BOTH)
        if self.site.settings.presence:
            yield self._route(f"{OBJECT}presence/", "presence.presence:heartbeat", "presence", POST, is_use=False)
        for page in self.object_pages:
            methods = ("GET",) if page.act is None else BOTH
            show, keeping = partial(show_object_page, page), None if page.act is None else OF_PLUGIN
            yield self._route(f"{OBJECT}{page.name}/", show, f"object-{page.name}", methods, keeping=keeping)
        yield self._route(OBJECT, "pages.pages:show_details", "details")

    def last(self) -> Iterator[Route]:
        """Yield the route for all other paths."""
        show_app_index = partial(deferred(f"{ADMIN}.pages.index:show_app_index"), self.dashboard)
        yield self._route("/{app_label:admin_word}/", show_app_index, "app_list")
        yield former_route(self.site)

    def behind_guard(self, route: BaseRoute, brought: Sequence[BaseRoute]) -> Route:
        """Return a route of a view, protected by the guard; `brought` are those of all views."""
        if not isinstance(route, Route):
            raise ConfigurationError(f"An admin view brought {route!r}, expected a plain route.")
        if is_action(route.endpoint):
            run = partial(deferred(f"{ADMIN}.tasks.acting:run_action"), self.site, route.endpoint)
            asks = hasattr(route.endpoint, "makes_task")  # on GET; SQLAdmin's actions change data then
            endpoint = guarded(self.site, run, keeping=Keeping() if asks else None)
            return Route(f"{route.path}/", endpoint, name=route.name, methods=list(BOTH if asks else POST))
        methods = route.methods or {"GET"}
        endpoint = guarded(self.site, route.endpoint, keeping=keeping_of(route, brought))
        return Route(route.path, endpoint, name=route.name, methods=sorted(methods))

    def _login_routes(self) -> Iterator[Route]:
        route = partial(self._route, public=True)
        yield route("/login", "entry.login:show_login", "login", BOTH)
        yield route("/login/theme", "looks.choices:choose_theme_as_visitor", "visitor-theme", POST)
        yield route("/login/language", "languages.chosen:choose_language_as_visitor", "visitor-language", POST)
        yield route("/login/second-factor", "entry.second_step:show_second_step", "second-factor", BOTH)
        yield route("/login/passkey-options", "entry.second_step:give_passkey_options", "passkey-options", POST)
        yield route("/login/passkey", "entry.second_step:log_in_with_passkey", "passkey-login", POST)
        yield route("/password_reset/", "account.forgotten:ask", "password_reset", BOTH)
        yield route("/password_reset/done/", "account.forgotten:tell_sent", "password_reset_done")
        yield route("/reset/", "account.forgotten:choose", "password_reset_confirm", BOTH)
        yield route("/reset/done/", "account.forgotten:tell_done", "password_reset_complete")
        leave, handle_callback = (
            unguarded(self.site, deferred(f"{ADMIN}.entry.by_provider:{name}"))
            for name in ("leave_for_provider", "return_from_provider")
        )
        yield Route("/login/with/{name}", leave, name="provider-login", methods=["GET"])
        yield Route("/login/return", handle_callback, name="provider-return", methods=["GET"])
        yield route("/enrol", "entry.enrolment:show_enrolment", "enrol", BOTH)
        yield route("/enrol/options", "entry.enrolment:give_options", "enrol-options", POST)
        yield self._route("/logout", "entry.login:log_out", "logout", POST, enrolling=True)

    def _route(
        self,
        path: str,
        page: str | PageFunction,
        name: str,
        methods: Sequence[str] = ("GET",),
        *,
        public: bool = False,
        enrolling: bool = False,
        is_use: bool = True,
        keeping: Keeping | None = None,
    ) -> Route:
        site, keeping = self.site, keeping or KEEPING.get(name)
        prepare = PREPARATIONS.get(name)
        preparation = None if prepare is None else partial(prepare, site)
        run = partial(deferred(f"{ADMIN}.{page}") if isinstance(page, str) else page, site)
        endpoint = guarded(
            site, run, public=public, enrolling=enrolling, keeping=keeping, is_use=is_use, preparation=preparation
        )
        return Route(path, endpoint, name=name, methods=list(methods))
