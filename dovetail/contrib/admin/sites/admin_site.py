"""The declaration of a back office: title, appearance and contents. Options are named as in Django's `AdminSite`.

    # project/urls.py
    office = AdminSite(site_header="The Gazette", site_url="https://gazette.example/")
    office.unregister("blog/tag")

    desk = AdminSite("desk", path="/desk", plugins=("blog",), index_title="News")

    mounts: Mounts = {"admin.office": (office, desk)}

Several sites share who is logged in; each has its own views, look and `has_permission`.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from difflib import get_close_matches
from typing import TYPE_CHECKING

from dovetail.plugin import Mountable

if TYPE_CHECKING:  # `project/urls.py` names sites, and most commands show none
    from sqladmin import BaseView
    from starlette.requests import Request

    from dovetail.contrib.admin.sites.app_list import ListedApp
    from dovetail.contrib.admin.sites.login_form import LoginForm


@dataclass(frozen=True)
class Registration:
    """A change of which views a site shows: `shown` is added, in the place of `hidden` if there is one."""

    shown: "type[BaseView] | None" = None
    hidden: "type[BaseView] | str | None" = None  # a class, or an identity such as "blog/post"
    plugin: str = ""


@dataclass(kw_only=True, eq=False)
class Options:
    """The options of a site. A template that is None is the framework's, or the one in `templates/admin/`."""

    path: str = "/admin"
    plugins: Sequence[str] | None = None  # whose views it shows; None: all
    site_header: str | None = None  # above the menu; None: the setting SITE_NAME
    site_title: str | None = None  # in the title of the window; None: the same
    index_title: str | None = None  # of the first page; None: a greeting
    site_url: str | None = "/"  # where "View site" leads; None: there is no such link
    enable_nav_sidebar: bool = True
    empty_value_display: str | None = None  # what stands for no value; None: a dash
    index_template: str | None = None
    app_index_template: str | None = None
    login_template: str | None = None
    logout_template: str | None = None  # None: logging out leads to the login
    password_change_template: str | None = None
    password_change_done_template: str | None = None  # None: a message says so, on the page of the account
    password_reset_template: str | None = None
    password_reset_done_template: str | None = None
    password_reset_confirm_template: str | None = None
    password_reset_complete_template: str | None = None
    login_form: "type[LoginForm] | None" = None


class AdminSite(Options, Mountable):
    """One back office, as a site declares it: by arguments, or by a class of its own with hooks.

    Hooks are asked at each page, with the request; they may be plain functions or be awaited.
    """

    name: str

    def __init_subclass__(cls) -> None:
        """Raise TypeError for an option that there is not."""
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
        """Show a view besides those of the plugins, as one of `plugin`: by default, that of its model."""
        self.registrations.append(Registration(shown=view, plugin=plugin))

    def unregister(self, view: "type[BaseView] | str") -> None:
        """Leave out a view of a plugin: its class, or its identity such as `blog/post`."""
        self.registrations.append(Registration(hidden=view))

    def replace(self, view: "type[BaseView] | str", by: "type[BaseView]") -> None:
        """Show another view in the place of a plugin's, at the same address unless it has an `identity` of its own."""
        self.registrations.append(Registration(shown=by, hidden=view))

    def add_action(self, action: Callable[..., Awaitable[object]]) -> None:
        """Offer an action, a function `(view, request, rows)` with `@action(...)`, in every view of a model."""
        self.added_actions[action.__name__] = action

    def disable_action(self, name: str) -> None:
        """Offer an action in no view: by the name that `@action` gives it, or `delete_selected`."""
        self.disabled_actions.append(name)

    def has_permission(self, request: "Request") -> "bool | Awaitable[bool]":  # noqa: ARG002 - for those who override it
        """Return whether the active member of staff who is logged in may enter this site."""
        return True

    def each_context(self, request: "Request") -> "Mapping[str, object] | Awaitable[Mapping[str, object]]":  # noqa: ARG002 - as above
        """Return what every template finds besides its own values."""
        return {}

    def get_app_list(
        self,
        request: "Request",  # noqa: ARG002 - as above
        apps: "Sequence[ListedApp]",
    ) -> "Sequence[ListedApp] | Awaitable[Sequence[ListedApp]]":
        """Return what the index shows of `apps`, the plugins with the views that the user may open."""
        return apps
