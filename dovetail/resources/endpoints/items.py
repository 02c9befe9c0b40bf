"""The endpoints of a single object: read it, make it, change it, replace it, remove it.

`retrieve` and `create` are what FastAPI and the fast path run alike; they differ in where a read runs and in who found
out who asks.
"""

from collections.abc import AsyncIterator, Awaitable, Hashable, Mapping
from contextlib import asynccontextmanager, suppress
from functools import lru_cache, partial
from urllib.parse import quote

import orjson
from fastapi import APIRouter
from pydantic import BaseModel
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import Response

from dovetail.api.front.fast_path import FastJSONResponse
from dovetail.database.fast_unit_of_work import SessionSource
from dovetail.database.prepared_reads import ReadSource
from dovetail.database.session import SessionDep
from dovetail.errors import DovetailError, StaleWriteError
from dovetail.middleware.headers import list_header
from dovetail.resources.declaration.declared import ADD, CHANGE, DELETE
from dovetail.resources.endpoints import documentation
from dovetail.resources.endpoints.fast_path import FastRead, FastWrite, PathKey
from dovetail.resources.endpoints.idempotency import HEADER, WrittenResponse, respond_once
from dovetail.resources.endpoints.replays import Replays
from dovetail.resources.endpoints.routes import ResourceEndpoint, add_route, item_path
from dovetail.resources.policy import Recognized, not_found
from dovetail.resources.query.keys import key_from, key_text, key_values
from dovetail.resources.query.url import read_item_query, split_query
from dovetail.resources.read.etags import STAR, etag, is_known
from dovetail.resources.read.reader import ALL_FIELDS, Batch
from dovetail.resources.schemas.pointers import as_sent
from dovetail.resources.schemas.values.refused_rows import check_deferred_keys, refused_row
from dovetail.resources.schemas.values.unsure_columns import refused_value
from dovetail.resources.spec import Spec
from dovetail.resources.sql.json_values import ORJSON_OPTIONS
from dovetail.resources.visibility import Visibility
from dovetail.resources.write.own_tables.checks import check_written
from dovetail.resources.write.writer import NoRowError, Writer

ETAG = "The version of the object, for If-Match and If-None-Match."


def add_endpoints(writer: Writer, router: APIRouter) -> None:
    """Add those that the resource offers."""
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


async def retrieve(spec: Spec, request: Request, source: ReadSource, visibility: Visibility, key: Hashable) -> Response:
    """Return the object with this key, with the fields that the URL names. Raise InvalidInputError, NotFoundError."""
    query = ALL_FIELDS
    if request.scope["query_string"]:
        query = read_item_query(split_query(request.scope["query_string"]), spec.item_grammar.within(visibility))
    return _item_response(spec, request, await spec.item_reader.read_keys(source, (key,), visibility, query), key)


async def create(
    writer: Writer, request: Request, session: AsyncSession, recognized: Recognized[object], *, data: BaseModel
) -> Response:
    """Make an object and return it, or return what was answered to the same `Idempotency-Key` before."""
    spec = writer.spec

    async def make() -> Response:
        async with _pointing_into(writer, data, session):
            made = await writer.creator.create_and_read(session, recognized, data)
        headers = {"Location": f"{_quoted(request.scope['path'])}/{quote(key_text(made.known_by), safe='')}"}
        there = headers if spec.has("retrieve") else None
        return _item_response(spec, request, made.batch, made.key, status=201, headers=there)

    if HEADER not in request.headers:
        return await make()
    replays = Replays(spec, session, recognized.viewer)
    return await respond_once(request, session, spec.policy.identity(recognized.viewer), make, replays)


async def update(
    writer: Writer,
    request: Request,
    session: AsyncSession,
    recognized: Recognized[object],
    *,
    key: Hashable,
    data: BaseModel,
) -> Response:
    """Change an object and return it; a PUT may make it, of which the second of two at once finds the first one's."""
    async with _pointing_into(writer, data, session):
        try:
            return await _change(writer, request, session, recognized, key, data)
        except NoRowError:
            if not _makes(writer.spec, request):
                raise
        try:
            async with session.begin_nested():
                await session.connection()  # on which the savepoint is from now on
                return await _put_new(writer, request, session, recognized.viewer, key, data)
        except IntegrityError:
            with suppress(NoRowError):
                return await _change(writer, request, session, recognized, key, data)
            raise


async def delete(
    writer: Writer, request: Request, session: AsyncSession, recognized: Recognized[object], *, key: Hashable
) -> Response:
    """Delete an object."""
    if_match, asked = list_header(request.scope, b"if-match"), writer.spec.change_visibility(recognized, DELETE)
    if not await writer.single_statement.delete(session, asked, key, if_match):
        await writer.delete_item(session, recognized.viewer, asked, key, if_match)
    return Response(status_code=204)


async def respond_with_written(  # noqa: PLR0917 - as Resource.respond has them
    spec: Spec,
    request: Request,
    session: AsyncSession,
    viewer: object,
    key: Hashable,
    action: str | None,
    *,
    status: int = 200,
) -> Response:
    """Return the object with this key as the viewer may see it, whether they may view the row or not.

    Raise PermissionDeniedError if they may not do `action` to the row as it is now; by default that is what they just
    did.
    """
    is_new = status == 201  # noqa: PLR2004 - Created
    action = action or (ADD if is_new else CHANGE)
    visibility = spec.written_visibility(viewer, action)
    batch = await spec.written_item_reader.read_keys(SessionSource(session), (key,), visibility)
    await check_written(spec, session, viewer, action, visibility, batch, [key])
    headers = _location(spec, request, key) if is_new else {}
    if spec.lookup and batch.items:  # an Idempotency-Key notes the row, whose lookup may change
        version = dict(zip(spec.reader.version_within(visibility.hidden), batch.version(0), strict=True))
        key = key_from([version[name] for name in spec.keys])
    return _item_response(spec, request, batch, key, status=status, headers=headers)


