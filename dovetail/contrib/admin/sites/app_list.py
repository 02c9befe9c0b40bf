"""List what the user may open, for the index pages: by plugin, as Django does, and by category, as the menu does."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqladmin import BaseView
from starlette.requests import Request

from dovetail.contrib.admin.view_base import ViewBase
from dovetail.contrib.admin.web.rendering import path_for
from dovetail.contrib.admin.web.returning import may_list
from dovetail.translation.texts import gettext
from dovetail.translation.words import in_words


@dataclass(frozen=True)
class ListedView:
    """A view that the user may open; `url` is None if they may not list its rows, `add_url` if they may not add any."""

    view: ViewBase
    url: str | None
    add_url: str | None


@dataclass(frozen=True)
class ListedPage:
    """A page of a view without a model, as the menu lists it."""

    view: BaseView
    url: str
    add_url: None = None


@dataclass(frozen=True)
class ListedCategory:
    """The entries of a category, which the menu has as a heading, that the user may open."""

    name: str
    entries: Sequence[ListedView | ListedPage]


@dataclass(frozen=True)
class ListedApp:
    """A plugin with at least one view that the user may open."""

    app_label: str  # the first word of their identities
    name: str
    url: str
    models: Sequence[ListedView]


async def list_apps(views: Iterable[ViewBase], request: Request) -> list[ListedApp]:
    """Return the plugins, in their order, with the visible views that the user of a request may open."""
    found: dict[str, list[ListedView]] = {}
    for view in views:
        if view.is_accessible(request) and view.is_visible(request):
            found.setdefault(view.identity.partition("/")[0], []).append(await _listed(view, request))
    return [
        ListedApp(label, _in_words(label), path_for(request, "admin:app_list", app_label=label), models)
        for label, models in found.items()
    ]


def group_by_category(views: Sequence[BaseView], apps: Sequence[ListedApp], request: Request) -> list[ListedCategory]:
    """Return the entries of `apps`, and the pages without a model, below their categories, as the menu has them.

    `views` are all of the site, in the order of the menu. Entries that only the site's own `get_app_list` has follow.
    """
    listed: dict[BaseView, ListedView] = {one.view: one for app in apps for one in app.models}
    found: dict[str, list[ListedView | ListedPage]] = {}
    for view in (*views, *(view for view in listed if view not in views)):
        entry = listed.get(view) if view.is_model else listed_page(view, request)
        if entry is not None:
            found.setdefault(str(view.category), []).append(entry)
    return [ListedCategory(name, entries) for name, entries in found.items()]


def in_order_of(apps: Sequence[ListedApp], categories: Sequence[ListedCategory]) -> list[ListedCategory]:
    """Return the categories in the order of `apps`, by the first of their views; those of pages alone come last."""
    ordered = [one.view for app in apps for one in app.models]
    places: dict[BaseView, int] = {view: place for place, view in enumerate(ordered)}
    last = len(places)
    return sorted(categories, key=lambda one: min(places.get(entry.view, last) for entry in one.entries))


def listed_page(view: BaseView, request: Request) -> ListedPage | None:
    """Return the entry of a view without a model; None if the user may not open it, or the menu has none of it."""
    if view.is_visible(request) and view.is_accessible(request):
        return ListedPage(view, path_for(request, f"admin:view-{view.identity}"))
    return None


async def _listed(view: ViewBase, request: Request) -> ListedView:
    may_add = view.can_create and await view.check_can_create(request)
    add = path_for(request, "admin:create", identity=view.identity) if may_add else None
    url = path_for(request, "admin:list", identity=view.identity) if may_list(request, view) else None
    return ListedView(view, url, add)


def _in_words(label: str) -> str:
    return gettext(in_words(label.replace("-", " ")))
