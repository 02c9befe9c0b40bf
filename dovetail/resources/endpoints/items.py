"""The endpoints of a single object: read it, make it, change it, replace it, remove it."""

from collections.abc import Mapping
from functools import partial
from typing import Any
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
from dovetail.resources.endpoints.quick_reads import QuickRead, item_request
from dovetail.resources.endpoints.quick_writes import QuickWrite
from dovetail.resources.policy import not_found
from dovetail.resources.read.etags import etag, is_known
from dovetail.resources.read.reads import Batch
from dovetail.resources.spec import Spec
from dovetail.resources.write.idempotency import answer_once
from dovetail.resources.write.writer import Writer

ETAG = "The version of the object, for If-Match and If-None-Match."


def add_endpoints(writer: Writer, router: APIRouter) -> None:
    """Add those that the resource offers."""
    spec = writer.spec
    if spec.has("create"):
        _add_create(writer, router)
    if spec.has("retrieve"):
        _add_retrieve(spec, router)
    if spec.has("update"):
        _add_update(writer, router, "PATCH", f"update_{spec.singular}", spec.update)
    if spec.has("replace"):
        _add_update(writer, router, "PUT", f"replace_{spec.singular}", spec.replace)
    if spec.has("delete"):
        _add_delete(writer, router)


async def answer_item(
    spec: Spec, request: Request, session: AsyncSession, viewer: Any, key: Any, *, status: int = 200
) -> Response:
    """The object with this key as the viewer may see it, whatever the policy says of the row: they just wrote it."""
    written = spec.written_visibility(viewer)
    batch = await spec.written_reader.read(session, spec.by_key.request((key,)), written)
    headers = _location(spec, request, key) if status == 201 else {}  # noqa: PLR2004 - Created
    return _respond(spec, request, batch, key, status=status, headers=headers)


def _add_retrieve(spec: Spec, router: APIRouter) -> None:
    path, key_name = _item_path(spec)

    async def answer(request: Request, session: Any, viewer: Any, **path: Any) -> Response:
        visibility, key = spec.visibility(viewer), path[key_name]
        batch = await spec.reader.read(session, item_request(spec, request, visibility, key), visibility)
        return _respond(spec, request, batch, key)

    parameters = {"session": SessionDep, "viewer": spec.policy.reader, key_name: spec.key_type}
    named(spec, answer, f"get_{spec.singular}", f"One {spec.singular}.", parameters)
    answer.quick = QuickRead(spec, key_name, partial(_respond, spec)).answer  # type: ignore[attr-defined]  # QuickMiddleware looks for it
    add_route(
        router,
        path,
        answer,
        method="GET",
        response_model=spec.read,
        openapi_extra={"parameters": [*documentation.item_parameters(spec.grammar), documentation.if_none_match()]},
        responses={
            200: {"headers": documentation.response_headers(ETag=ETAG)},
            304: {"description": "The object still has the ETag of If-None-Match."},
            422: {},
        },
    )


def _add_create(writer: Writer, router: APIRouter) -> None:
    spec = writer.spec

    async def make(request: Request, session: AsyncSession, viewer: Any, data: Any) -> Response:
        key, batch = await writer.create_and_read(session, viewer, data)
        headers = {"Location": f"{quote(request.scope['path'])}/{quote(str(key), safe='')}"}
        return _respond(spec, request, batch, key, status=201, headers=headers if spec.has("retrieve") else None)

    async def answer(request: Request, session: Any, viewer: Any, data: Any) -> Response:
        async def create() -> Response:
            return await make(request, session, viewer, data)

        return await answer_once(request, session, spec.policy.identity(viewer), create)

    parameters = {"session": SessionDep, "viewer": spec.policy.writer, "data": spec.create}
    named(spec, answer, f"create_{spec.singular}", f"Make a {spec.singular}.", parameters)
    answer.quick = QuickWrite(spec.policy, spec.create, make).answer  # type: ignore[attr-defined]  # QuickMiddleware looks for it
    add_route(
        router,
        spec.url,
        answer,
        method="POST",
        status_code=201,
        response_model=spec.written or spec.read,
        openapi_extra={"parameters": [documentation.idempotency_key()]},
        responses={
            201: {
                "headers": documentation.response_headers(ETag=ETAG, Location="The path of the new object."),
                "links": documentation.item_links(spec),
            }
        },
    )


def _add_update(writer: Writer, router: APIRouter, method: str, name: str, schema: Any) -> None:
    spec = writer.spec
    path, key_name = _item_path(spec)

    async def answer(request: Request, session: Any, viewer: Any, data: Any, **path: Any) -> Response:
        await writer.update_item(session, viewer, path[key_name], data, request.headers.get("If-Match"))
        return await answer_item(spec, request, session, viewer, path[key_name])

    description = "Change some fields; what is left out stays." if method == "PATCH" else "Replace every field."
    parameters = {key_name: spec.key_type, "session": SessionDep, "viewer": spec.policy.writer, "data": schema}
    named(spec, answer, name, description, parameters)
    add_route(
        router,
        path,
        answer,
        method=method,
        response_model=spec.written or spec.read,
        openapi_extra={"parameters": [documentation.if_match(required=spec.requires_if_match)]},
        responses=documentation.precondition_responses(required=spec.requires_if_match)
        | {200: {"headers": documentation.response_headers(ETag=ETAG)}},
    )


def _add_delete(writer: Writer, router: APIRouter) -> None:
    spec = writer.spec
    path, key_name = _item_path(spec)

    async def answer(request: Request, session: Any, viewer: Any, **path: Any) -> Response:
        await writer.delete_item(session, viewer, path[key_name], request.headers.get("If-Match"))
        return Response(status_code=204)

    parameters = {key_name: spec.key_type, "session": SessionDep, "viewer": spec.policy.writer}
    named(spec, answer, f"delete_{spec.singular}", f"Remove a {spec.singular}.", parameters)
    add_route(
        router,
        path,
        answer,
        method="DELETE",
        status_code=204,
        openapi_extra={"parameters": [documentation.if_match(required=spec.requires_if_match)]},
        responses=documentation.precondition_responses(required=spec.requires_if_match) | {422: {}},
    )


def _location(spec: Spec, request: Request, key: Any) -> dict[str, str]:
    if not spec.has("retrieve"):
        return {}
    return {"Location": request.url_for(f"get_{spec.singular}", **{f"{spec.singular}_id": key}).path}


def _item_path(spec: Spec) -> tuple[str, str]:
    key_name = f"{spec.singular}_id"
    return f"{spec.url}/{{{key_name}}}", key_name


def _respond(
    spec: Spec,
    request: Request,
    batch: Batch,
    key: Any,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> Response:
    if not batch.items:
        raise not_found(spec.singular, key)
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
