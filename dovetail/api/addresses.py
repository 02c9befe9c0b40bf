"""Where the routes of a router are, found out without making what it takes to answer them.

FastAPI's iter_route_contexts makes a context of each route of an included router, with its own validators; an
application makes them anew, under a prefix of its own. tests/api/test_addresses.py fails when FastAPI keeps routes in
another way.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from starlette.routing import BaseRoute


def addresses(routes: Sequence[BaseRoute], prefix: str = "") -> Iterator[tuple[str, list[str]]]:
    """The path and the sorted methods of each route, those of included routers too; a WebSocket has no method."""
    for route in routes:
        included: Any = getattr(route, "original_router", None)
        if included is None:
            yield f"{prefix}{getattr(route, 'path', None)}", sorted(getattr(route, "methods", None) or ())
        else:
            yield from addresses(included.routes, prefix + route.include_context.prefix)  # type: ignore[attr-defined]  # of an included router
