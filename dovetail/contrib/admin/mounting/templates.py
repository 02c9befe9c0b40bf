"""Find the templates of a site by folder, as in Django: of a model, of a plugin, of the site, of the framework.

templates/admin/blog/post/change_form.html  ->  templates/admin/blog/change_form.html
->  templates/admin/change_form.html        ->  sqladmin/edit.html
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from jinja2 import Environment

from dovetail.contrib.admin.sites.admin_site import AdminSite
from dovetail.contrib.admin.templating.problems import template_problem
from dovetail.contrib.admin.view_base import ViewBase

FORM = ("change_form.html", "change.html")
NAMES: Mapping[str, Sequence[str]] = {
    "change_list_template": ("change_list.html", "list.html"),
    "add_form_template": ("add_form.html", "add.html", *FORM),
    "change_form_template": FORM,
    "details_template": ("details.html",),
    "delete_confirmation_template": ("delete_confirmation.html", "delete.html"),
    "delete_selected_confirmation_template": ("delete_selected_confirmation.html",),
    "object_history_template": ("object_history.html", "history.html"),
    "action_confirmation_template": ("action_confirmation.html", "action.html"),
}
OF_SITE: Mapping[str, tuple[str, str | None]] = {
    "index_template": ("index.html", "sqladmin/index.html"),
    "app_index_template": ("app_index.html", "sqladmin/app_index.html"),
    "login_template": ("login.html", "sqladmin/login.html"),
    "logout_template": ("logged_out.html", None),
    "password_change_template": ("password_change_form.html", "sqladmin/account/password.html"),
    "password_change_done_template": ("password_change_done.html", None),
    "password_reset_template": ("password_reset_form.html", "sqladmin/password_reset/ask.html"),
    "password_reset_done_template": ("password_reset_done.html", "sqladmin/password_reset/sent.html"),
    "password_reset_confirm_template": ("password_reset_confirm.html", "sqladmin/password_reset/choose.html"),
    "password_reset_complete_template": ("password_reset_complete.html", "sqladmin/password_reset/done.html"),
}
PARENTS: Mapping[str, str] = {
    "base.html": "base",
    "base_site.html": "layout",
    "index.html": "index",
    "app_index.html": "app_index",
    "login.html": "login",
    "change_list.html": "list",
    "change_form.html": "edit",
    "details.html": "details",
    "delete_confirmation.html": "delete_confirmation",
    "delete_selected_confirmation.html": "delete_selected_confirmation",
    "object_history.html": "history",
    "page.html": "page",
}
"""What a template may extend by the name that Django gives it, `admin/change_form.html`."""


ASKED_FOR = frozenset(
    {*PARENTS, *(one for names in NAMES.values() for one in names), *(one for one, _ in OF_SITE.values())}
)


@dataclass(frozen=True)
class Folders:
    """The templates in `templates/admin/` of the project, and of plugins for their models."""

    own: Collection[str] = field(default_factory=frozenset)
    brought: Collection[str] = field(default_factory=frozenset)

    @classmethod
    def read(cls, project: Path, plugins: Iterable[Path] = ()) -> "Folders":
        """Return the templates in the folder `admin` of the templates of the project and of plugins, if it exists.

        Of plugins, only the templates of admin pages are included; they render others by name.
        """
        brought = frozenset(name for path in plugins for name in _names(path) if name.rpartition("/")[2] in ASKED_FOR)
        return cls(_names(project), brought)

    def of_view(self, view: type[ViewBase]) -> dict[str, str]:
        """Return the templates of a view by option, for options that are not set and for which a folder has one."""
        places = [f"{view.identity}/", f"{view.identity.partition('/')[0]}/", ""]
        chosen = {option: self._first(places, names) for option, names in NAMES.items() if _is_default(view, option)}
        return {option: name for option, name in chosen.items() if name is not None}

    def of_site(self, site: AdminSite, option: str, plugin: str = "") -> str | None:
        """Return the template of a page of the site; None if there is none."""
        name, default = OF_SITE[option]
        given: str | None = getattr(site, option)
        return given or self._first([f"{plugin}/", ""] if plugin else [""], [name]) or default

    def problems(
        self, identities: Collection[str], environment: Environment, others: Collection[str] = ()
    ) -> Iterator[str]:
        """Yield a problem for each folder of an unknown plugin or model, and for each template that Jinja cannot parse.

        `others` are the identities of plugin views that no site shows.
        """
        known = {"", *identities, *others, *(one.partition("/")[0] for one in (*identities, *others))}
        for name in sorted({*self.own, *self.brought}):
            folder = name.rpartition("/")[0]
            if not folder and name not in self.own:
                yield f"templates/admin/{name} of a plugin stands in for nothing; put it into a folder of the plugin"
            elif folder not in known:
                near = ", ".join(sorted(one for one in identities if "/" in one))
                yield f"templates/admin/{name} is of no plugin or model; there are {near}"
            elif problem := template_problem(f"admin/{name}", environment):
                yield f"templates/admin/{name} is a template which {problem}"

    def _first(self, places: Sequence[str], names: Sequence[str]) -> str | None:
        wanted = (f"{place}{name}" for place in places for name in names)
        return next(
            (f"admin/{name}" for name in wanted if name in self.own or ("/" in name and name in self.brought)), None
        )


def find_unfit_site(site: AdminSite, environment: Environment) -> Iterator[str]:
    """Yield a problem for each template of a site that does not exist, or that Jinja cannot parse."""
    for option in OF_SITE:
        name = getattr(site, option)
        if name is not None and (problem := template_problem(name, environment)):
            yield f"the admin site {site.name!r}: {option} is {name!r}, which {problem}"


def _names(templates: Path) -> frozenset[str]:
    path = templates / "admin"
    return frozenset(one.relative_to(path).as_posix() for one in path.rglob("*.html"))


def _is_default(view: type[ViewBase], option: str) -> bool:
    return bool(getattr(view, option) == getattr(ViewBase, option))
