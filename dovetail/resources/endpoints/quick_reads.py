"""A read of one object by somebody unknown, past FastAPI's dependencies and without a transaction."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import Dialect
from starlette.requests import Request
from starlette.responses import Response

from dovetail.database.prepared_reads import connect_to_read
from dovetail.resources.read.by_key import item_request, key_values
from dovetail.resources.read.reads import Batch, Plan
from dovetail.resources.scope import Scope

if TYPE_CHECKING:
    from dovetail.resources.resource import Resource

Respond = Callable[[Request, Batch, Any], Response]


@dataclass(frozen=True)
class QuickRead:
    """How to answer a request for the object whose key is `key_name` in the path: `respond` writes the answer."""

    resource: "Resource"
    key_name: str
    respond: Respond
    _plans: dict[str, Plan | None] = field(default_factory=dict)  # of a read that asks for nothing special

    async def answer(self, request: Request) -> Response | None:
        """The answer; None if FastAPI has to see to the request."""
        scope = self.resource.quick_scope(request)
        if scope is None:
            return None
        try:
            key = self._adapter.validate_python(request.scope["path_params"][self.key_name])
        except ValidationError:
            return None  # FastAPI says what is wrong
        engine = request.app.state.database.engine
        plan = self._plan(request, scope, key, engine.dialect)
        if plan is None:
            return None
        async with connect_to_read(engine) as connection:
            batch = await plan.fetch(connection, key_values(self.resource, (key,)), scope.bind_values)
        return self.respond(request, batch, key)

    @cached_property
    def _adapter(self) -> TypeAdapter[Any]:
        return TypeAdapter(self.resource.key_type)

    def _plan(self, request: Request, scope: Scope, key: Any, dialect: Dialect) -> Plan | None:
        if not (scope.is_constant and request.scope["query_string"] == b""):
            return self._make_plan(request, scope, key, dialect)
        # Nearly every read is of this kind, and to ask the reader for its plan would take ten times as long.
        if dialect.name not in self._plans:
            self._plans[dialect.name] = self._make_plan(request, scope, key, dialect)
        return self._plans[dialect.name]

    def _make_plan(self, request: Request, scope: Scope, key: Any, dialect: Dialect) -> Plan | None:
        return self.resource.reader.plan(item_request(self.resource, request, scope, key), scope, dialect)
