"""Addresses of pages: a router walks all routes to make one, which is done once a request for each kind of page."""

from typing import Any
from urllib.parse import quote

from starlette.requests import Request

PLACEHOLDER = "0"


def path_for(request: Request, name: str, /, pk: object = None, **parameters: Any) -> str:
    """The path of the route `name`, and of the object with the identifier `pk` if the route has one.

    A list of 200 rows has thousands of links, and each `Request.url_for` walks every route of the site: what stands in
    front of the identifier is asked for once a request.
    """
    made: dict[tuple[object, ...], str] = request.scope.setdefault("dovetail_admin_addresses", {})
    key = (name, pk is not None, *sorted(parameters.items()))
    if key not in made:
        more = {} if pk is None else {"pk": PLACEHOLDER}
        made[key] = request.url_for(name, **parameters, **more).path
    # An identifier may hold any sign; of `a/../b` a browser would make `b`.
    return made[key] if pk is None else made[key].removesuffix(PLACEHOLDER) + quote(str(pk), safe="")
