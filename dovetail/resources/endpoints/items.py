"""The endpoints of a single object: read it, make it, change it, replace it, remove it."""

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import orjson
from fastapi import APIRouter
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import Response

from dovetail.api.front.quick import QuickResponse
from dovetail.database.session import SessionDep
from dovetail.resources.endpoints import documentation
from dovetail.resources.endpoints.endpoints import add_route, named
from dovetail.resources.endpoints.lists import ORJSON_OPTIONS
from dovetail.resources.endpoints.quick_reads import QuickRead
from dovetail.resources.endpoints.quick_writes import QuickWrite
from dovetail.resources.policy import not_found
from dovetail.resources.read.by_key import item_request
from dovetail.resources.read.reads import Batch
from dovetail.resources.write.etags import etag, is_known
from dovetail.resources.write.idempotency import answer_once
from dovetail.resources.write.writing import (
    Asked,
    check_precondition,
    create_and_read,
    delete_items,
    lock_item,
    update_items,
    written_scope,
)

if TYPE_CHECKING:
    from dovetail.resources.resource import Resource

ETAG = "The version of the object, for If-Match and If-None-Match."


def add_endpoints(resource: "Resource", router: APIRouter) -> None:
    """Add those that the resource offers."""
    if resource.has("create"):
        _add_create(resource, router)
    if resource.has("retrieve"):
        _add_retrieve(resource, router)
    if resource.has("update"):
        _add_update(resource, router, "PATCH", f"update_{resource.singular}", resource.update)
    if resource.has("replace"):
        _add_update(resource, router, "PUT", f"replace_{resource.singular}", resource.replace)
    if resource.has("delete"):
        _add_delete(resource, router)


async def answer_item(
    resource: "Resource", request: Request, session: AsyncSession, viewer: Any, key: Any, *, status: int = 200
) -> Response:
    """The object with this key as the viewer may see it, whatever the policy says of the row: they just wrote it."""
    written = written_scope(resource, viewer)
    batch = await resource.written_reader.read(session, resource.key_request((key,)), written)
    headers = _location(resource, request, key) if status == 201 else {}  # noqa: PLR2004 - Created
    return _respond(resource, request, batch, key, status=status, headers=headers)


def _add_retrieve(resource: "Resource", router: APIRouter) -> None:
    path, key_name = _item_path(resource)

    async def answer(request: Request, session: Any, viewer: Any, **path: Any) -> Response:
        scope, key = resource.scope(viewer), path[key_name]
        batch = await resource.reader.read(session, item_request(resource, request, scope, key), scope)
        return _respond(resource, request, batch, key)

    parameters = {"session": SessionDep, "viewer": resource.policy.reader, key_name: resource.key_type}
    named(resource, answer, f"get_{resource.singular}", f"One {resource.singular}.", parameters)
    answer.quick = QuickRead(resource, key_name, partial(_respond, resource)).answer  # type: ignore[attr-defined]  # QuickMiddleware looks for it
    add_route(
        router,
        path,
        answer,
        method="GET",
        response_model=resource.read,
        openapi_extra={"parameters": [*documentation.item_parameters(resource.grammar), documentation.if_none_match()]},
        responses={
            200: {"headers": documentation.response_headers(ETag=ETAG)},
            304: {"description": "The object still has the ETag of If-None-Match."},
            422: {},
        },
    )


