"""The page that shows the form of a plugin again, if its session had ended as it was submitted."""

from collections.abc import Sequence
from functools import partial

from starlette.requests import Request
from starlette.routing import BaseRoute, Route

from dovetail.contrib.admin.entry.kept_forms import Keeping
from dovetail.contrib.admin.entry.returning import page_before

OF_PLUGIN = Keeping(is_promised=False)


def keeping_of(route: Route, brought: Sequence[BaseRoute]) -> Keeping:
    """Return how forms of a plugin's route are kept; a form with a URL of its own is that of the page it stands on."""
    methods = route.methods or {"GET"}
    if "GET" in methods:
        return OF_PLUGIN
    view = getattr(route.endpoint, "__self__", None)
    pages = [one for one in brought if isinstance(one, Route) and getattr(one.endpoint, "__self__", None) is view]
    shown = [one for one in pages if "GET" in (one.methods or {"GET"})] if view is not None else []
    return Keeping(is_promised=False, page_of_plugin=partial(_page_with_form, shown))


def _page_with_form(pages: Sequence[Route], request: Request) -> str | None:
    """Return the path of the page that the form was submitted from, if it is one of `pages`."""
    path = page_before(request).partition("?")[0]
    within = path.removeprefix(request.url_for("admin:index").path.rstrip("/"))
    return path if any(page.path_regex.match(within) for page in pages) else None
