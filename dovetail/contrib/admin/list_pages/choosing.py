"""The page with the choices of a filter, for browsers without scripts: each is a link back to the list."""

from urllib.parse import parse_qsl, urlencode

from starlette.requests import Request
from starlette.responses import Response

from dovetail.contrib.admin.change_list.view import ChangeListView
from dovetail.contrib.admin.lists.autocomplete import Autocomplete
from dovetail.contrib.admin.site_context import SiteContext
from dovetail.contrib.admin.web.rendering import path_for

AS = "as"  # the query parameter that requests the page (PAGE) instead of JSON
PAGE = "page"
BACK = "back"  # the query string of the list
MOST_PARAMETERS = 1_000  # maximum characters of it: the site accepts no longer query strings


async def show_choices(
    site: SiteContext, request: Request, view: ChangeListView, loader: Autocomplete, number: int
) -> Response:
    """Return a page of the objects that match the search text; the first ones without a text."""
    name, term, back = loader.name, request.query_params.get("term", "").strip(), request.query_params.get(BACK, "")
    found = await loader.find(request, term, number)
    address = path_for(request, "admin:list", identity=view.identity)
    kept = [one for one in parse_qsl(back, keep_blank_values=True)[:MOST_PARAMETERS] if one[0] != "page"]
    shown = [loader.format(one) for one in found.rows]
    asked = {"name": name, "for": "filter", AS: PAGE, BACK: back}
    context = {
        "model_view": view,
        "label": view.label(name),
        "choices": [(one["text"], f"{address}?{urlencode([*kept, (name, str(one['id']))])}") for one in shown],
        "back": f"{address}?{urlencode(kept)}" if kept else address,
        "asked": asked,
        "term": term,
        "is_searchable": loader.is_searchable(request),
        "more": f"?{urlencode(asked | {'term': term, 'page': number + 1})}" if found.more else "",
    }
    return await site.render(request, "sqladmin/choose.html", context)