def _add_create(resource: "Resource", router: APIRouter) -> None:
    async def make(request: Request, session: AsyncSession, viewer: Any, data: Any) -> Response:
        key, batch = await create_and_read(resource, session, viewer, data)
        headers = {"Location": f"{quote(request.scope['path'])}/{quote(str(key), safe='')}"}
        return _respond(
            resource, request, batch, key, status=201, headers=headers if resource.has("retrieve") else None
        )

    async def answer(request: Request, session: Any, viewer: Any, data: Any) -> Response:
        async def create() -> Response:
            return await make(request, session, viewer, data)

        return await answer_once(request, session, resource.policy.identity(viewer), create)

    parameters = {"session": SessionDep, "viewer": resource.policy.writer, "data": resource.create}
    named(resource, answer, f"create_{resource.singular}", f"Make a {resource.singular}.", parameters)
    answer.quick = QuickWrite(resource.policy, resource.create, make).answer  # type: ignore[attr-defined]  # QuickMiddleware looks for it
    add_route(
        router,
        resource.url,
        answer,
        method="POST",
        status_code=201,
        response_model=resource.written or resource.read,
        openapi_extra={"parameters": [documentation.idempotency_key()]},
        responses={
            201: {
                "headers": documentation.response_headers(ETag=ETAG, Location="The path of the new object."),
                "links": documentation.item_links(resource),
            }
        },
    )


def _add_update(resource: "Resource", router: APIRouter, method: str, name: str, schema: Any) -> None:
    path, key_name = _item_path(resource)

    async def answer(request: Request, session: Any, viewer: Any, data: Any, **path: Any) -> Response:
        item = await lock_item(resource, session, viewer, path[key_name])
        await update_items(resource, session, viewer, [Asked(item, data, request.headers.get("If-Match"))])
        return await answer_item(resource, request, session, viewer, path[key_name])

    description = "Change some fields; what is left out stays." if method == "PATCH" else "Replace every field."
    parameters = {key_name: resource.key_type, "session": SessionDep, "viewer": resource.policy.writer, "data": schema}
    named(resource, answer, name, description, parameters)
    add_route(
        router,
        path,
        answer,
        method=method,
        response_model=resource.written or resource.read,
        openapi_extra={"parameters": [documentation.if_match(required=resource.requires_if_match)]},
        responses=documentation.precondition_responses(required=resource.requires_if_match)
        | {200: {"headers": documentation.response_headers(ETag=ETAG)}},
    )


def _add_delete(resource: "Resource", router: APIRouter) -> None:
    path, key_name = _item_path(resource)

    async def answer(request: Request, session: Any, viewer: Any, **path: Any) -> Response:
        item = await lock_item(resource, session, viewer, path[key_name])
        resource.policy.may_delete(viewer, item)
        check_precondition(resource, item, request.headers.get("If-Match"))
        await delete_items(resource, session, viewer, [item])
        return Response(status_code=204)

    parameters = {key_name: resource.key_type, "session": SessionDep, "viewer": resource.policy.writer}
    named(resource, answer, f"delete_{resource.singular}", f"Remove a {resource.singular}.", parameters)
    add_route(
        router,
        path,
        answer,
        method="DELETE",
        status_code=204,
        openapi_extra={"parameters": [documentation.if_match(required=resource.requires_if_match)]},
        responses=documentation.precondition_responses(required=resource.requires_if_match) | {422: {}},
    )


def _location(resource: "Resource", request: Request, key: Any) -> dict[str, str]:
    if not resource.has("retrieve"):
        return {}
    return {"Location": request.url_for(f"get_{resource.singular}", **{f"{resource.singular}_id": key}).path}


def _item_path(resource: "Resource") -> tuple[str, str]:
    key_name = f"{resource.singular}_id"
    return f"{resource.url}/{{{key_name}}}", key_name


def _respond(
    resource: "Resource",
    request: Request,
    batch: Batch,
    key: Any,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> Response:
    if not batch.items:
        raise not_found(resource.singular, key)
    body = orjson.dumps(batch.items[0], option=ORJSON_OPTIONS)
    tag = etag(batch.version(0), body)
    known = (
        None
        if all(name != b"if-none-match" for name, _ in request.scope["headers"])
        else request.headers["If-None-Match"]
    )
    if known is not None and request.method == "GET" and is_known(tag, known):
        return Response(status_code=304, headers={"ETag": tag})
    if status == 200 and not headers:  # noqa: PLR2004 - OK, as every read
        return QuickResponse(body, ((b"etag", tag.encode()),))
    return Response(body, status, {"ETag": tag, **(headers or {})}, "application/json")
