"""Error pages for requests that were refused before they reached the back office."""

from dataclasses import dataclass

from starlette.datastructures import URLPath
from starlette.requests import Request
from starlette.routing import BaseRoute, Match, NoMatchFound
from starlette.types import Receive, Scope, Send

from dovetail.api.pages.own_pages import TOLD
from dovetail.contrib.admin.entry.guard import error_page
from dovetail.contrib.admin.site_context import SiteContext


@dataclass(eq=False)
class RefusalRoute(BaseRoute):
    """Matches every request that was refused already."""

    site: SiteContext

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Return a full match if the request was refused."""
        return (Match.FULL if TOLD in scope else Match.NONE), {}

    def url_path_for(self, name: str, /, **_parameters: object) -> URLPath:
        """Raise NoMatchFound: the route has no URL."""
        raise NoMatchFound(name, _parameters)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Respond with the error page of the refusal."""
        response = await error_page(self.site, Request(scope, receive), scope[TOLD])
        await response(scope, receive, send)
