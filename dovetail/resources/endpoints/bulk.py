"""The endpoints that write up to a hundred rows at once, all or none."""

from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from functools import partial
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Query
from pydantic import BaseModel, BeforeValidator, Field, create_model
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import Response

from dovetail.api.schemas import Schema
from dovetail.database.session import SessionDep
from dovetail.resources.declaration.declared import Operation
from dovetail.resources.endpoints import documentation
from dovetail.resources.endpoints.idempotency import WrittenResponse, respond_once
from dovetail.resources.endpoints.replays import Replays
from dovetail.resources.endpoints.routes import ResourceEndpoint, add_route
from dovetail.resources.query.keys import key_from
from dovetail.resources.spec import Spec
from dovetail.resources.sql.json_values import ORJSON_OPTIONS
from dovetail.resources.write.bulk.put import put_all
from dovetail.resources.write.bulk.rows import WrittenRows, create_all, delete_all, update_all
from dovetail.resources.write.writer import Writer

MAXIMUM = 100
BULK: Mapping[str, Operation] = {
    "create": "bulk_create",
    "update": "bulk_update",
    "delete": "bulk_delete",
    "replace": "bulk_replace",
}


def add_endpoints(writer: Writer, router: APIRouter) -> None:
    """Add those that the resource offers, in front of the endpoints of single objects."""
    spec = writer.spec
    if spec.has("bulk_create"):
        _add_create(writer, router)
    if spec.has("bulk_update"):
        _add_update(writer, router)
    if spec.has("bulk_replace"):
        _add_replace(writer, router)
    if spec.has("bulk_delete"):
        _add_delete(writer, router)


def _add_create(writer: Writer, router: APIRouter) -> None:
    spec = writer.spec
    schema = _list_schema(f"{spec.create.__name__}Bulk", spec.create)  # type: ignore[union-attr]  # it is offered

    async def make(session: AsyncSession, viewer: object, items: Sequence[object]) -> Response:
        written = await create_all(writer, session, viewer, items)
        return WrittenResponse(_body(written), 201, {}, written.keys)

    async def endpoint(request: Request, session: AsyncSession, viewer: object, data: Any) -> Response:
        make_once = partial(make, session, viewer, data.items)
        replays = Replays(spec, session, viewer)
        return await respond_once(request, session, spec.policy.identity(viewer), make_once, replays)

    _add(
        spec,
        router,
        endpoint,
        ("create", "Make", "POST"),
        {"data": schema},
        status_code=201,
        response_model=_response_schema(spec),
        openapi_extra={"parameters": [documentation.idempotency_key()]},
    )


def _add_update(writer: Writer, router: APIRouter) -> None:
    async def write(
        session: AsyncSession, viewer: object, keys: Sequence[Hashable], items: Sequence[tuple[object, str | None]]
    ) -> list[object]:
        return (await update_all(writer, session, viewer, keys, items)).items()

    spec = writer.spec
    responses: dict[int | str, documentation.Json] = {404: {}}
    responses |= documentation.precondition_responses(required=spec.requires_if_match)
    _add_keyed(spec, router, ("update", "Change", "PATCH"), spec.update, spec.body_key_types, write, responses)


def _add_replace(writer: Writer, router: APIRouter) -> None:
    spec = writer.spec
    names = "replace", "Replace, or make where there are none,", "PUT"
    responses = documentation.precondition_responses(required=spec.requires_if_match)
    _add_keyed(spec, router, names, spec.replace, spec.known_types, partial(put_all, writer), responses)


def _add_keyed(  # noqa: PLR0917 - what the two differ in
    spec: Spec,
    router: APIRouter,
    names: tuple[str, str, str],
    schema: Any,
    types: Mapping[str, object],
    write: Callable[..., Awaitable[list[object]]],
    responses: dict[int | str, documentation.Json],
) -> None:
    """Add an endpoint whose items say which row each is, by the attributes that have these types."""
    extra: dict[str, Any] = {
        **{name: (kind, ...) for name, kind in types.items()},
        "if_match": (
            str | None,
            Field(None, max_length=1_000, description="The object's ETag, if it has to be unchanged."),
        ),
    }
    one_schema = create_model(f"{schema.__name__}BulkItem", __base__=schema, __module__=schema.__module__, **extra)

    async def endpoint(request: Request, session: AsyncSession, viewer: object, data: Any) -> Response:  # noqa: ARG001 - as all have it
        keys = [key_from([getattr(one, name) for name in types]) for one in data.items]
        items = [(_without(schema, one, set(extra)), one.if_match) for one in data.items]
        written = await write(session, viewer, keys, items)
        return Response(orjson.dumps({"items": written}, option=ORJSON_OPTIONS), media_type="application/json")

    body = _list_schema(f"{schema.__name__}Bulk", one_schema)
    _add(spec, router, endpoint, names, {"data": body}, response_model=_response_schema(spec), responses=responses)


def _add_delete(writer: Writer, router: APIRouter) -> None:
    spec = writer.spec
    key_type = spec.primary_key_type
    keys_type = Annotated[
        list[key_type],  # type: ignore[valid-type]  # known at run time only
        BeforeValidator(_split),
        Query(min_length=1, max_length=MAXIMUM, description="The keys, separated by commas."),
    ]

    async def endpoint(request: Request, session: AsyncSession, viewer: object, ids: Sequence[Hashable]) -> Response:  # noqa: ARG001 - as all have it
        await delete_all(writer, session, viewer, ids)
        return Response(status_code=204)

    _add(
        spec,
        router,
        endpoint,
        ("delete", "Remove", "DELETE"),
        {"ids": keys_type},
        status_code=204,
        responses={404: {}, 422: {}},
    )


def _add(
    spec: Spec,
    router: APIRouter,
    endpoint: Callable[..., Awaitable[Response]],
    names: tuple[str, str, str],
    parameters: dict[str, object],
    **options: object,
) -> None:
    """Add an endpoint; `names` are what it is called, what it says it does, and its method."""
    name, verb, method = names
    description = f"{verb} up to {MAXIMUM} {spec.collection} at once; all or none."
    parameters = {"session": SessionDep, "viewer": spec.policy.writer, **parameters}
    described = ResourceEndpoint(
        spec, endpoint, name=f"bulk_{name}_{spec.collection}", description=description, parameters=parameters
    )
    limits = spec.dependencies(BULK[name])
    add_route(router, f"{spec.url}/bulk", described, method=method, dependencies=limits, **options)


def _body(written: WrittenRows) -> bytes:
    return orjson.dumps({"items": written.items()}, option=ORJSON_OPTIONS)


def _without(schema: Any, data: BaseModel, names: set[str]) -> object:
    """Return the item of a bulk update as a value of the schema of a single update."""
    values = {name: getattr(data, name) for name in schema.model_fields}
    return schema.model_construct(data.model_fields_set - names, **values)


def _list_schema(name: str, one: Any) -> object:
    items = Annotated[list[one], Field(min_length=1, max_length=MAXIMUM)]
    return create_model(name, __base__=Schema, __module__=one.__module__, items=(items, ...))


def _response_schema(spec: Spec) -> object:
    schema: Any = spec.written or spec.read
    return create_model(
        f"{schema.__name__.removesuffix('Read')}Items",
        __base__=Schema,
        __module__=schema.__module__,
        items=(list[schema], ...),
    )


def _split(given: object) -> object:
    return [part for text in given for part in str(text).split(",")] if isinstance(given, list) else given
