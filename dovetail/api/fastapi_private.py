"""Every part of FastAPI and Starlette that is leaned on and that they do not document.

tests/api/test_fastapi_private.py fails when one of them changes. Import this module before routes are made: it changes
how FastAPI works in four places. What makes its documents sooner is `openapi/fastapi_documents.py`.

FastAPI refuses models of pydantic.v1. It asks of each annotation of a route, and of each object that it encodes,
whether it is one, and imports pydantic.v1 for the question: a twelfth of a server's start, and as long a stop at the
first request that asks. In a process where nobody has imported pydantic.v1 there are no such models.

FastAPI looks through an endpoint's parameters, and makes validators for them, when a route is made, and once more
wherever its router is included: half of the time in which an application is made of routers that are there already.
`populate` does without where the inclusion changes nothing of that.

FastAPI looks into what an endpoint depends on for each endpoint, down to the session that all of them share.
`analysing_once` remembers it while routes are made.

FastAPI has pydantic make a validator for each parameter and each answer of each route. Meanwhile those that say nothing
but their type, which are half of them, share one a type.
"""

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from copy import copy
from dataclasses import dataclass, field, replace
from typing import Any, ParamSpec, TypeAlias, cast

from fastapi import FastAPI, encoders, routing, utils
from fastapi._compat import shared, v2
from fastapi.datastructures import DefaultPlaceholder
from fastapi.dependencies import models
from fastapi.dependencies import utils as dependencies
from fastapi.dependencies.utils import _get_flat_body_params as body_params_of
from fastapi.routing import _APIRouteLike as AnyRoute
from fastapi.routing import _populate_api_route_state as populate_anew
from fastapi.security.base import SecurityBase
from pydantic import TypeAdapter
from starlette import _utils
from starlette.routing import Mount, Route, WebSocketRoute, compile_path
from starlette.types import ASGIApp, Receive, Scope, Send

RouteContext: TypeAlias = routing.RouteContext  # a route with its whole path, as it is included
P = ParamSpec("P")
Dependant: TypeAlias = models.Dependant  # what an endpoint depends on, each with the function (`call`) that provides it

routes_of = routing.iter_route_contexts  # of routes, those of included routers too, in the router's order
path_within = _utils.get_route_path  # of a scope: without the prefix (`root_path`) below which it is mounted
may_have_body = utils.is_body_allowed_for_status_code  # of a status (RFC 9110, section 6.4.1)

TELEMETRY = "fastapi.telemetry"  # in the scope of a request that FastAPI reports to OpenTelemetry
KNOWN_MATCHES = {one.matches for one in (routing.APIRoute, Route, Mount, routing.APIWebSocketRoute, WebSocketRoute)}

ATTRIBUTES = tuple(AnyRoute.__annotations__)  # of every route, included or not
NAMES = {"default", "alias", "alias_priority", "validation_alias", "serialization_alias"}  # no affair of a validator


@dataclass(frozen=True)
class Analysis:
    """The things remembered while routes are made, each by its identity, and kept, so that nothing else gets that."""

    dependants: dict[object, Dependant] = field(default_factory=dict)
    adapters: dict[object, tuple[object, TypeAdapter[object]]] = field(default_factory=dict)


_analysed: ContextVar[Analysis | None] = ContextVar("dovetail_analysed", default=None)
add_own_adapter = v2.ModelField.__post_init__
_is_model_class = shared.is_pydantic_v1_model_class
_is_model_instance = shared.is_pydantic_v1_model_instance


def chooses_by_its_pattern(route: RouteContext) -> bool:
    """Return whether a route answers what its pattern and its methods say, and does not choose in a way of its own."""
    return getattr(type(route.original_route), "matches", None) in KNOWN_MATCHES


def is_security_scheme(dependant: Dependant) -> bool:
    """Return whether a dependency is one of FastAPI's security schemes."""
    return isinstance(dependant.call, SecurityBase)


@contextmanager
def analysing_once() -> Iterator[None]:
    """Let FastAPI look once only into each function that endpoints depend on, while the routes of a site are made.

    As a decorator, while the function runs.
    """
    known = _analysed.get()
    token = _analysed.set(known or Analysis())
    try:
        yield
    finally:
        _analysed.reset(token)


class LeanFastAPI(FastAPI):
    """FastAPI without the layers that it puts around an application's middleware, each of which every message passes.

    They answer exceptions, report them to OpenTelemetry and limit bodies: for an application that reports nothing, has
    no `max_body_size`, and whose outermost middleware `stands_alone`, which says that it does without.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the application."""
        if scope["type"] == "lifespan":
            await super().__call__(scope, receive, send)
            return
        if self.root_path:
            scope["root_path"] = self.root_path
        scope["app"] = self
        if self.middleware_stack is None:
            self.middleware_stack = self.build_middleware_stack()
        await self.middleware_stack(scope, receive, send)

    def build_middleware_stack(self) -> ASGIApp:
        """Return the outermost middleware, or what FastAPI puts around it."""
        stack: ASGIApp = super().build_middleware_stack()
        outermost: Any = self.user_middleware[0].cls if self.user_middleware else None
        if getattr(outermost, "stands_alone", False) and self.max_body_size is None:
            while not isinstance(stack, outermost):
                stack = vars(stack)["app"]
        return stack


