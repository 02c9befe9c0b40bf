"""Find the address of a route by its name, and the methods of an address: a site may move or drop any route."""

from fastapi import FastAPI
from starlette.requests import HTTPConnection, Request
from starlette.routing import NoMatchFound

from dovetail.api.fastapi_private import path_within, routes_of


def path_of(app: FastAPI, name: str, /, **parameters: str) -> str | None:
    """Return the path of the route `name` ("show_docs", "admin:index"), without a proxy's prefix; None if none."""
    try:
        return str(app.url_path_for(name, **parameters))
    except NoMatchFound:
        return None


def address_of(request: Request, name: str, /, **parameters: str) -> str | None:
    """Return the path of the route `name` for a browser, with a proxy's prefix; None if there is none."""
    try:
        return request.url_for(name, **parameters).path
    except NoMatchFound:
        return None


def allowed_methods(connection: HTTPConnection) -> str:
    """Return the methods of every route with this path, sorted, for `Allow` (RFC 9110, sections 9.3.7 and 10.2.1).

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
    """Return whether the address has routes of its own, and none for the method of this request.

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
