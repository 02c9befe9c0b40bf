"""The addresses of routes are those that FastAPI answers at."""

from fastapi import APIRouter
from fastapi.routing import iter_route_contexts
from starlette.responses import Response
from starlette.routing import Mount, Route

from dovetail.api.addresses import addresses
from dovetail.registry import load_registry


def as_fastapi_says(routes):
    return [(str(context.path), sorted(context.methods or ())) for context in iter_route_contexts(routes)]


async def endpoint():
    return None


def test_included_routers_count_with_every_prefix_above_them():
    inner, middle, outer = APIRouter(prefix="/inner"), APIRouter(prefix="/middle"), APIRouter()
    inner.add_api_route("/{id}", endpoint, methods=["GET", "DELETE"])
    inner.add_api_websocket_route("/live", endpoint)
    middle.include_router(inner, prefix="/deep")
    middle.routes.append(Route("/plain", Response))
    middle.routes.append(Mount("/files", Response()))
    outer.add_api_route("/first", endpoint)
    outer.include_router(middle, prefix="/v1")
    outer.routes.append(Mount("/below", Response()))

    found = list(addresses(outer.routes))

    assert ("/v1/middle/deep/inner/{id}", ["DELETE", "GET"]) in found
    assert ("/v1/middle/deep/inner/live", []) in found
    assert found == as_fastapi_says(outer.routes)


def test_the_routes_of_the_site_are_where_fastapi_says(settings):
    routers = [router for plugin in load_registry(settings).plugins for router in plugin.routers]

    assert routers
    for router in routers:
        assert list(addresses(router.routes)) == as_fastapi_says(router.routes)
