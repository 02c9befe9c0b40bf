"""Refuse pages that another hides, and templates that are not there."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from jinja2 import Environment, TemplateNotFound
from sqladmin import BaseView, ModelView
from starlette.routing import BaseRoute, Match, Route

TEMPLATES = ("list_template", "create_template", "details_template", "edit_template")


def find_shadowed(own: Sequence[BaseRoute], brought: Sequence[Route]) -> Iterator[str]:
    """Find pages that views brought to where a page of the site, or another view's, answers first."""
    for index, route in enumerate(brought):
        scope = {"type": "http", "method": "GET", "path": route.path}
        if any(other.matches(scope)[0] is not Match.NONE for other in (*own, *brought[:index])):
            where = f"the admin page {route.name!r} at /admin{route.path}"
            yield f"{where} stands where another page is; give it another path"


def find_missing_templates(views: Iterable[BaseView], environment: Environment) -> Iterator[str]:
    """Find templates that views name and the site does not have."""
    loader: Any = environment.loader
    for view in views:
        for option in TEMPLATES:
            name = getattr(view, option, None)
            if name is None or name == getattr(ModelView, option):
                continue
            try:
                loader.get_source(environment, name)
            except TemplateNotFound:
                yield f"{type(view).__name__}: {option} is {name!r}, which is no template of the site"
