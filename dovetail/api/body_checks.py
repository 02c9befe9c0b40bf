"""Check a body that takes work only after the login that its address demands: work is for those we know."""

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import wraps
from typing import TypeVar, cast

from fastapi.routing import APIRoute
from starlette.types import Scope

from dovetail.api.fastapi_private import Dependant, chooses_by_its_pattern, path_within, routes_of

CallableT = TypeVar("CallableT", bound=Callable[..., object])
Check = Callable[[], None]

_LOGIN = "dovetail_login"  # the attribute of a function that holds its Login
# What has still to be checked of the body of this request.
waiting: ContextVar[tuple[Check, ...]] = ContextVar("dovetail_body_checks", default=())


@dataclass(frozen=True)
class Login:
    """A dependency that authenticates: whether it answers 401 to somebody unknown, and checks the body then."""

    required: bool
    checks_body: bool


def set_login(dependency: CallableT, login: Login) -> CallableT:
    """Write down on a function how it finds out who is asking; `login_of` reads it."""
    setattr(dependency, _LOGIN, login)
    return dependency


def login_of(dependency: Callable[..., object] | None) -> Login | None:
    """Return how a dependency finds out who is asking; None if it does not."""
    login = getattr(dependency, _LOGIN, None)
    return login if isinstance(login, Login) else None


@contextmanager
def after_login(scope: Scope, check: Check) -> Iterator[None]:
    """Run `check` within the block when somebody has logged in, or at once if the address demands no login."""
    if not _demands_login(scope):
        check()
        yield
        return
    token = waiting.set((check,))
    try:
        yield
    finally:
        waiting.reset(token)


def then_check(dependency: CallableT) -> tuple[CallableT, bool]:
    """Return the dependency so that it checks the body once it has found out who asks, and True if that was possible.

    Anything but a function, which FastAPI may call in ways of its own, is left as it is.
    """
    if inspect.iscoroutinefunction(dependency):

        @wraps(dependency)
        async def demand(*args: object, **kwargs: object) -> object:
            found = await dependency(*args, **kwargs)
            _check()
            return found

        return cast("CallableT", demand), True
    if not inspect.isfunction(dependency) or _is_generator(dependency):
        return dependency, False

    @wraps(dependency)
    def demand_in_thread(*args: object, **kwargs: object) -> object:
        found = dependency(*args, **kwargs)
        _check()
        return found

    return cast("CallableT", demand_in_thread), True


def _is_generator(function: Callable[..., object]) -> bool:
    return inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function)


def _check() -> None:
    for check in waiting.get():
        check()


def _demands_login(scope: Scope) -> bool:
    app, path = scope["app"], path_within(scope)
    if app.dependency_overrides:  # who stands in for a dependency in a test looks at nothing
        return False
    for route in routes_of(app.routes):
        if not chooses_by_its_pattern(route):
            return False  # it may choose in a way of its own
        pattern = getattr(route, "path_regex", None)
        if pattern is not None and pattern.match(path) and scope["method"] in (route.methods or {scope["method"]}):
            return isinstance(route.original_route, APIRoute) and _checks_body(route.dependant)
    return False


def _checks_body(dependant: Dependant) -> bool:
    login = login_of(dependant.call)
    return (login is not None and login.checks_body) or any(map(_checks_body, dependant.dependencies))
