"""Make `admin:list` the address of the site that a request came to, where an application has several."""

from starlette.datastructures import URLPath
from starlette.routing import BaseRoute, NoMatchFound, Router
from starlette.types import ASGIApp, Receive, Scope, Send


class OwnAddresses:
    """Stands in front of the pages of a site; names of routes that are none of its own are those of the application."""

    def __init__(self, app: ASGIApp, mount: BaseRoute) -> None:
        self._app = app
        self._mount = mount

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if "router" in scope:
            scope["router"] = _Names(self._mount, scope["router"])
        await self._app(scope, receive, send)


class _Names(Router):
    def __init__(self, mount: BaseRoute, others: Router) -> None:
        super().__init__()
        self._mount, self._others = mount, others

    def url_path_for(self, name: str, /, **path_params: object) -> URLPath:
        """Return the path of a route: of this site if it has one of the name."""
        if name.startswith("admin:"):
            try:
                return self._mount.url_path_for(name, **path_params)
            except NoMatchFound:
                pass
        return self._others.url_path_for(name, **path_params)
