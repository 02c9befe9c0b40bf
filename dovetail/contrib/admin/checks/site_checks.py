"""Give each view a URL of its own; find pages that another page hides, and templates that do not exist."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from jinja2 import Environment
from sqladmin import BaseView
from starlette.routing import BaseRoute, Match, Route

from dovetail.contrib.admin.columns.identifiers import parse_identifier
from dovetail.contrib.admin.inlines.inline import InlineModelAdmin, ParentView
from dovetail.contrib.admin.own_pages.page import AdminPage
from dovetail.contrib.admin.sqladmin_private import OpenModelView, class_slug, exposed_pages
from dovetail.contrib.admin.templating.problems import template_problem
from dovetail.contrib.admin.view_base import ViewBase
from dovetail.contrib.admin.web.addresses import RESERVED, WORD
from dovetail.ownership import owner_of
from dovetail.translation.texts import lazy_name
from dovetail.translation.words import in_words

IDENTITY = re.compile(f"{WORD}/{WORD}")
TEMPLATES = (
    *("change_list_template", "add_form_template", "details_template", "change_form_template"),
    *("delete_confirmation_template", "delete_selected_confirmation_template"),
    "popup_response_template",
)
WRITTEN = "_as_written"  # in the class that a site makes of a view, the one that its author wrote


class Claims:
    """The identities, paths and page names in use, each with its view."""

    def __init__(self) -> None:
        self._owners: dict[str, str] = {}

    def claim(self, plugin: str, view: type[BaseView]) -> Iterator[str]:
        """Register the names of `view`; yield a sentence for each that another view has or that no URL can contain."""
        owner = f"{view.__name__} of plugin {plugin!r}"
        for what, name, hint in _names(view):
            if what == "identity":
                yield from _unfit(owner, name, hint)
            other = self._owners.setdefault(f"{what} {name}", owner)
            if other is not owner:
                yield f"the admin {what} {name!r} is claimed by {other} and {owner}; {_advice(what, hint)}"


def plugin_of(view: type[BaseView], plugins: Sequence[str]) -> str:
    """Return the one of `plugins` that the model of a view belongs to; nothing for a view of none."""
    model: Any = getattr(view, "model", None)
    return (owner_of(model.__table__, plugins) or "") if view.is_model and model is not None else ""


def identify(
    plugin: str, view: type[BaseView], plugins: Sequence[str] = (), shared: Mapping[str, object] = MappingProxyType({})
) -> type[BaseView]:
    """Return the view as one site shows it, called `<plugin>/<model>` unless its class says otherwise.

    A word that its class says stands for the model alone. The view of a model that its own plugin brings, and calls
    nothing else, is its home, where links to its objects lead. `plugins` are all that are enabled: a plugin may show
    the model of another, whose permissions count. A view without a category gets the name of its plugin as one, or the
    menu would show it below that of the view before it. `shared` is what the site gives each view. SQLAdmin writes the
    site into the class of a view, so each site gets a class of its own.
    """
    attributes: dict[str, object] = {
        "__module__": view.__module__,
        "__qualname__": view.__qualname__,
        "__doc__": view.__doc__,
        WRITTEN: view,
        "category": view.category or lazy_name(in_words(plugin.replace("-", " ")), view.__module__),
        **shared,
    }
    model: Any = getattr(view, "model", None)
    if view.is_model and model is not None:
        owner = plugin_of(view, plugins) or plugin
        word = view.identity or model.__name__.lower()  # as in the names of permissions
        identity = word if "/" in word else f"{plugin}/{word}"
        attributes |= {"identity": identity, "plugin_name": owner}
        attributes["is_home"] = identity == f"{owner}/{model.__name__.lower()}"
        attributes["former_identity"] = view.identity or _former(plugin.replace("_", "-"), class_slug(model.__name__))
    make: Any = type(view)
    named: type[BaseView] = make(view.__name__, (view,), attributes)
    return named


def written_class(view: type[BaseView]) -> type[BaseView]:
    """Return the class that the author of a view wrote, of which a site made one of its own."""
    written: type[BaseView] = vars(view).get(WRITTEN, view)
    return written


def find_shadowed(
    own: Sequence[Route], brought: Sequence[Route], views: Mapping[str, ViewBase], others: Sequence[BaseRoute] = ()
) -> Iterator[str]:
    """Find pages of views with the URL of a page of the site, or of a page of another view.

    `own` are the pages that each of `views` (by identity) has, which are asked after those brought; `others` before.
    """
    for index, route in enumerate(brought):
        before = [*others, *brought[:index]]
        hidden = any(_meets(other, route.path, views) for other in (*before, *own))
        if hidden or ("{" in route.path and any(_meets(route, path, {}) for path in _samples(own, views))):
            where = f"the admin page {route.name!r} at /admin{route.path}"
            yield f"{where} has the URL of another page; give it another path"


def find_unfit_templates(views: Iterable[BaseView], environment: Environment) -> Iterator[str]:
    """Find templates that views name and the site does not have, or that cannot be filled in."""
    for view in views:
        if isinstance(view, AdminPage) and (problem := template_problem(view.template, environment)):
            yield f"{type(view).__name__}: template is {view.template!r}, which {problem}"
        for option in TEMPLATES:
            name = getattr(view, option, None)
            if name is None or name == getattr(OpenModelView, option):
                continue
            if problem := template_problem(name, environment):
                yield f"{type(view).__name__}: {option} is {name!r}, which {problem}"
        for inline in inlines_of(view):
            if problem := template_problem(inline.template, environment):
                yield f"{type(view).__name__}: {inline.__name__}: template is {inline.template!r}, which {problem}"


def inlines_of(view: BaseView) -> Iterator[type[InlineModelAdmin]]:
    """Yield the inlines of a view and theirs, as its options declare them."""
    for inline in view.inlines if isinstance(view, ParentView) else ():
        yield from (inline, *inline.inlines)


def _meets(route: BaseRoute, path: str, views: Mapping[str, ViewBase]) -> bool:
    if isinstance(route, Route) and route.path_regex.match(path) is None:  # nearly all: asking it takes longer
        return False
    match, found = route.matches({"type": "http", "method": "GET", "path": path})
    parameters = found.get("path_params", {})
    if match is Match.NONE or "identity" not in parameters:
        return match is not Match.NONE
    view = views.get(parameters["identity"])
    is_no_key = "pk" in parameters and view and parse_identifier(view.model, parameters["pk"]) is None
    return view is not None and not is_no_key


def _samples(own: Iterable[Route], views: Iterable[str]) -> Iterator[str]:
    for route in own:
        given = dict.fromkeys(route.param_convertors, "0")
        for identity in views:
            yield route.url_path_for(route.name, **given | {"identity": identity})


def _unfit(owner: str, identity: str, hint: str) -> Iterator[str]:
    if IDENTITY.fullmatch(identity) is None:
        yield f"{owner}: the admin identity {identity!r} is not of the form shop/order; write identity = {hint!r}"
    elif (first := identity.partition("/")[0]) in RESERVED:
        told = f"{owner}: the admin identity {identity!r} begins with {first!r}, where the site has pages of its own"
        yield f"{told}; write identity = 'site-{identity}'"


def _former(plugin: str, model: str) -> str:
    """Return what a view was called up to the last release."""
    return model if f"{model}-".startswith(f"{plugin}-") else f"{plugin}-{model}"  # not shop-shop-item


def _names(view: type[BaseView]) -> Iterator[tuple[str, str, str]]:
    own = class_slug(view.__name__.removesuffix("Admin"))
    if view.is_model:
        yield "identity", view.identity, f"{view.identity.partition('/')[0].replace(' ', '-')}/{own}"
        return
    for page in exposed_pages(view):
        yield "path", page.path, own
        yield "page", page.identity, own


def _advice(what: str, hint: str) -> str:
    if what == "identity":
        return f"write identity = {hint!r} in one of them"
    return f"write @expose({'path=' if what == 'path' else '..., identity='}{hint!r}) in one of them"
