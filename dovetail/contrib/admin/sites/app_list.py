"""List the plugins of a site with the views that the user may open, for the index pages."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

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


async def _listed(view: ViewBase, request: Request) -> ListedView:
    may_add = view.can_create and await view.check_can_create(request)
    add = path_for(request, "admin:create", identity=view.identity) if may_add else None
    url = path_for(request, "admin:list", identity=view.identity) if may_list(request, view) else None
    return ListedView(view, url, add)


def _in_words(label: str) -> str:
    return gettext(in_words(label.replace("-", " ")))
