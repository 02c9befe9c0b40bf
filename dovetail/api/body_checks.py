"""A body that takes a closer look gets it after the login that its address demands: work is for those we know."""

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import Any, TypeVar, cast

from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, APIWebSocketRoute, iter_route_contexts
from starlette._utils import get_route_path
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.types import Scope

CallableT = TypeVar("CallableT", bound=Callable[..., Any])
Check = Callable[[], None]

KNOWN_MATCHES = {one.matches for one in (APIRoute, Route, Mount, APIWebSocketRoute, WebSocketRoute)}

_waiting: ContextVar[tuple[Check, ...]] = ContextVar("dovetail_body_checks", default=())


@contextmanager
def after_login(scope: Scope, check: Check) -> Iterator[None]:
    """Run `check` within the block when somebody has logged in, or at once if the address demands no login."""
    if not _demands_login(scope):
        check()
        yield
        return
    token = _waiting.set((check,))
    try:
        yield
    finally:
        _waiting.reset(token)


def is_waiting() -> bool:
    """Whether the body of this request has still to be looked at."""
    return bool(_waiting.get())


def then_check(dependency: CallableT) -> CallableT:
    """Let a dependency that demands a login look at the body once it has found out who asks.

    Anything but a function, which FastAPI may call in ways of its own, is left as it is.
    """
    if inspect.iscoroutinefunction(dependency):

        @wraps(dependency)
        async def demand(*args: Any, **kwargs: Any) -> Any:
            found = await dependency(*args, **kwargs)
            _check()
            return found

    elif inspect.isfunction(dependency) and not _is_generator(dependency):

        @wraps(dependency)
        def demand(*args: Any, **kwargs: Any) -> Any:
            found = dependency(*args, **kwargs)
            _check()
            return found

    else:
        return dependency
    demand.looks_at_body = True  # type: ignore[attr-defined]  # a function takes any attribute
    return cast("CallableT", demand)


def _is_generator(function: Callable[..., Any]) -> bool:
    return inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function)


def _check() -> None:
    for check in _waiting.get():
        check()


def _demands_login(scope: Scope) -> bool:
    app, path = scope["app"], get_route_path(scope)
    if app.dependency_overrides:  # who stands in for a dependency in a test looks at nothing
        return False
    for route in iter_route_contexts(app.routes):
        if getattr(type(route.original_route), "matches", None) not in KNOWN_MATCHES:
            return False  # it may choose in a way of its own
        pattern = getattr(route, "path_regex", None)
        if pattern is not None and pattern.match(path) and scope["method"] in (route.methods or {scope["method"]}):
            return isinstance(route.original_route, APIRoute) and _looks_at_body(route.dependant)
    return False


def _looks_at_body(dependant: Dependant) -> bool:
    return hasattr(dependant.call, "looks_at_body") or any(map(_looks_at_body, dependant.dependencies))
