"""The fast path: an ASGI layer in front of FastAPI's router, which answers by itself the requests it knows.

FastAPI's routing and dependencies cost several times as much as a compiled read. An `Endpoint` with a `fast_path` can
be run without them: the fast path is called first; if it returns None, as for anything unusual, FastAPI runs the
endpoint as usual. So both must give the same answer. The endpoint is an ordinary one: it is in the OpenAPI document, in
`manage.py routes` and in the scope that middleware sees.

Two modules decide whether a request takes the fast path: this one for what holds for every endpoint (`_may_take`,
`_FastRoute.of`), and `resources/endpoints/fast_path.py` for what depends on the user and on what is sent.

This is the innermost middleware. Request ids, logs, headers, limits and the middleware of plugins are around it, and
the application's own handlers answer exceptions of a fast path.
"""

import re
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from fastapi import FastAPI
from fastapi.routing import APIRoute, APIWebSocketRoute
from sqlalchemy.exc import DBAPIError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, WebSocketRoute, compile_path
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dovetail.api.body_checks import waiting
from dovetail.api.fastapi_private import TELEMETRY, RouteContext, chooses_by_its_pattern, path_within, routes_of
from dovetail.api.front.endpoint import Endpoint, FastAnswer
from dovetail.api.front.repeating import TRIED, Raise, Repeating
from dovetail.database.drivers.lost_connections import asks_for_another_try

METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE"})
PARTS_OF_START = 2  # `/api/posts`: only the few routes that start as the path does are tried
UNNAMED = re.compile(r"\(\?P<[^>]+>")


class FastJSONResponse(Response):
    """A JSON response whose headers are bytes already, with names in lower case, so that they are not encoded again."""

    def __init__(self, body: bytes, headers: tuple[tuple[bytes, bytes], ...] = ()) -> None:
        self.status_code, self.body, self.background = 200, body, None
        length = (b"content-length", b"%d" % len(body))
        self.raw_headers = [*headers, length, (b"content-type", b"application/json")]


class FastPathMiddleware:
    """Calls the fast path of an endpoint before FastAPI."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = Repeating(app)
        self._routes: dict[str, FastPathRoutes] = {}  # by method

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or run the application."""
        if not _may_take(scope):
            await self.app(scope, receive, send)
            return
        if scope["method"] != "GET":
            receive = RereadableBody(receive)
        response: ASGIApp | None
        try:
            answer = self._find(scope)
            response = None if answer is None else await answer(Request(scope, receive))
        except Exception as error:  # noqa: BLE001 - every exception goes where those of an endpoint go
            response = _after(error, scope)
        if isinstance(receive, RereadableBody):
            receive = receive.again()
        await (response or self.app)(scope, receive, send)

    def _find(self, scope: Scope) -> FastAnswer | None:
        routes = self._routes.get(scope["method"])
        if routes is None:  # not earlier: routes may be added until the first request
            routes = self._routes[scope["method"]] = FastPathRoutes(scope["app"], scope["method"])
        return routes.find(scope)


class RereadableBody:
    """Receives the body for a fast path, and can replay it for FastAPI."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._seen: deque[Message] = deque()

    async def __call__(self) -> Message:
        """Receive the next part."""
        self._seen.append(await self._receive())
        return self._seen[-1]

    def again(self) -> Receive:
        """Return a `receive` that starts with the parts that were received."""
        if not self._seen:
            return self._receive

        async def receive() -> Message:
            return self._seen.popleft() if self._seen else await self._receive()

        return receive


class FastPathRoutes:
    """Finds the endpoint that FastAPI's router would choose for a path, if it has a fast path."""

    def __init__(self, app: FastAPI, method: str) -> None:
        self._router = app.router
        routes = [(route, _FastRoute.of(route, app)) for route in _routes(app, method)]
        starts = [_start_of(route) for route, _ in routes]

        def alternatives(start: str | None) -> _Alternatives:
            return _Alternatives([one for one, own in zip(routes, starts, strict=True) if own in {None, start}])

        self._by_start = {start: alternatives(start) for start in set(starts)}
        self._others = alternatives(None)
        self._by_path: dict[str, _Match] = {}
        for _, fast in routes:
            if fast is not None and not fast.parameters and (found := self._match(fast.path)) is not None:
                self._by_path[fast.path] = found

    def find(self, scope: Scope) -> FastAnswer | None:
        """Return the FastAnswer of the endpoint at this path, noting the route in the scope; None without one."""
        path = path_within(scope)
        found = self._by_path.get(path) or self._match(path)
        if found is None:
            return None
        route, parameters = found
        scope["router"], scope["route"], scope["endpoint"] = self._router, route.original, route.endpoint
        scope["path_params"] = {**scope.get("path_params", {}), **parameters}
        return route.answer

    def _match(self, path: str) -> "_Match | None":
        return self._by_start.get(_start(path), self._others).match(path)


