"""Endpoints that answer with a stream, as FastAPI makes of those that yield."""

import inspect
from collections.abc import Iterator

from fastapi import FastAPI
from fastapi.routing import APIRoute

from dovetail.api.fastapi_private import RouteContext, routes_of
from dovetail.database.session import stream_sessions, unit_of_work


def streams_without_a_session(app: FastAPI) -> Iterator[str]:
    """One sentence for each such endpoint that asks for a session which is closed before it yields anything."""
    for route in routes_of(app.routes):
        if isinstance(route.original_route, APIRoute) and _yields(route) and _asks_for_a_session(route):
            yield (
                f"the endpoint {route.name!r} ({route.path}) yields, and its SessionDep is closed by then; "
                f"let it ask for {stream_sessions.__module__}.StreamSessionsDep"
            )


def _yields(route: RouteContext) -> bool:
    return inspect.isasyncgenfunction(route.endpoint) or inspect.isgeneratorfunction(route.endpoint)


def _asks_for_a_session(route: RouteContext) -> bool:
    return any(one.call is unit_of_work for one in route.dependant.dependencies)
