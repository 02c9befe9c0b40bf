"""Many at once: at most a hundred, in one transaction, all or nothing, with an error for each that cannot be done."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Annotated, Any, TypeAlias

import orjson
from fastapi import APIRouter, Query
from pydantic import BaseModel, BeforeValidator, Field, create_model
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import Response

from dovetail.api.schemas import Schema
from dovetail.database.error_translation import client_error
from dovetail.database.session import SessionDep
from dovetail.errors import (
    ConflictError,
    DovetailError,
    FieldError,
    InvalidInputError,
    NotFoundError,
    PermissionDeniedError,
    PreconditionRequiredError,
    StaleWriteError,
)
from dovetail.resources.endpoints import documentation
from dovetail.resources.endpoints.endpoints import add_route, named
from dovetail.resources.endpoints.lists import ORJSON_OPTIONS
from dovetail.resources.policy import not_found
from dovetail.resources.query.comparable import python_type
from dovetail.resources.spec import Spec
from dovetail.resources.write.idempotency import answer_once
from dovetail.resources.write.links import find_links
from dovetail.resources.write.writing import Asked, Writer

One: TypeAlias = Callable[[int], Awaitable[Any]]  # does what is to be done with one item
Start: TypeAlias = Callable[[], Awaitable[One]]
MAXIMUM = 100
EXPECTED = (
    ConflictError,
    InvalidInputError,
    NotFoundError,
    PermissionDeniedError,
    PreconditionRequiredError,
    StaleWriteError,
)


def add_endpoints(writer: Writer, router: APIRouter) -> None:
    """Add those that the resource offers, in front of the endpoints of single objects."""
    spec = writer.spec
    if spec.has("bulk_create"):
        _add_create(writer, router)
    if spec.has("bulk_update"):
        _add_update(writer, router)
    if spec.has("bulk_delete"):
        _add_delete(writer, router)


@dataclass
class _Failures:
    """Tries one item after the other, each in a savepoint, and remembers what went wrong."""

    session: AsyncSession
    where: str  # the pointer to the list of them
    total: int
    found: list[tuple[int, DovetailError]] = field(default_factory=list)

    @asynccontextmanager
    async def of(self, number: int) -> AsyncIterator[None]:
        """Note what the block raises, if it is something that a client can do about."""
        try:
            async with self.session.begin_nested():
                yield
        except EXPECTED as error:
            self.found.append((number, error))
        except SQLAlchemyError as error:
            known = client_error(error)
            if not isinstance(known, EXPECTED):
                raise
            self.found.append((number, known))

    def raise_any(self) -> None:
        """Raise them as one error, which rolls everything back: of their own kind if they are all of one kind."""
        if not self.found:
            return
        kinds = {type(error) for _, error in self.found}
        kind = kinds.pop() if len(kinds) == 1 else InvalidInputError
        errors = [one for number, error in self.found for one in _located(f"{self.where}/{number}", error)]
        raise kind(f"{len(self.found)} of {self.total} cannot be done; nothing was changed.", errors=errors)


def _located(pointer: str, error: DovetailError) -> list[FieldError]:
    if not error.errors:
        return [FieldError(pointer=pointer, detail=error.detail, type=error.slug)]
    return [FieldError(pointer=pointer + one.pointer, detail=one.detail, type=one.type) for one in error.errors]


async def _all_or_none(
    session: AsyncSession, where: str, total: int, together: Callable[[], Awaitable[Any]], start: Start
) -> Any:
    """What `together` gives. If it fails, each is tried alone, to name those that fail; `start` gives who does that."""
    try:
        async with session.begin_nested():
            return await together()
    except EXPECTED:
        pass
    except SQLAlchemyError as error:
        if not isinstance(client_error(error), EXPECTED):
            raise
    one, failures = await start(), _Failures(session, where, total)
    done = []
    for number in range(total):
        async with failures.of(number):
            done.append(await one(number))
    failures.raise_any()
    return done


def _add_create(writer: Writer, router: APIRouter) -> None:
    spec = writer.spec
    schema = _list_schema(f"{spec.create.__name__}Bulk", spec.create)  # type: ignore[union-attr]  # it is offered

    async def make(session: AsyncSession, viewer: Any, items: Sequence[Any]) -> Response:
        async def start() -> One:
            links = await find_links(spec, session, items)  # of all, as before: in another order others might wait

            async def one(number: int) -> Any:
                return (await writer.create_items(session, viewer, [items[number]], links))[0]

            return one

        together = partial(writer.create_items, session, viewer, items)
        keys = await _all_or_none(session, "/items", len(items), together, start)
        return await _answer(spec, session, viewer, keys, 201)

    async def answer(request: Request, session: Any, viewer: Any, data: Any) -> Response:
        make_once = partial(make, session, viewer, data.items)
        return await answer_once(request, session, spec.policy.identity(viewer), make_once)

    _add(
        spec,
        router,
        answer,
        ("create", "Make", "POST"),
        {"data": schema},
        status_code=201,
        response_model=_answer_schema(spec),
        openapi_extra={"parameters": [documentation.idempotency_key()]},
    )


def _add_update(writer: Writer, router: APIRouter) -> None:
    spec = writer.spec
    update: Any = spec.update
    extra: dict[str, Any] = {
        spec.key: (spec.body_key_type, ...),
        "if_match": (
            str | None,
            Field(None, max_length=1_000, description="The object's ETag, if it has to be unchanged."),
        ),
    }
    one_schema = create_model(f"{update.__name__}BulkItem", __base__=update, __module__=update.__module__, **extra)

    async def answer(request: Request, session: Any, viewer: Any, data: Any) -> Response:  # noqa: ARG001 - as all have it
        items = data.items
        keys = [getattr(one, spec.key) for one in items]

        def asked(found: dict[Any, Any], number: int) -> Asked:
            item = _take(spec, found, keys[number], keys[:number])
            return Asked(item, _without(update, items[number], set(extra)), items[number].if_match)

        async def together() -> None:
            found = await writer.lock_items(session, viewer, keys)
            await writer.update_items(session, viewer, [asked(found, number) for number in range(len(keys))])

        async def start() -> One:
            found = await writer.lock_items(session, viewer, keys)
            links = await find_links(spec, session, items)
            return lambda number: writer.update_items(session, viewer, [asked(found, number)], links)

        await _all_or_none(session, "/items", len(keys), together, start)
        return await _answer(spec, session, viewer, keys, 200)

    _add(
        spec,
        router,
        answer,
        ("update", "Change", "PATCH"),
        {"data": _list_schema(f"{update.__name__}Bulk", one_schema)},
        response_model=_answer_schema(spec),
        responses={404: {}} | documentation.precondition_responses(required=spec.requires_if_match),
    )


def _add_delete(writer: Writer, router: APIRouter) -> None:
    spec = writer.spec
    key_type = python_type(getattr(spec.model, spec.key).type)
    keys_type = Annotated[
        list[key_type],  # type: ignore[valid-type]  # known at run time only
        BeforeValidator(_split),
        Query(min_length=1, max_length=MAXIMUM, description="The keys, separated by commas."),
    ]

    async def answer(request: Request, session: Any, viewer: Any, ids: Any) -> Response:  # noqa: ARG001 - as all have it
        def taken(found: dict[Any, Any], number: int) -> Any:
            return _take(spec, found, ids[number], ids[:number])

        async def together() -> None:
            found = await writer.lock_items(session, viewer, ids)
            await writer.delete_items(session, viewer, [taken(found, number) for number in range(len(ids))])

        async def start() -> One:
            found = await writer.lock_items(session, viewer, ids)
            return lambda number: writer.delete_items(session, viewer, [taken(found, number)])

        await _all_or_none(session, "/ids", len(ids), together, start)
        return Response(status_code=204)

    _add(
        spec,
        router,
        answer,
        ("delete", "Remove", "DELETE"),
        {"ids": keys_type},
        status_code=204,
        responses={404: {}, 422: {}},
    )


def _add(
    spec: Spec,
    router: APIRouter,
    answer: Callable[..., Any],
    names: tuple[str, str, str],
    parameters: dict[str, Any],
    **options: Any,
) -> None:
    """Add an endpoint; `names` are what it is called, what it says it does, and its method."""
    name, verb, method = names
    description = f"{verb} up to {MAXIMUM} {spec.collection} at once; all or none."
    parameters = {"session": SessionDep, "viewer": spec.policy.writer, **parameters}
    named(spec, answer, f"bulk_{name}_{spec.collection}", description, parameters)
    add_route(router, f"{spec.url}/bulk", answer, method=method, **options)


async def _answer(spec: Spec, session: AsyncSession, viewer: Any, keys: Sequence[Any], status: int) -> Response:
    written = spec.written_visibility(viewer)
    batch = await spec.written_reader.read(session, spec.by_key.request(tuple(keys)), written)
    by_key = {batch.position(number)[0]: item for number, item in enumerate(batch.items)} if len(keys) > 1 else {}
    items = [by_key[key] for key in keys] if by_key else batch.items
    return Response(orjson.dumps({"items": items}, option=ORJSON_OPTIONS), status, media_type="application/json")


def _take(spec: Spec, found: dict[Any, Any], key: Any, before: Sequence[Any]) -> Any:
    if key in before:
        detail = f"The {spec.singular} {key} comes twice."
        raise InvalidInputError(detail, errors=[FieldError(pointer="", detail=detail, type="repeated")])
    if key not in found:
        raise not_found(spec.singular, key)
    return found[key]


def _without(schema: Any, data: BaseModel, names: set[str]) -> Any:
    """The item of a bulk update as the service of a single one knows it."""
    values = {name: getattr(data, name) for name in schema.model_fields}
    return schema.model_construct(data.model_fields_set - names, **values)


def _list_schema(name: str, one: Any) -> Any:
    items = Annotated[list[one], Field(min_length=1, max_length=MAXIMUM)]
    return create_model(name, __base__=Schema, __module__=one.__module__, items=(items, ...))


def _answer_schema(spec: Spec) -> Any:
    schema: Any = spec.written or spec.read
    return create_model(
        f"{schema.__name__.removesuffix('Read')}Items",
        __base__=Schema,
        __module__=schema.__module__,
        items=(list[schema], ...),
    )


def _split(given: Any) -> Any:
    return [part.strip() for text in given for part in str(text).split(",")] if isinstance(given, list) else given