class _Alternatives:
    """Routes in the router's order, as one pattern: the first that matches wins.

    It includes the routes without a fast path, since one of them may come before a route with one.
    """

    def __init__(self, routes: "Sequence[tuple[RouteContext, _FastRoute | None]]") -> None:
        parts, groups = [], 0
        self._by_group: dict[int, _FastRoute] = {}
        for route, fast in routes:
            pattern: re.Pattern[str] = route.path_regex
            if fast is not None:
                self._by_group[groups + 1] = fast
            parts.append(f"({UNNAMED.sub('(', pattern.pattern)})")
            groups += 1 + pattern.groups
        self._pattern = re.compile("|".join(parts))

    def match(self, path: str) -> "_Match | None":
        """Return the route for a path, if it has a fast path, and the parameters in it."""
        found = self._pattern.match(path)
        number = (found and found.lastindex) or 0
        route = self._by_group.get(number)
        if found is None or route is None:
            return None
        return route, {name: read(found[number + place]) for name, place, read in route.parameters}


@dataclass(frozen=True)
class _FastRoute:
    """A route with a fast path, and the parts of it that a request needs."""

    answer: FastAnswer
    path: str
    parameters: Sequence[tuple[str, int, Callable[[str], object]]]  # each with its place in the pattern
    endpoint: Callable[..., object]
    original: BaseRoute

    @classmethod
    def of(cls, route: RouteContext, app: FastAPI) -> "_FastRoute | None":
        """Return None for a route without a fast path, or to which a router or an inclusion adds dependencies."""
        endpoint, original = route.endpoint, route.original_route
        if not isinstance(endpoint, Endpoint) or endpoint.fast_path is None:
            return None
        if type(original) is not APIRoute or route.dependencies:
            return None
        places = route.path_regex.groupindex
        parameters = [(name, places[name], one.convert) for name, one in route.param_convertors.items()]
        return cls(endpoint.fast_path(app), str(route.path), parameters, endpoint, original)


_Match: TypeAlias = tuple[_FastRoute, Mapping[str, object]]


def _start_of(route: RouteContext) -> str | None:
    """Return the beginning of all paths of a route; None if it is not the same for all."""
    path = str(route.path)
    if compile_path(path)[0].pattern != route.path_regex.pattern:
        return None  # as that of what is mounted
    fixed, _, parameter = path.partition("{")
    return None if parameter and fixed.count("/") <= PARTS_OF_START else _start(path)


def _start(path: str) -> str:
    return "/".join(path.split("/", PARTS_OF_START + 1)[: PARTS_OF_START + 1])


def _may_take(scope: Scope) -> bool:
    """Return True for a request that may take the fast path, whatever its endpoint."""
    if scope["type"] != "http" or scope["method"] not in METHODS:
        return False
    if TELEMETRY in scope or scope["app"].dependency_overrides:  # of a test
        return False
    # Some bodies are checked after the login of their endpoint. On the fast path only reads do that (`authenticates`),
    # so such a write is left to FastAPI's dependencies.
    return scope["method"] == "GET" or not waiting.get()


def _after(error: Exception, scope: Scope) -> ASGIApp | None:
    """Return the application that answers a request whose fast path raised `error`; None to let FastAPI try again."""
    if isinstance(error, DBAPIError) and scope["method"] != "GET" and asks_for_another_try(error):
        scope[TRIED] = True  # nothing was written: the fast path guarantees it
        return None
    return Raise(error, scope["app"])  # a read was tried twice already


def _routes(app: FastAPI, method: str) -> Iterator[RouteContext]:
    """Yield the routes for the method, in the router's order, up to one that does not choose by its pattern alone."""
    for route in routes_of(app.routes):
        if isinstance(route.original_route, (WebSocketRoute, APIWebSocketRoute)):
            continue
        if not chooses_by_its_pattern(route):
            return
        if route.methods is None or method in route.methods:
            yield route
