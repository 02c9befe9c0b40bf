"""Routes that no request reaches, because another's answers first: told at the start, not found out by a visitor."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

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
    for number, (later, behind) in enumerate(contexts):
        for earlier, front in contexts[:number]:
            if earlier.owner == later.owner or not (earlier.by_setup or later.by_setup):
                continue
            if _answers_first(front, behind):
                yield f"{_name(later, behind)} is never reached: {_name(earlier, front)} answers; give it another path"
            elif _is_within(front, behind):
                yield f"{_name(earlier, front)} hides a part of {_name(later, behind)}; give it another path"


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
    return f"the route {f'{method}{route.path}'!r} of {owner}"
