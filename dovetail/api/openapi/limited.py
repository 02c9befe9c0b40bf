"""Say in the OpenAPI document which operations have a limit of their own."""

from fastapi.routing import APIRoute

from dovetail.api.fastapi_private import RouteContext
from dovetail.api.openapi.names import Json
from dovetail.api.throttling.throttled import is_throttled


def describe_limits(document: Json, routes: list[RouteContext]) -> None:
    """Write down the answer 429 of every operation that has a limit."""
    for route in routes:
        if not isinstance(route.original_route, APIRoute) or not is_throttled(route.dependant):
            continue
        for method in route.methods or ():
            operation = document["paths"].get(route.path_format, {}).get(method.lower())
            if operation is not None:
                operation.setdefault("responses", {}).setdefault("429", {})
