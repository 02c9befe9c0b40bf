"""Error pages for requests that were refused before they reached the back office."""

from dataclasses import dataclass

from starlette.datastructures import URLPath
from starlette.requests import Request
from starlette.routing import BaseRoute, Match, NoMatchFound
from starlette.types import Receive, Scope, Send

from dovetail.api.pages.own_pages import TOLD
from dovetail.contrib.admin.entry.guard import error_page
from dovetail.contrib.admin.office import Office


@dataclass(eq=False)
class RefusalRoute(BaseRoute):
    """The route of a request that was refused already, whatever its path is."""

    office: Office

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Return whether something is to be told."""
        return (Match.FULL if TOLD in scope else Match.NONE), {}

    def url_path_for(self, name: str, /, **_parameters: object) -> URLPath:
        """Raise NoMatchFound: no address leads here."""
        raise NoMatchFound(name, _parameters)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Tell what was refused, and why."""
        response = await error_page(self.office, Request(scope, receive), scope[TOLD])
        await response(scope, receive, send)