def is_model_class(cls: object) -> bool:
    """Return whether `cls` is a model of pydantic.v1."""
    return "pydantic.v1" in sys.modules and _is_model_class(cls)


def is_model_instance(thing: object) -> bool:
    """Return whether `thing` is an object of a model of pydantic.v1."""
    return "pydantic.v1" in sys.modules and _is_model_instance(thing)


def populate(route: AnyRoute, path: str, endpoint: Callable[..., object], **said: object) -> None:
    """Fill in a route at `path`, with `said` of it; an included one knows from the route that it stands for."""
    known = getattr(route, "original_route", None)
    if not isinstance(known, routing.APIRoute) or not _is_known(known, path, said):
        populate_anew(route, path, endpoint, **said)  # type: ignore[arg-type]  # passed on as they came
        return
    of_known = vars(known)
    vars(route).update((name, said[name] if name in said else of_known[name]) for name in ATTRIBUTES)
    route.path = path
    route.path_regex, route.path_format, route.param_convertors = compile_path(path)
    # Whoever instruments FastAPI wraps `call` of this very object.
    route.dependant = replace(known.dependant, call=endpoint, path=route.path_format)
    route.unique_id = route.operation_id or _unique_id(route)
    route.response_field = _renamed(known.response_field, known, route)
    route.stream_item_field = _renamed(known.stream_item_field, known, route)
    named = {status: _renamed(field, known, route) for status, field in known.response_fields.items()}
    route.response_fields = {status: field for status, field in named.items() if field is not None}


def remembering(get_dependant: Callable[P, Dependant]) -> Callable[P, Dependant]:
    """Return a function that answers as FastAPI's `get_dependant`, and looks once only within `analysing_once`.

    The path has no part in what a function depends on: the names of its parameters have.
    """

    def dependant_of(*args: P.args, **given: P.kwargs) -> Dependant:
        known = _analysed.get()
        if known is None:
            return get_dependant(*args, **given)
        path, name = str(given["path"]), cast("str | None", given.get("name"))
        options = sorted((key, value) for key, value in given.items() if key not in {"path", "name", "call"})
        # By its identity, for not all that can be called is hashable. `known` keeps it, and nothing else gets its id.
        key = id(given["call"]), frozenset(utils.get_path_param_names(path)), repr(options)
        if key not in known.dependants:
            known.dependants[key] = get_dependant(*args, **given)
        found = known.dependants[key]
        # A copy, for the route puts what it depends on itself in front.
        return replace(found, path=path, name=name, dependencies=[*found.dependencies])

    return dependant_of


def add_adapter(said: v2.ModelField) -> None:
    """Give a parameter or an answer its validator; within `analysing_once` one of the same type may have it already."""
    known = _analysed.get()
    if known is None or said.config is not None or not _says_nothing(said):
        add_own_adapter(said)
        return
    parts = (said.field_info.annotation, *said.field_info.metadata)  # what the type is annotated with is a part of it
    key = tuple(map(id, parts))
    if key not in known.adapters:
        add_own_adapter(said)
        known.adapters[key] = parts, said._type_adapter  # noqa: SLF001 - FastAPI's own, as all of this
    said._type_adapter = known.adapters[key][1]  # noqa: SLF001 - as above


def _unique_id(route: AnyRoute) -> str:
    make = route.generate_unique_id_function
    return str(make.value(route) if isinstance(make, DefaultPlaceholder) else make(route))


def _is_known(known: routing.APIRoute, path: str, said: Mapping[str, object]) -> bool:
    """Return whether the included route asks for the same, answers the same, and names no model after itself."""
    same = all(said[name] == getattr(known, name) for name in ("dependencies", "responses", "response_class"))
    names = utils.get_path_param_names(path) == utils.get_path_param_names(known.path)
    body = known.body_field
    own = body is None or any(one is body for one in body_params_of(known.dependant))
    return same and names and own


def _renamed(field: v2.ModelField | None, known: routing.APIRoute, route: AnyRoute) -> v2.ModelField | None:
    """Return the field of an answer with the name that is made of the included route's id: it becomes a title."""
    if field is None:
        return None
    renamed = copy(field)
    renamed.name = field.name.removesuffix(known.unique_id) + route.unique_id
    return renamed


def _says_nothing(said: v2.ModelField) -> bool:
    attributes = v2.asdict(said.field_info)["attributes"]
    return all(value is v2._Attrs[name] for name, value in attributes.items() if name not in NAMES)  # noqa: SLF001 - what is said otherwise


dependencies.get_dependant = routing.get_dependant = remembering(dependencies.get_dependant)  # type: ignore[attr-defined]  # imported there
v2.ModelField.__post_init__ = add_adapter  # type: ignore[method-assign,assignment]  # a dataclass's own hook
shared.is_pydantic_v1_model_class = is_model_class
encoders.is_pydantic_v1_model_instance = is_model_instance  # type: ignore[attr-defined,assignment]  # imported there
routing._populate_api_route_state = populate  # noqa: SLF001 - what including a router calls
