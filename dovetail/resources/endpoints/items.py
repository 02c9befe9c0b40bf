"""Answer requests for a single object: retrieve, create, update, replace and delete it.

FastAPI and the fast path call the same functions. They differ in where a read runs and in who found out the viewer.
`item_routes` adds the endpoints to a router.
"""

from collections.abc import AsyncIterator, Awaitable, Hashable, Mapping
from contextlib import asynccontextmanager, suppress
from functools import lru_cache
from urllib.parse import quote

import orjson
from pydantic import BaseModel
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import Response

from dovetail.api.front.fast_path import FastJSONResponse
from dovetail.database.fast_unit_of_work import SessionSource
from dovetail.database.prepared_reads import ReadSource
from dovetail.errors import DovetailError, StaleWriteError
from dovetail.middleware.headers import list_header
from dovetail.resources.declaration.declared import ADD, CHANGE, DELETE
from dovetail.resources.endpoints.fast_path import PathKey
from dovetail.resources.endpoints.idempotency import HEADER, WrittenResponse, respond_once
from dovetail.resources.endpoints.replays import Replays
from dovetail.resources.endpoints.routes import item_path
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


async def retrieve(spec: Spec, request: Request, source: ReadSource, visibility: Visibility, key: Hashable) -> Response:
    """Return the object with this key, with the fields that the URL names. Raise InvalidInputError, NotFoundError."""
    query = ALL_FIELDS
    if request.scope["query_string"]:
        query = read_item_query(split_query(request.scope["query_string"]), spec.item_grammar.within(visibility))
    return _item_response(spec, request, await spec.item_reader.read_keys(source, (key,), visibility, query), key)


def retrieve_fast(
    spec: Spec, path_key: PathKey, request: Request, source: ReadSource, visibility: Visibility
) -> Awaitable[Response | None]:
    """Return `retrieve` of the object with the key in the path; None for what is no key, which FastAPI explains."""
    try:
        key = path_key.read(request)
    except ValueError:
        return _left_to_fastapi()
    return retrieve(spec, request, source, visibility, key)


async def create(
    writer: Writer, request: Request, session: AsyncSession, recognized: Recognized[object], *, data: BaseModel
) -> Response:
    """Create an object and return it; for an `Idempotency-Key` that was used before, return that response."""
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
    """Create the row that a PUT did not find, with the key of its path, and return it."""
    if list_header(request.scope, b"if-match") is not None:
        raise StaleWriteError  # what the client saw is not there
    made = await writer.creator.create_and_read(
        session, Recognized(viewer), data, key_values(writer.spec.known_by, key)
    )
    headers = {"Location": quote(request.scope["path"])} if writer.spec.has("retrieve") else None
    return _item_response(writer.spec, request, made.batch, made.key, status=201, headers=headers)


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
