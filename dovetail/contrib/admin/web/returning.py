"""URLs back to the site, and to a list with its filters, search, order and page."""

from urllib.parse import urlencode

from sqladmin import BaseView
from sqladmin.authorization import Action
from starlette.requests import Request


def may_list(request: Request, view: BaseView) -> bool:
    """Return whether the user may open the list of a view, unlike a user who may only add objects."""
    return bool(view.has_permission(request, Action.LIST))


def home_url(request: Request, view: BaseView) -> str:
    """Return the URL of a view's list, or of the index page if the user may not open it."""
    if may_list(request, view):
        return request.url_for("admin:list", identity=view.identity).path
    return request.url_for("admin:index").path


def address_of_site(url: str | None, request: Request) -> str:
    """Return the URL of "View site", behind the prefix of a proxy if it is a path."""
    prefix = request.scope.get("app_root_path", "")
    return f"{prefix}{url}" if url and url.startswith("/") else url or ""


def list_of_form(request: Request) -> str:
    """Return the path of the list that a form of its own URL stands on, such as that of a saved view."""
    return request.url_for("admin:list", identity=request.path_params["identity"]).path


def list_url(request: Request, view: BaseView) -> str:
    """Return the address of a view's list with the query of this page, but for the rows and the form that it names.

    Return the URL of the index page if the user may not open the list.
    """
    url = home_url(request, view)
    if not may_list(request, view):
        return url
    query = urlencode([(key, value) for key, value in request.query_params.multi_items() if key not in {"pks", "kept"}])
    return f"{url}?{query}" if query else url
