"""Check the routes of a finished application at start: unreachable ones, and endpoints that could not work."""

import inspect
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from fastapi import FastAPI
from fastapi.routing import APIRoute, APIWebSocketRoute
from starlette.convertors import Convertor, FloatConvertor, IntegerConvertor, PathConvertor, UUIDConvertor
from starlette.routing import Mount, WebSocketRoute

from dovetail.api.fastapi_private import RouteContext, routes_of
from dovetail.api.throttling.rates import LIMITER
from dovetail.api.throttling.throttled import is_throttled
from dovetail.database.session import stream_sessions, unit_of_work
from dovetail.state import StateKey

WEBSOCKET = "WEBSOCKET"
EVERY_METHOD = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE"})
WEBSOCKET_ALONE = frozenset({WEBSOCKET})
EVERYTHING = EVERY_METHOD | WEBSOCKET_ALONE  # the methods of a mount
PARAMETER = re.compile(r"{(\w+)(:\w+)?}")
# A value of each kind of parameter, which if possible no other kind accepts.
SAMPLES: dict[type, str] = {
    IntegerConvertor: "7351",
    FloatConvertor: "73.51",
    UUIDConvertor: "1b4e28ba-2fa1-4d2c-883f-0016d3cca427",
    PathConvertor: "~a/~b",
}
ANY_TEXT = "~a"
ROUTE_OWNERS = StateKey[dict[int, str]]("route_owners")  # by the `id` of each of the application's routes
FAR_WITHIN = "/~a/~b/~c/~d"  # an address in a mount


@dataclass(frozen=True)
class _Route:
    """The address, the methods and the owner of a route."""

    owner: str
    path: str
    pattern: re.Pattern[str]
    methods: frozenset[str]
    is_mount: bool
    sample: str  # an address of this route, which matches another route only if that matches all of this one's

    @property
    def name(self) -> str:
        method = f"{min(self.methods)} " if not self.is_mount and self.methods != EVERY_METHOD else ""
        owner = "the kernel" if self.owner == "kernel" else f"plugin {self.owner!r}" if self.owner else "the site"
        address = method + (self.path or "/")
        return f"the route {address!r} of {owner}"


def unreachable_routes(app: FastAPI) -> Iterator[str]:
    """Yield a sentence for each route that another answers first, and for each that hides a part of a mount.

    ROUTE_OWNERS has the owners of the application's routes: a plugin's name, or "kernel"; others are the site's own.
    """
    routes = list(_routes(app, ROUTE_OWNERS.get(app)))
    for number, front in enumerate(routes):
        behind = routes[number + 1 :]
        beginning = front.path.partition("{")[0]  # of all that it answers: most others are passed over by it
        alike = [route for route in behind if route.sample.startswith(beginning)]
        if unreached := [route for route in alike if _answers_first(front, route)]:
            more = f" (and {len(unreached) - 1} more)" if len(unreached) > 1 else ""
            advice = "give it another path, or mount it elsewhere in project/urls.py"
            yield f"{unreached[0].name}{more} is never reached: {front.name} answers; {advice}"
        for route in (one for one in behind if one.is_mount):
            if route.path and route.owner != front.owner and front.path.startswith(f"{route.path}/"):
                yield f"{front.name} hides a part of {route.name}; give it another path"


def streams_without_a_session(app: FastAPI) -> Iterator[str]:
    """Yield a sentence for each endpoint that yields and takes SessionDep, which is closed by then."""
    for route in routes_of(app.routes):
        if isinstance(route.original_route, APIRoute) and _yields(route) and _asks_for_a_session(route):
            yield (
                f"the endpoint {route.name!r} ({route.path}) yields, and its SessionDep is closed by then; "
                f"let it ask for {stream_sessions.__module__}.StreamSessionsDep"
            )


def limits_without_a_limiter(app: FastAPI) -> Iterator[str]:
    """Yield a sentence for each endpoint with a rate limit on a site without a limiter."""
    if LIMITER.find(app) is not None:
        return
    for route in routes_of(app.routes):
        if isinstance(route.original_route, APIRoute) and is_throttled(route.dependant):
            yield f"the endpoint {route.name!r} ({route.path}) has a limit, and nobody counts requests; {LIMITER.hint}"


def answers(app: FastAPI, path: str) -> bool:
    """Return whether a route answers GET at `path`."""
    return any(
        context.path_regex.match(path) is not None and "GET" in _methods(context)
        for context in routes_of(app.routes)
        if _has_a_pattern(context)
    )


def _routes(app: FastAPI, owners: Mapping[int, str]) -> Iterator[_Route]:
    for route in app.routes:
        for context in routes_of([route]):
            if _has_a_pattern(context):
                yield _route(context, owners.get(id(route), ""))


def _has_a_pattern(context: RouteContext) -> bool:
    return getattr(context, "path_regex", None) is not None


def _methods(context: RouteContext) -> frozenset[str]:
    original = context.original_route
    if isinstance(original, (WebSocketRoute, APIWebSocketRoute)):
        return WEBSOCKET_ALONE
    everything = EVERYTHING if isinstance(original, Mount) else EVERY_METHOD
    return frozenset(context.methods or everything) - {"HEAD"}


def _route(context: RouteContext, owner: str) -> _Route:
    path, is_mount = str(context.path), isinstance(context.original_route, Mount)
    kinds: Mapping[str, Convertor[object]] = context.param_convertors
    sample = PARAMETER.sub(lambda found: SAMPLES.get(type(kinds[found[1]]), ANY_TEXT), path)
    return _Route(
        owner=owner,
        path=path,
        pattern=context.path_regex,
        methods=_methods(context),
        is_mount=is_mount,
        sample=sample + FAR_WITHIN if is_mount else sample,
    )


def _answers_first(front: _Route, behind: _Route) -> bool:
    return bool(front.methods & behind.methods) and front.pattern.match(behind.sample) is not None


def _yields(route: RouteContext) -> bool:
    return inspect.isasyncgenfunction(route.endpoint) or inspect.isgeneratorfunction(route.endpoint)


def _asks_for_a_session(route: RouteContext) -> bool:
    return any(one.call is unit_of_work for one in route.dependant.dependencies)
