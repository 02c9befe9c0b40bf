"""Which methods an address knows: for `Allow`, and for OPTIONS (RFC 9110, sections 9.3.7 and 10.2.1)."""

from starlette.requests import HTTPConnection

from dovetail.api.fastapi_private import path_within, routes_of


def allowed_methods(connection: HTTPConnection) -> str:
    """The methods of every route with this path, sorted, as the header `Allow` lists them.

    FastAPI has one route a method, and would name those of the first one only.
    """
    path = path_within(connection.scope)
    found = _methods_of_its_own(connection)
    if not found:
        for route in routes_of(connection.app.routes):
            pattern = getattr(route, "path_regex", None)
            if pattern is not None and route.methods and pattern.match(path):
                found |= route.methods
    return ", ".join(sorted(found | {"OPTIONS"} | ({"HEAD"} if "GET" in found else set())))


def is_wrong_method(connection: HTTPConnection) -> bool:
    """Whether the address has routes of its own, and none for the method of this request.

    `GET /users/me` is there, and then `DELETE /users/me` must not be `DELETE /users/{user_id}` with a bad key.
    """
    found = _methods_of_its_own(connection)
    return bool(found) and connection.scope["method"] not in found


def _methods_of_its_own(connection: HTTPConnection) -> set[str]:
    path = path_within(connection.scope)
    found: set[str] = set()
    for route in routes_of(connection.app.routes):
        if route.path == path:
            found |= route.methods or set()
    return found
