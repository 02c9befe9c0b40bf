"""Redirect the URLs of the last release, such as `/blog-post/edit/1`; to be removed after the next release."""

from functools import partial
from http import HTTPStatus
from typing import ClassVar

from starlette.convertors import Convertor, register_url_convertor
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse
from starlette.routing import NoMatchFound, Route

from dovetail.contrib.admin.entry.guard import guarded
from dovetail.contrib.admin.site_context import SiteContext
from dovetail.contrib.admin.web.rendering import path_for

NAMES = {"history": "object-history"}  # names of routes that differ from their part of the URL


class FormerPageConvertor(Convertor[str]):
    """Matches the rest of a former URL after the name of the view."""

    regex: ClassVar[str] = "list|create|delete|export/[a-z]+|(?:details|edit|history)/.*"

    def convert(self, value: str) -> str:
        """Return the text unchanged."""
        return value

    def to_string(self, value: str) -> str:
        """Return the text unchanged."""
        return value


def former_route(site: SiteContext) -> Route:
    """Return the route for all page URLs of the last release."""
    endpoint = guarded(site, partial(redirect_former_address, site))
    return Route("/{former}/{page:admin_former_page}", endpoint, name="former", methods=["GET"])


async def redirect_former_address(site: SiteContext, request: Request) -> RedirectResponse:
    """Redirect to the page's current URL. Raise HTTPException (404) for an unknown view."""
    identities = {view.former_identity: identity for identity, view in site.views.items()}
    identity = identities.get(request.path_params["former"])
    if identity is None:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    name, has_more, rest = request.path_params["page"].partition("/")
    more = {"export_type" if name == "export" else "pk": rest} if has_more else {}
    try:
        address = path_for(request, f"admin:{NAMES.get(name, name)}", identity=identity, **more)
    except NoMatchFound:  # a page of contrib/history, which may not be installed
        raise HTTPException(HTTPStatus.NOT_FOUND) from None
    query = f"?{request.url.query}" if request.url.query else ""
    return RedirectResponse(address + query, HTTPStatus.MOVED_PERMANENTLY)


register_url_convertor("admin_former_page", FormerPageConvertor())
