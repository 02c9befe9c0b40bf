"""An ASGI layer in front of FastAPI's router, which answers by itself the reads and the creates it knows.

An endpoint whose function has an attribute `quick` can do without FastAPI's routing and dependencies, which cost
several times what a compiled read does. `quick` is asked first; where it answers None, and wherever anything is
unusual, FastAPI runs the endpoint as usual, so `quick` must give what the endpoint would give. The endpoint is an
ordinary one: it stands in the OpenAPI document, in `manage.py routes` and in the scope that middleware sees.

The layer is the innermost middleware. Request ids, logs, headers, limits and what plugins add are around it, and the
exceptions of `quick` meet the application's own handlers.
"""

import re
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from fastapi import FastAPI
from fastapi.routing import APIRoute, APIWebSocketRoute
from sqlalchemy.exc import DBAPIError
from starlette.convertors import Convertor
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, WebSocketRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dovetail.api.body_checks import is_waiting
from dovetail.api.fastapi_private import TELEMETRY, RouteContext, chooses_by_its_pattern, path_within, routes_of
from dovetail.api.front.repeating import TRIED, Repeating
from dovetail.database.drivers.lost_connections import asks_for_another_try

Quick: TypeAlias = Callable[[Request], Awaitable[Response | None]]
METHODS = frozenset({"GET", "POST"})
UNNAMED = re.compile(r"\(\?P<[^>]+>")


class QuickMiddleware:
    """Asks an endpoint's `quick` before FastAPI."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = Repeating(app)
        self._routes: dict[str, QuickRoutes] = {}  # by method

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or run the application."""
        if scope["type"] != "http" or scope["method"] not in METHODS or TELEMETRY in scope:
            await self.app(scope, receive, send)
            return
        if scope["method"] == "POST":
            receive = _Rereadable(receive)
        response: ASGIApp | None
        try:
            response = await self._attempt(scope, receive)
        except Exception as error:  # noqa: BLE001 - every exception goes where those of an endpoint go
            response = _Raise(error, scope["app"])
        if isinstance(receive, _Rereadable):
            receive = receive.again()
        await (response or self.app)(scope, receive, send)

    async def _attempt(self, scope: Scope, receive: Receive) -> Response | None:
        app: FastAPI = scope["app"]
        if app.dependency_overrides or is_waiting():
            return None
        routes = self._routes.get(scope["method"])
        if routes is None:  # routes are added until the first request comes
            routes = self._routes[scope["method"]] = QuickRoutes(app, scope["method"])
        quick = routes.find(scope)
        if quick is None:
            return None
        try:
            return await quick(Request(scope, receive))
        except DBAPIError as error:
            if asks_for_another_try(error):  # and nothing was written: `quick` answers for that
                scope[TRIED] = True
                return None
            if scope["method"] != "GET" or not error.connection_invalidated or isinstance(error.orig, TimeoutError):
                raise  # what waited in vain would wait as long again, and what was written must not be written twice
            return None  # the database was restarted, say; a read can be tried once more on another connection


class QuickResponse(Response):
    """A response of JSON that is made without a look at its headers; they are bytes already, with small names."""

    def __init__(self, body: bytes, headers: tuple[tuple[bytes, bytes], ...] = ()) -> None:
        self.status_code, self.body, self.background = 200, body, None
        length = (b"content-length", b"%d" % len(body))
        self.raw_headers = [*headers, length, (b"content-type", b"application/json")]


class QuickRoutes:
    """Finds the endpoint that FastAPI's router would choose for a path, if it has a `quick`."""

    def __init__(self, app: FastAPI, method: str) -> None:
        # All routes in one pattern: the first that fits wins, as in the router, and one that is not ours stands in it
        # too, for it may stand in front of ours.
        parts, groups = [], 0
        self._router = app.router
        self._by_group: dict[int, _QuickRoute] = {}
        for route in _routes(app, method):
            pattern: re.Pattern[str] = route.path_regex
            if _is_quick(route):
                self._by_group[groups + 1] = _QuickRoute.of(route)
            parts.append(f"({UNNAMED.sub('(', pattern.pattern)})")
            groups += 1 + pattern.groups
        self._pattern = re.compile("|".join(parts))
        fixed = {one.path: self._match(one.path) for one in self._by_group.values() if not one.convertors}
        self._by_path = {path: route for path, route in fixed.items() if route is not None}

    def find(self, scope: Scope) -> Quick | None:
        """The `quick` of the endpoint at this path, which is noted in the scope; None if there is none."""
        path = path_within(scope)
        route = self._by_path.get(path) or self._match(path)
        if route is None:
            return None
        scope["router"], scope["route"], scope["endpoint"] = self._router, route.original, route.endpoint
        scope["path_params"] = {**scope.get("path_params", {}), **route.parameters(path)}
        return route.quick

    def _match(self, path: str) -> "_QuickRoute | None":
        found = self._pattern.match(path)
        return self._by_group.get(found.lastindex or 0) if found else None


@dataclass(frozen=True)
class _QuickRoute:
    """What is known of a route, each where it is had at once."""

    quick: Quick
    path: str
    pattern: re.Pattern[str]
    convertors: Mapping[str, Convertor[Any]]
    endpoint: Callable[..., Any]
    original: BaseRoute

    @classmethod
    def of(cls, route: RouteContext) -> "_QuickRoute":
        endpoint: Any = route.endpoint
        original = route.original_route
        return cls(endpoint.quick, str(route.path), route.path_regex, route.param_convertors, endpoint, original)

    def parameters(self, path: str) -> dict[str, Any]:
        found = self.pattern.match(path) if self.convertors else None
        return {name: self.convertors[name].convert(text) for name, text in found.groupdict().items()} if found else {}


class _Rereadable:
    """Receives a body for `quick`, and the same again for FastAPI."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._seen: deque[Message] = deque()

    async def __call__(self) -> Message:
        self._seen.append(await self._receive())
        return self._seen[-1]

    def again(self) -> Receive:
        if not self._seen:
            return self._receive

        async def receive() -> Message:
            return self._seen.popleft() if self._seen else await self._receive()

        return receive


@dataclass(frozen=True)
class _Raise:
    """Lets an exception meet the application's handlers, as that of an endpoint does."""

    error: Exception
    app: FastAPI

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        known = {key: handler for key, handler in self.app.exception_handlers.items() if key not in {500, Exception}}
        handlers: Any = known  # FastAPI's handlers take several kinds of requests and exceptions

        async def fail(*_: object) -> None:
            raise self.error

        await ExceptionMiddleware(fail, handlers, debug=self.app.debug)(scope, receive, send)


def _routes(app: FastAPI, method: str) -> Iterator[RouteContext]:
    """The routes that may answer the method, in the router's order, up to one that chooses in a way of its own."""
    for route in routes_of(app.routes):
        if isinstance(route.original_route, (WebSocketRoute, APIWebSocketRoute)):
            continue
        if not chooses_by_its_pattern(route):
            return
        if route.methods is None or method in route.methods:
            yield route


def _is_quick(route: RouteContext) -> bool:
    # What a router or an inclusion adds (dependencies) is FastAPI's business.
    is_plain = type(route.original_route) is APIRoute and not route.dependencies
    return is_plain and getattr(route.endpoint, "quick", None) is not None
