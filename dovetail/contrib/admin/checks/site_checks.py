"""Give each view an address of its own, and refuse pages that another hides and templates that are not there."""

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, TemplateNotFound, TemplateSyntaxError
from sqladmin import BaseView
from starlette.routing import BaseRoute, Match, Route

from dovetail.contrib.admin.inlines.inline import InlineModelAdmin, ParentView
from dovetail.contrib.admin.sqladmin_private import OpenModelView, class_slug, exposed_pages
from dovetail.ownership import owner_of

IDENTITY = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
TAKEN = frozenset({"account", "assets", "statics"})  # where the page of one's own account and the site's files are
OURS = Path(__file__).parents[1] / "templates"
TEMPLATES = (
    *("change_list_template", "add_form_template", "details_template", "change_form_template"),
    *("delete_confirmation_template", "delete_selected_confirmation_template"),
)
WRITTEN = "_as_written"  # in the class that a site makes of a view, the one that its author wrote


class Claims:
    """Knows which view was given which identity, path or name of a page."""

    def __init__(self) -> None:
        self._owners: dict[str, str] = {}

    def claim(self, plugin: str, view: type[BaseView]) -> Iterator[str]:
        """Note what `view` is found by; yield a sentence for each clash and for what no address can hold."""
        owner = f"{view.__name__} of plugin {plugin!r}"
        for what, name, hint in _names(view):
            if what == "identity" and (IDENTITY.fullmatch(name) is None or name in TAKEN):
                yield f"{owner}: the admin identity {name!r} is no word for an address; write identity = {hint!r}"
            other = self._owners.setdefault(f"{what} {name}", owner)
            if other is not owner:
                yield f"the admin {what} {name!r} is claimed by {other} and {owner}; {_advice(what, hint)}"


def identify(plugin: str, view: type[BaseView], plugins: Sequence[str] = ()) -> type[BaseView]:
    """Return the view as one site shows it, called `<plugin>-<model>` unless its class says otherwise.

    SQLAdmin writes the site into the class of a view, so each site gets a class of its own. `plugins` are all that are
    enabled: a plugin may show the model of another, whose permissions count.
    """
    attributes: dict[str, object] = {
        "__module__": view.__module__,
        "__qualname__": view.__qualname__,
        "__doc__": view.__doc__,
        WRITTEN: view,
    }
    model: Any = getattr(view, "model", None)
    if view.is_model and model is not None and not view.identity:
        attributes["identity"] = _plugin_and_model(plugin.replace("_", "-"), class_slug(model.__name__))
    if view.is_model and model is not None:
        attributes["plugin_name"] = owner_of(model.__table__, plugins) or plugin
    make: Any = type(view)
    named: type[BaseView] = make(view.__name__, (view,), attributes)
    return named


def written_class(view: type[BaseView]) -> type[BaseView]:
    """Return the class that the author of a view wrote, of which a site made one of its own."""
    written: type[BaseView] = vars(view).get(WRITTEN, view)
    return written


def find_shadowed(own: Sequence[BaseRoute], brought: Sequence[Route]) -> Iterator[str]:
    """Find pages that views brought to where a page of the site, or another view's, answers first."""
    for index, route in enumerate(brought):
        scope = {"type": "http", "method": "GET", "path": route.path}
        if any(other.matches(scope)[0] is not Match.NONE for other in (*own, *brought[:index])):
            where = f"the admin page {route.name!r} at /admin{route.path}"
            yield f"{where} stands where another page is; give it another path"


def find_unfit_templates(views: Iterable[BaseView], environment: Environment) -> Iterator[str]:
    """Find templates that views name and the site does not have, or that cannot be filled in."""
    for view in views:
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


def template_problem(name: str, environment: Environment) -> str | None:
    """Return the reason why a template cannot be shown, None if it can.

    The templates of the back office itself are read and not looked through: that is a twentieth of a start.
    """
    loader: Any = environment.loader
    try:
        source, path, _ = loader.get_source(environment, name)
        if path is None or not Path(path).is_relative_to(OURS):
            environment.parse(source, name, path)
    except TemplateNotFound:
        return "is no template of the site"
    except TemplateSyntaxError as error:
        return f"Jinja cannot read: line {error.lineno}: {error.message}"
    return None


def _plugin_and_model(plugin: str, model: str) -> str:
    return model if f"{model}-".startswith(f"{plugin}-") else f"{plugin}-{model}"  # not shop-shop-item


def _names(view: type[BaseView]) -> Iterator[tuple[str, str, str]]:
    own = class_slug(view.__name__.removesuffix("Admin"))
    if view.is_model:
        yield "identity", view.identity, own
        return
    for page in exposed_pages(view):
        yield "path", page.path, own
        yield "page", page.identity, own


def _advice(what: str, hint: str) -> str:
    if what == "identity":
        return f"write identity = {hint!r} in one of them"
    return f"write @expose({'path=' if what == 'path' else '..., identity='}{hint!r}) in one of them"
