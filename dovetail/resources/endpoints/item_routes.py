"""Add the endpoints of a single object to a router, with their descriptions for the OpenAPI document."""

from collections.abc import Hashable
from functools import partial

from fastapi import APIRouter
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import Response

from dovetail.database.fast_unit_of_work import SessionSource
from dovetail.database.session import SessionDep
from dovetail.resources.endpoints import documentation
from dovetail.resources.endpoints.fast_path import FastRead, FastWrite, PathKey
from dovetail.resources.endpoints.items import create, delete, retrieve, retrieve_fast, update
from dovetail.resources.endpoints.routes import ResourceEndpoint, add_route, item_path
from dovetail.resources.policy import Recognized
from dovetail.resources.spec import Spec
from dovetail.resources.write.writer import Writer

ETAG = "The version of the object, for If-Match and If-None-Match."


def add_endpoints(writer: Writer, router: APIRouter) -> None:
    """Add the endpoints that the resource offers."""
    spec = writer.spec
    if spec.has("create"):
        _add_create(writer, router)
    if spec.has("retrieve"):
        _add_retrieve(spec, router)
    if spec.has("update"):
        _add_update(writer, router, spec.update_method, f"update_{spec.singular}", spec.update)
    if spec.has("replace"):
        _add_update(writer, router, "PUT", f"replace_{spec.singular}", spec.replace)
    if spec.has("delete"):
        _add_delete(writer, router)


def _add_retrieve(spec: Spec, router: APIRouter) -> None:
    path, key_name = item_path(spec)

    async def endpoint(request: Request, session: AsyncSession, viewer: object, **path: Hashable) -> Response:
        return await retrieve(spec, request, SessionSource(session), spec.visibility(viewer), path[key_name])

    described = ResourceEndpoint(
        spec,
        endpoint,
        name=f"get_{spec.singular}",
        description=f"Return one {spec.singular}.",
        parameters={"session": SessionDep, "viewer": spec.policy.reader, key_name: spec.key_type},
        fast_path=FastRead(spec, partial(retrieve_fast, spec, PathKey.of(spec)), reader=spec.reader),
    )
    add_route(
        router,
        path,
        described,
        method="GET",
        dependencies=spec.dependencies("retrieve"),
        response_model=spec.envelope.around(spec.read),
        openapi_extra={
            "parameters": [*documentation.item_parameters(spec.item_grammar), documentation.if_none_match()]
        },
        responses={
            200: {"headers": documentation.response_headers(ETag=ETAG)},
            304: {"description": "The object still has the ETag of If-None-Match."},
            422: {},
        },
    )


def _add_create(writer: Writer, router: APIRouter) -> None:
    spec = writer.spec
    body = None if spec.create is None else spec.envelope.around(spec.create)

    async def endpoint(request: Request, session: AsyncSession, viewer: object, data: BaseModel) -> Response:
        return await create(writer, request, session, Recognized(viewer), data=spec.envelope.unwrapped(data))

    described = ResourceEndpoint(
        spec,
        endpoint,
        name=f"create_{spec.singular}",
        description=f"Create one {spec.singular}.",
        parameters={"session": SessionDep, "viewer": spec.policy.writer, "data": body},
        fast_path=FastWrite(spec.policy, partial(create, writer), schema=body, envelope=spec.envelope, confirms=True),
    )
    add_route(
        router,
        spec.url,
        described,
        method="POST",
        dependencies=spec.dependencies("create"),
        status_code=201,
        response_model=spec.envelope.around(spec.written or spec.read),
        openapi_extra={"parameters": [documentation.idempotency_key()]},
        responses={
            201: {
                "headers": documentation.response_headers(ETag=ETAG, Location="The path of the new object."),
                "links": documentation.item_links(spec),
            }
        },
    )


def _add_update(writer: Writer, router: APIRouter, method: str, name: str, schema: type[BaseModel] | None) -> None:
    spec = writer.spec
    path, key_name = item_path(spec)
    body = None if schema is None else spec.envelope.around(schema)
    makes = spec.put_creates and schema is spec.replace

    async def endpoint(
        request: Request, session: AsyncSession, viewer: object, data: BaseModel, **path: Hashable
    ) -> Response:
        sent = spec.envelope.unwrapped(data)
        return await update(writer, request, session, Recognized(viewer), key=path[key_name], data=sent)

    described = ResourceEndpoint(
        spec,
        endpoint,
        name=name,
        description="Change some fields; the others stay as they are."
        if schema is spec.update
        else "Replace every field.",
        parameters={key_name: spec.key_type, "session": SessionDep, "viewer": spec.policy.writer, "data": body},
        fast_path=FastWrite(spec.policy, partial(update, writer), PathKey.of(spec), body, spec.envelope, confirms=True),
    )
    add_route(
        router,
        path,
        described,
        method=method,
        dependencies=spec.dependencies("update" if schema is spec.update else "replace"),
        response_model=spec.envelope.around(spec.written or spec.read),
        openapi_extra={"parameters": documentation.write_conditions(required=spec.requires_if_match, makes=makes)},
        responses=documentation.precondition_responses(required=spec.requires_if_match)
        | {200: {"headers": documentation.response_headers(ETag=ETAG)}}
        | (_created(spec) if makes else {}),
    )


def _created(spec: Spec) -> dict[int | str, dict[str, object]]:
    """Return the answer of a PUT that makes a row, for the document."""
    headers = documentation.response_headers(ETag=ETAG, Location="The path of the new object.")
    model = spec.envelope.around(spec.written or spec.read)
    return {201: {"description": "There was none.", "model": model, "headers": headers}}


def _add_delete(writer: Writer, router: APIRouter) -> None:
    spec = writer.spec
    path, key_name = item_path(spec)

    async def endpoint(request: Request, session: AsyncSession, viewer: object, **path: Hashable) -> Response:
        return await delete(writer, request, session, Recognized(viewer), key=path[key_name])

    described = ResourceEndpoint(
        spec,
        endpoint,
        name=f"delete_{spec.singular}",
        description=f"Delete one {spec.singular}.",
        parameters={key_name: spec.key_type, "session": SessionDep, "viewer": spec.policy.writer},
        fast_path=FastWrite(spec.policy, partial(delete, writer), PathKey.of(spec), confirms=True),
    )
    add_route(
        router,
        path,
        described,
        method="DELETE",
        dependencies=spec.dependencies("delete"),
        status_code=204,
        openapi_extra={"parameters": [documentation.if_match(required=spec.requires_if_match)]},
        responses=documentation.precondition_responses(required=spec.requires_if_match) | {422: {}},
    )
