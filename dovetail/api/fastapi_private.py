"""Every part of FastAPI and Starlette that is leaned on and that they do not document.

tests/api/test_fastapi_private.py fails when one of them changes. Import this module before routes are made: it changes
how FastAPI works in two places.

FastAPI looks through the fields of all models three times for a document, and makes of each field what validates it,
only to read its annotation: half of the document's time. `flat_models` does without.

FastAPI refuses models of pydantic.v1. It asks of each annotation of a route, and of each object that it encodes,
whether it is one, and imports pydantic.v1 for the question: a twelfth of a server's start, and as long a stop at the
first request that asks. In a process where nobody has imported pydantic.v1 there are no such models.
"""

import sys
from typing import Any, NamedTuple, TypeAlias

from fastapi import FastAPI, encoders, routing, utils
from fastapi._compat import shared, v2
from fastapi.dependencies import models
from fastapi.security.base import SecurityBase
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from starlette import _utils
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.types import ASGIApp, Receive, Scope, Send

RouteContext: TypeAlias = routing.RouteContext  # a route with its whole path, as it is included
Dependant: TypeAlias = models.Dependant  # what an endpoint depends on, each with the function (`call`) that provides it

routes_of = routing.iter_route_contexts  # of routes, those of included routers too, in the router's order
path_within = _utils.get_route_path  # of a scope: without the prefix (`root_path`) below which it is mounted
may_have_body = utils.is_body_allowed_for_status_code  # of a status (RFC 9110, section 6.4.1)

TELEMETRY = "fastapi.telemetry"  # in the scope of a request that FastAPI reports to OpenTelemetry
KNOWN_MATCHES = {one.matches for one in (routing.APIRoute, Route, Mount, routing.APIWebSocketRoute, WebSocketRoute)}

_is_model_class = shared.is_pydantic_v1_model_class
_is_model_instance = shared.is_pydantic_v1_model_instance


def chooses_by_its_pattern(route: RouteContext) -> bool:
    """Return whether a route answers what its pattern and its methods say, and does not choose in a way of its own."""
    return getattr(type(route.original_route), "matches", None) in KNOWN_MATCHES


def is_security_scheme(dependant: Dependant) -> bool:
    """Return whether a dependency is one of FastAPI's security schemes."""
    return isinstance(dependant.call, SecurityBase)


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


class Field(NamedTuple):
    """All that FastAPI asks of a field in `get_flat_models_from_field`."""

    field_info: FieldInfo


def flat_models(model: type[BaseModel], known_models: set[Any] | None = None) -> set[Any]:
    """Return `known_models` and the models and enums within `model`; those known already are not looked through."""
    known = known_models or set()
    for info in model.model_fields.values():
        v2.get_flat_models_from_field(Field(info), known_models=known)  # type: ignore[arg-type]  # see Field
    return known


def is_model_class(cls: object) -> bool:
    """Return whether `cls` is a model of pydantic.v1."""
    return "pydantic.v1" in sys.modules and _is_model_class(cls)


def is_model_instance(thing: object) -> bool:
    """Return whether `thing` is an object of a model of pydantic.v1."""
    return "pydantic.v1" in sys.modules and _is_model_instance(thing)


v2.get_flat_models_from_model = flat_models
shared.is_pydantic_v1_model_class = is_model_class
encoders.is_pydantic_v1_model_instance = is_model_instance  # type: ignore[attr-defined,assignment]  # imported there
