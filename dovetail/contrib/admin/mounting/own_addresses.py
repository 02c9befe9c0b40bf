"""Make names such as `admin:list` refer to the current back office, and resolve them without searching all routes."""

from collections.abc import Iterator
from functools import lru_cache

from starlette.datastructures import URLPath
from starlette.routing import BaseRoute, Mount, NoMatchFound, Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

PREFIX = "admin:"
MOST_KEPT = 2_000  # cached paths: those with primary keys may be millions


class OwnAddresses:
    """Middleware by which requests resolve route names of their site first, and then those of the application.

    A page has about a hundred URLs. The application has as many routes before the back office, and Starlette tries
    them one by one, raising an error for each that has another name, which took half of the time of a list.
    """

    def __init__(self, app: ASGIApp, mount: Mount) -> None:
        self._app = app
        self._mount = mount
        self._looked_at: list[BaseRoute] = []
        self._named: dict[str, list[BaseRoute]] = {}
        self._mounted: list[BaseRoute] = []  # a mount, whose routes have names with a prefix
        self._find_once = lru_cache(MOST_KEPT)(self._find)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request."""
        if "router" in scope:
            scope["router"] = _Names(self, scope["router"])
        await self._app(scope, receive, send)

    def path_of(self, name: str, /, **path_params: object) -> URLPath | None:
        """Return the path of this site's route `name`; None if it has none."""
        self._look_at_routes()
        are_texts = all(isinstance(value, str) for value in path_params.values())  # 1 equals True as a key
        return self._find_once(name, **path_params) if are_texts else self._find(name, **path_params)

    def _find(self, name: str, /, **path_params: object) -> URLPath | None:
        for route in self._routes_named(name):
            try:
                path = route.url_path_for(name, **path_params)
            except NoMatchFound:
                continue
            return URLPath(path=f"{self._mount.path}{path}", protocol=path.protocol)
        return None

    def _look_at_routes(self) -> None:
        routes = self._mount.routes
        if self._looked_at != routes:  # for the same objects, which is nearly always, this is fast
            self._looked_at, self._named, self._mounted = list(routes), {}, []
            self._find_once.cache_clear()
            for route in routes:
                (self._named.setdefault(route.name, []) if isinstance(route, Route) else self._mounted).append(route)

    def _routes_named(self, name: str) -> Iterator[BaseRoute]:
        yield from self._named.get(name, ())
        yield from self._mounted


class _Names:
    """Takes the place of the application's router when a request builds URLs."""

    def __init__(self, own: OwnAddresses, others: Router) -> None:
        self._own, self._others = own, others

    def url_path_for(self, name: str, /, **path_params: object) -> URLPath:
        """Return the path of a route, of this site if it has the name. Raise NoMatchFound if there is none."""
        if name.startswith(PREFIX):
            found = self._own.path_of(name.removeprefix(PREFIX), **path_params)
            if found is not None:
                return found
        return self._others.url_path_for(name, **path_params)