async def _left_to_fastapi() -> None:
    """Return None, so that FastAPI says what is wrong."""


@asynccontextmanager
async def _pointing_into(writer: Writer, data: BaseModel, session: AsyncSession) -> AsyncIterator[None]:
    """Let errors about attributes point to what the client sent: by the names that it knows, and in its envelope."""
    spec = writer.spec
    try:
        yield
        if writer.has_deferred_keys:
            await check_deferred_keys(session, spec.model, [data])
    except (DovetailError, DBAPIError) as error:
        told = await _error_with_fields(spec, data, error, session)
        if told is None:
            raise
        told.errors = tuple(as_sent(told.errors, type(data), spec.envelope.pointer))
        if told is error:
            raise
        raise told from error


async def _error_with_fields(
    spec: Spec, data: BaseModel, error: DovetailError | DBAPIError, session: AsyncSession
) -> DovetailError | None:
    """Return the error that names the fields; None if that is not known of an error of the database."""
    refused = await refused_row(session, spec.model, data, error)
    if refused is not None:
        return refused
    return error if isinstance(error, DovetailError) else refused_value(spec.model, data, error)


async def _change(  # noqa: PLR0917 - as `update` has them
    writer: Writer,
    request: Request,
    session: AsyncSession,
    recognized: Recognized[object],
    key: Hashable,
    data: BaseModel,
) -> Response:
    """Change the row that is there, and return it. Raise NoRowError."""
    spec, if_match = writer.spec, list_header(request.scope, b"if-match")
    asked = spec.change_visibility(recognized, CHANGE)
    if _makes(spec, request) and list_header(request.scope, b"if-none-match") == STAR:
        await writer.lock_item(session, recognized.viewer, key, CHANGE)
        raise StaleWriteError(f"There is such a {spec.singular} already.")
    batch = await writer.single_statement.update(session, recognized, asked, key, data, if_match)
    if batch is None:
        batch = await writer.update_and_read(session, recognized.viewer, asked, key, data, if_match)
    return _item_response(spec, request, batch, key)


def _makes(spec: Spec, request: Request) -> bool:
    """Return True for a PUT that makes what is not there."""
    return spec.put_creates and request.method == "PUT"


async def _put_new(  # noqa: PLR0917 - as `update` has them
    writer: Writer, request: Request, session: AsyncSession, viewer: object, key: Hashable, data: BaseModel
) -> Response:
    """Make the row that a PUT found none of, with the key of its path, and return it."""
    if list_header(request.scope, b"if-match") is not None:
        raise StaleWriteError  # what the client saw is not there
    made = await writer.creator.create_and_read(
        session, Recognized(viewer), data, key_values(writer.spec.known_by, key)
    )
    headers = {"Location": quote(request.scope["path"])} if writer.spec.has("retrieve") else None
    return _item_response(writer.spec, request, made.batch, made.key, status=201, headers=headers)


def _add_retrieve(spec: Spec, router: APIRouter) -> None:
    path, key_name = item_path(spec)
    path_key = PathKey.of(spec)

    async def endpoint(request: Request, session: AsyncSession, viewer: object, **path: Hashable) -> Response:
        return await retrieve(spec, request, SessionSource(session), spec.visibility(viewer), path[key_name])

    def fast_endpoint(request: Request, source: ReadSource, visibility: Visibility) -> Awaitable[Response | None]:
        try:
            key = path_key.read(request)
        except ValueError:
            return _left_to_fastapi()
        return retrieve(spec, request, source, visibility, key)

    described = ResourceEndpoint(
        spec,
        endpoint,
        name=f"get_{spec.singular}",
        description=f"One {spec.singular}.",
        parameters={"session": SessionDep, "viewer": spec.policy.reader, key_name: spec.key_type},
        fast_path=FastRead(spec, fast_endpoint, reader=spec.reader),
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
        description=f"Make a {spec.singular}.",
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
        description="Change some fields; what is left out stays." if schema is spec.update else "Replace every field.",
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
        description=f"Remove a {spec.singular}.",
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


@lru_cache(maxsize=100)  # mostly one for each resource
def _quoted(path: str) -> str:
    return quote(path)


def _location(spec: Spec, request: Request, key: Hashable) -> dict[str, str]:
    if not spec.has("retrieve"):
        return {}
    return {"Location": request.url_for(f"get_{spec.singular}", **{item_path(spec)[1]: key_text(key)}).path}


def _item_response(
    spec: Spec,
    request: Request,
    batch: Batch,
    key: Hashable,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> Response:
    if not batch.items:
        raise not_found(spec.singular, key)
    body = orjson.dumps(batch.items[0], option=ORJSON_OPTIONS)
    if spec.envelope.item:
        body = spec.envelope.wrapped(body)
    tag = etag(batch.version(0), body)
    known = list_header(request.scope, b"if-none-match")
    if known and request.method == "GET" and is_known(tag, known):
        return Response(status_code=304, headers={"ETag": tag})
    if status == 200 and not headers:  # noqa: PLR2004 - OK, as every read
        return FastJSONResponse(body, ((b"etag", tag.encode()),))
    return WrittenResponse(body, status, {"ETag": tag, **(headers or {})}, (key,))
