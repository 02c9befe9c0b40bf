"""A route that can answer without FastAPI's dependencies where a request needs none of them."""

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeAlias

from fastapi import routing
from sqlalchemy.exc import DBAPIError
from starlette.requests import Request
from starlette.responses import Response

Quick: TypeAlias = Callable[[Request], Awaitable[Response | None]]


class QuickRoute(routing.APIRoute):
    """Asks the endpoint's attribute `quick` first; where that answers None, FastAPI runs the endpoint as usual.

    The endpoint stays in the OpenAPI document, and middleware, errors, headers and logs are the same on both ways.
    Dependencies that a router or `include_router` adds, and dependency overrides of tests, always take the usual way.
    `get_route_handler` is FastAPI's extension point for this
    (https://fastapi.tiangolo.com/how-to/custom-request-and-route/).
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The function that answers a request."""
        usual = super().get_route_handler()
        quick: Quick | None = getattr(self.endpoint, "quick", None)
        # An included route has a context of its own for each inclusion, with the dependencies added on the way.
        context = routing._effective_route_context_var.get()  # noqa: SLF001 - FastAPI has no public name for it yet
        dependencies = (context or self).dependencies
        if quick is None or dependencies:
            return usual

        async def handle(request: Request) -> Response:
            if not request.app.dependency_overrides:
                response = await _attempt(quick, request)
                if response is not None:
                    return response
            return await usual(request)

        return handle


async def _attempt(quick: Quick, request: Request) -> Response | None:
    try:
        return await quick(request)
    except DBAPIError as error:
        if not error.connection_invalidated or isinstance(error.orig, TimeoutError):
            raise  # what waited in vain would wait as long again
        return None  # the database was restarted, say; a read can be tried once more on another connection
