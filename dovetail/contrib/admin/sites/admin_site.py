"""The declaration of a back office: title, appearance and contents. Options are named as in Django's `AdminSite`.

    # project/urls.py
    site = AdminSite(site_header="The Gazette", site_url="https://gazette.example/")
    site.unregister("blog/tag")

    desk = AdminSite("desk", path="/desk", plugins=("blog",), index_title="News")

    mounts: Mounts = {"admin.office": (site, desk)}

Several sites share their logins; each has its own views, appearance and `has_permission`.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from difflib import get_close_matches
from typing import TYPE_CHECKING

from dovetail.plugin import Mountable

if TYPE_CHECKING:  # `project/urls.py` imports this module, and most commands need no views
    from sqladmin import BaseView
    from starlette.requests import Request

    from dovetail.contrib.admin.sites.app_list import ListedApp
    from dovetail.contrib.admin.sites.login_form import LoginForm


@dataclass(frozen=True)
class Registration:
    """A change to the views of a site: `shown` is added, in place of `hidden` if that is given."""

    shown: "type[BaseView] | None" = None
    hidden: "type[BaseView] | str | None" = None  # a class, or an identity such as "blog/post"
    plugin: str = ""


@dataclass(kw_only=True, eq=False)
class Options:
    """The options of a site. For a template that is None, that of the framework or of `templates/admin/` is used."""

    path: str = "/admin"
    plugins: Sequence[str] | None = None  # plugins whose views it shows; None: all
    site_header: str | None = None  # above the menu; None: the setting SITE_NAME
    site_title: str | None = None  # in the title of the window; None: same as site_header
    index_title: str | None = None  # heading of the index page; None: a greeting
    site_url: str | None = "/"  # URL of "View site"; None: no such link
    enable_nav_sidebar: bool = True
    empty_value_display: str | None = None  # shown for None; None: a dash
    index_template: str | None = None
    app_index_template: str | None = None
    login_template: str | None = None
    logout_template: str | None = None  # None: logging out redirects to the login
    password_change_template: str | None = None
    password_change_done_template: str | None = None  # None: a message on the account page
    password_reset_template: str | None = None
    password_reset_done_template: str | None = None
    password_reset_confirm_template: str | None = None
    password_reset_complete_template: str | None = None
    login_form: "type[LoginForm] | None" = None


class AdminSite(Options, Mountable):
    """A back office, declared by arguments, or by a subclass with hooks.

    Hooks are called for each page, with the request; they may be async.
    """

    name: str

    def __init_subclass__(cls) -> None:
        """Check the options. Raise TypeError for an unknown one."""
        known = dir(AdminSite)
        for name, value in vars(cls).items():
            if not name.startswith("_") and name not in known and not callable(value):
                near = "".join(f"; did you mean {one}?" for one in get_close_matches(name, known, n=1))
                raise TypeError(f"{cls.__name__}: {name} is no option of AdminSite{near}")

    def __init__(self, name: str = "admin", **options: object) -> None:
        known = [one.name for one in fields(Options)]
        for option in options:
            if option not in known:
                raise TypeError(f"AdminSite has no option {option!r}; there are {', '.join(known)}")
        super().__init__(**{one: getattr(type(self), one) for one in known} | options)
        self.name = name
        self.registrations: list[Registration] = []
        self.added_actions: dict[str, Callable[..., Awaitable[object]]] = {}
        self.disabled_actions: list[str] = []

    def register(self, view: "type[BaseView]", *, plugin: str = "") -> None:
        """Add a view to those of the plugins, under `plugin`: by default, that of its model."""
        self.registrations.append(Registration(shown=view, plugin=plugin))

    def unregister(self, view: "type[BaseView] | str") -> None:
        """Remove a view of a plugin, given as class or as identity such as `blog/post`."""
        self.registrations.append(Registration(hidden=view))

    def replace(self, view: "type[BaseView] | str", by: "type[BaseView]") -> None:
        """Replace a view of a plugin by another one, at the same URL unless that has its own `identity`."""
        self.registrations.append(Registration(shown=by, hidden=view))

    def add_action(self, action: Callable[..., Awaitable[object]]) -> None:
        """Add an action, a function `(view, request, rows)` with `@action(...)`, to all views of models."""
        self.added_actions[action.__name__] = action

    def disable_action(self, name: str) -> None:
        """Disable an action in all views, by its name in `@action`, or `delete_selected`."""
        self.disabled_actions.append(name)

    def has_permission(self, request: "Request") -> "bool | Awaitable[bool]":  # noqa: ARG002 - for subclasses that override it
        """Return whether the logged-in staff user may use this site."""
        return True

    def each_context(self, request: "Request") -> "Mapping[str, object] | Awaitable[Mapping[str, object]]":  # noqa: ARG002 - as above
        """Return the context that all templates get besides their own."""
        return {}

    def get_app_list(
        self,
        request: "Request",  # noqa: ARG002 - as above
        apps: "Sequence[ListedApp]",
    ) -> "Sequence[ListedApp] | Awaitable[Sequence[ListedApp]]":
        """Return the entries of the index pages, from `apps`: the plugins with the views that the user may open."""
        return apps
