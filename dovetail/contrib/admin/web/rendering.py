"""Helpers for pages: URLs of routes and queries, and awaiting the results of hooks."""

from collections.abc import Awaitable
from inspect import isawaitable
from typing import TypeVar
from urllib.parse import urlencode

from starlette.requests import Request

from dovetail.contrib.admin.web.addresses import KeyConvertor

T = TypeVar("T")
PLACEHOLDER = "-key-"
KEYS = KeyConvertor()


async def finished(value: T | Awaitable[T]) -> T:
    """Return the result of a hook, which may be async."""
    return await value if isawaitable(value) else value


def path_for(request: Request, name: str, /, pk: object = None, **parameters: object) -> str:
    """Return the path of the route `name`, and of the object with the identifier `pk` if the route has one.

    A list of 200 rows has thousands of links, and each URL lookup searches the routes of a site. So the parts
    around the identifier are determined once per request, without building a whole URL as `Request.url_for` does.
    """
    made: dict[tuple[object, ...], tuple[str, str]] = request.scope.setdefault("dovetail_admin_addresses", {})
    key = (name, pk is not None, *parameters.items())
    if key not in made:
        more = {} if pk is None else {"pk": PLACEHOLDER}
        routes = request.scope.get("router") or request.app
        path = request.base_url.path.rstrip("/") + routes.url_path_for(name, **parameters, **more)
        before, _, after = path.rpartition(PLACEHOLDER) if more else (path, "", "")
        made[key] = before, after
    before, after = made[key]
    return before if pk is None else f"{before}{KEYS.to_string(pk)}{after}"


def query_of(request: Request, **changes: object) -> str:
    """Return the query string of this page with some parameters removed (None), or set to one or several values."""
    found: list[tuple[str, object]] = []
    for key, value in request.query_params.multi_items():
        if key not in changes:
            found.append((key, value))
        elif key not in {name for name, _ in found}:
            found += _pairs(key, changes[key])
    for key in [name for name in changes if name not in request.query_params]:
        found += _pairs(key, changes[key])
    return "?" + urlencode(found)


def _pairs(key: str, value: object) -> list[tuple[str, object]]:
    values = value if isinstance(value, list | tuple) else [] if value is None else [value]
    return [(key, one) for one in values]
