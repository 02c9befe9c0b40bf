"""Routes that no request reaches, because another's answers first: told at the start, not found out by a visitor."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from fastapi import FastAPI
from fastapi.routing import RouteContext, iter_route_contexts
from starlette.routing import BaseRoute, Mount


@dataclass(frozen=True)
class OwnedRoute:
    """A route, who brought it, and whether `setup` did."""

    route: BaseRoute
    owner: str
    by_setup: bool


def shadowed_routes(owned: Sequence[OwnedRoute]) -> Iterator[str]:
    """One sentence for each route that a `setup` brought to an address of somebody else, or hides another's with.

    `owned` is in the router's order. What routers list is compared before there is an application.
    """
    contexts = [(one, context) for one in owned for context in iter_route_contexts([one.route])]
    for number, (earlier, front) in enumerate(contexts):
        others = [
            (later, behind)
            for later, behind in contexts[number + 1 :]
            if earlier.owner != later.owner and (earlier.by_setup or later.by_setup)
        ]
        if unreached := [one for one in others if _answers_first(front, one[1])]:
            more = f" (and {len(unreached) - 1} more)" if len(unreached) > 1 else ""
            advice = "give it another path, or let the plugin that answers depend on the others"
            yield f"{_name(*unreached[0])}{more} is never reached: {_name(earlier, front)} answers; {advice}"
        for later, behind in others:
            if _is_within(front, behind):
                yield f"{_name(earlier, front)} hides a part of {_name(later, behind)}; give it another path"


def answers(app: FastAPI, path: str) -> bool:
    """Whether there is something at `path` to read."""
    return any(
        context.path_regex.match(path) is not None and "GET" in (context.methods or ("GET",))
        for context in iter_route_contexts(app.routes)
        if getattr(context, "path_regex", None) is not None
    )


def _answers_first(front: RouteContext, behind: RouteContext) -> bool:
    pattern = getattr(front, "path_regex", None)
    path = getattr(behind, "path", None)
    if pattern is None or path is None or _is_mount(behind) > _is_mount(front):
        return False
    shares = front.methods is None or behind.methods is None or bool(front.methods & behind.methods)
    return shares and pattern.match(path + "/" if _is_mount(behind) else path) is not None


def _is_within(front: RouteContext, behind: RouteContext) -> bool:
    inside = getattr(behind, "path", None)
    return _is_mount(behind) and bool(inside) and str(getattr(front, "path", "")).startswith(f"{inside}/")


def _is_mount(route: RouteContext) -> bool:
    return isinstance(route.original_route, Mount)


def _name(one: OwnedRoute, route: RouteContext) -> str:
    method = f"{min(route.methods)} " if route.methods else ""
    owner = f"plugin {one.owner!r}" if one.owner else "the kernel"
    address = f"{method}{route.path or '/'}"
    return f"the route {address!r} of {owner}"
