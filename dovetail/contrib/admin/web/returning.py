"""The way back to a list, as it was: with its filters, its search, its order and its page."""

from urllib.parse import urlencode

from sqladmin import BaseView
from starlette.requests import Request


def list_url(request: Request, view: BaseView) -> str:
    """Return the address of a view's list with the query of this page, but for the rows that it selects."""
    url = request.url_for("admin:list", identity=view.identity).path
    query = urlencode([(key, value) for key, value in request.query_params.multi_items() if key != "pks"])
    return f"{url}?{query}" if query else url
