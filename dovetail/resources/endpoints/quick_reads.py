"""A read of one object by somebody unknown, past FastAPI's dependencies and without a transaction."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import Dialect
from starlette.requests import Request
from starlette.responses import Response

from dovetail.database.prepared_reads import connect_to_read
from dovetail.database.unit_of_work import DATABASE
from dovetail.resources.query.url import ItemQuery, read_item_query, split_query
from dovetail.resources.read.pages import PageRequest
from dovetail.resources.read.reads import Batch, Plan
from dovetail.resources.spec import Spec
from dovetail.resources.visibility import Visibility

Respond = Callable[[Request, Batch, Any], Response]


@dataclass(frozen=True)
class QuickRead:
    """How to answer a request for the object whose key is `key_name` in the path: `respond` writes the answer."""

    spec: Spec
    key_name: str
    respond: Respond
    _plans: dict[str, Plan | None] = field(default_factory=dict)  # of a read that asks for nothing special

    async def answer(self, request: Request) -> Response | None:
        """The answer; None if FastAPI has to see to the request."""
        visibility = self.spec.anonymous_visibility(request)
        if visibility is None:
            return None
        try:
            key = self._adapter.validate_python(request.scope["path_params"][self.key_name])
        except ValidationError:
            return None  # FastAPI says what is wrong
        engine = DATABASE.get(request.app).engine
        plan = self._plan(request, visibility, key, engine.dialect)
        if plan is None:
            return None
        async with connect_to_read(engine) as connection:
            batch = await plan.fetch(connection, self.spec.by_key.parameters((key,)), visibility.bind_values)
        return self.respond(request, batch, key)

    @cached_property
    def _adapter(self) -> TypeAdapter[Any]:
        return TypeAdapter(self.spec.key_type)

    def _plan(self, request: Request, visibility: Visibility, key: Any, dialect: Dialect) -> Plan | None:
        if not (visibility.is_constant and request.scope["query_string"] == b""):
            return self._make_plan(request, visibility, key, dialect)
        # Nearly every read is of this kind, and to ask the reader for its plan would take ten times as long.
        if dialect.name not in self._plans:
            self._plans[dialect.name] = self._make_plan(request, visibility, key, dialect)
        return self._plans[dialect.name]

    def _make_plan(self, request: Request, visibility: Visibility, key: Any, dialect: Dialect) -> Plan | None:
        return self.spec.reader.plan(item_request(self.spec, request, visibility, key), visibility, dialect)


def item_request(spec: Spec, request: Request, visibility: Visibility, key: Any) -> PageRequest:
    """The page of the one row that a URL asks for, with the fields that it names. Raises InvalidInputError."""
    values = split_query(request.scope["query_string"])
    query = read_item_query(values, spec.grammar.within(visibility)) if values else ItemQuery()
    return spec.by_key.request((key,), query)
