"""Which methods an address knows: for `Allow`, and for OPTIONS (RFC 9110, sections 9.3.7 and 10.2.1)."""

from fastapi.routing import iter_route_contexts
from starlette._utils import get_route_path
from starlette.requests import HTTPConnection


def allowed_methods(connection: HTTPConnection) -> str:
    """The methods of every route with this path, sorted, as the header `Allow` lists them.

    FastAPI has one route a method, and would name those of the first one only.
    """
    path = get_route_path(connection.scope)
    found = {"OPTIONS"}
    for route in iter_route_contexts(connection.app.routes):
        pattern = getattr(route, "path_regex", None)
        if pattern is not None and route.methods and pattern.match(path):
            found |= route.methods
    if "GET" in found:
        found.add("HEAD")
    return ", ".join(sorted(found))
