"""Many at once: at most a hundred, in one transaction, all or nothing, with an error for each that cannot be done."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any

import orjson
from fastapi import APIRouter, Query
from pydantic import BaseModel, BeforeValidator, Field, create_model
from sqlalchemy import true
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import Response

from project.api.resources import documentation
from project.api.resources.endpoints import add_route, named
from project.api.resources.etags import STAR
from project.api.resources.idempotency import answer_once
from project.api.resources.items import key_request
from project.api.resources.lists import ORJSON_OPTIONS
from project.api.resources.policy import not_found
from project.api.resources.query import ItemQuery
from project.api.resources.scope import Scope
from project.api.resources.values import python_type
from project.api.resources.writing import create_item, delete_item, lock_items, update_item
from project.api.schemas import Schema
from project.database.dependencies import SessionDep
from project.database.failures import explain_failure
from project.errors import (
    ConflictError,
    DovetailError,
    FieldError,
    InvalidInputError,
    NotFoundError,
    PermissionDeniedError,
    PreconditionRequiredError,
    StaleWriteError,
)

if TYPE_CHECKING:
    from project.api.resources.resource import Resource

MAXIMUM = 100
EXPECTED = (
    ConflictError,
    InvalidInputError,
    NotFoundError,
    PermissionDeniedError,
    PreconditionRequiredError,
    StaleWriteError,
)


def add_endpoints(resource: "Resource", router: APIRouter) -> None:
    """Add those that the resource offers, in front of the endpoints of single objects."""
    if resource.has("bulk_create"):
        _add_create(resource, router)
    if resource.has("bulk_update"):
        _add_update(resource, router)
    if resource.has("bulk_delete"):
        _add_delete(resource, router)


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
            known = explain_failure(error)
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


def _add_create(resource: "Resource", router: APIRouter) -> None:
    schema = _list_schema(f"{resource.create.__name__}Bulk", resource.create)  # type: ignore[union-attr]  # it is offered

    async def answer(request: Request, session: Any, viewer: Any, data: Any) -> Response:
        async def create() -> Response:
            made, failures = [], _Failures(session, "/items", len(data.items))
            for number, one in enumerate(data.items):
                async with failures.of(number):
                    made.append(await create_item(resource, session, viewer, one))
            failures.raise_any()
            return await _answer(resource, session, viewer, [getattr(item, resource.key) for item in made], 201)

        return await answer_once(request, session, resource.policy.identity(viewer), create)

    parameters = {"session": SessionDep, "viewer": resource.policy.writer, "data": schema}
    text = f"Make up to {MAXIMUM} {resource.collection} at once; all or none."
    named(resource, answer, f"bulk_create_{resource.collection}", text, parameters)
    add_route(
        router,
        f"/{resource.collection}/bulk",
        answer,
        method="POST",
        status_code=201,
        response_model=_answer_schema(resource),
        openapi_extra={"parameters": [documentation.idempotency_key()]},
    )


def _add_update(resource: "Resource", router: APIRouter) -> None:
    update: Any = resource.update
    extra: dict[str, Any] = {
        resource.key: (python_type(getattr(resource.model, resource.key).type), ...),
        "if_match": (str | None, Field(None, description="The object's ETag, if it has to be unchanged.")),
    }
    one_schema = create_model(f"{update.__name__}BulkItem", __base__=update, __module__=update.__module__, **extra)
    schema = _list_schema(f"{update.__name__}Bulk", one_schema)

    async def answer(request: Request, session: Any, viewer: Any, data: Any) -> Response:  # noqa: ARG001 - as all have it
        keys = [getattr(one, resource.key) for one in data.items]
        found, failures = await lock_items(resource, session, viewer, keys), _Failures(session, "/items", len(keys))
        for number, (key, one) in enumerate(zip(keys, data.items, strict=True)):
            async with failures.of(number):
                item = _take(resource, found, key, keys[:number])
                await update_item(
                    resource, session, viewer, item, _without(update, one, set(extra)), if_match=one.if_match
                )
        failures.raise_any()
        return await _answer(resource, session, viewer, keys, 200)

    parameters = {"session": SessionDep, "viewer": resource.policy.writer, "data": schema}
    text = f"Change up to {MAXIMUM} {resource.collection} at once; all or none."
    named(resource, answer, f"bulk_update_{resource.collection}", text, parameters)
    add_route(
        router,
        f"/{resource.collection}/bulk",
        answer,
        method="PATCH",
        response_model=_answer_schema(resource),
        responses={404: {}, 412: {}},
    )


def _add_delete(resource: "Resource", router: APIRouter) -> None:
    key_type = python_type(getattr(resource.model, resource.key).type)
    keys_type = Annotated[
        list[key_type],  # type: ignore[valid-type]  # known at run time only
        BeforeValidator(_split),
        Query(min_length=1, max_length=MAXIMUM, description="The keys, separated by commas."),
    ]

    async def answer(request: Request, session: Any, viewer: Any, ids: Any) -> Response:  # noqa: ARG001 - as all have it
        found, failures = await lock_items(resource, session, viewer, ids), _Failures(session, "/ids", len(ids))
        for number, key in enumerate(ids):
            async with failures.of(number):
                await delete_item(resource, session, viewer, _take(resource, found, key, ids[:number]), STAR)
        failures.raise_any()
        return Response(status_code=204)

    parameters = {"session": SessionDep, "viewer": resource.policy.writer, "ids": keys_type}
    text = f"Remove up to {MAXIMUM} {resource.collection} at once; all or none."
    named(resource, answer, f"bulk_delete_{resource.collection}", text, parameters)
    add_route(
        router,
        f"/{resource.collection}/bulk",
        answer,
        method="DELETE",
        status_code=204,
        responses={404: {}, 422: {}},
    )


async def _answer(
    resource: "Resource", session: AsyncSession, viewer: Any, keys: Sequence[Any], status: int
) -> Response:
    scope = resource.scope(viewer)
    written = Scope(true(), scope.related, scope.hidden)
    batch = await resource.written_reader.read(session, key_request(resource, tuple(keys), ItemQuery()), written)
    by_key = {batch.position(number)[0]: item for number, item in enumerate(batch.items)} if len(keys) > 1 else {}
    items = [by_key[key] for key in keys] if by_key else batch.items
    return Response(orjson.dumps({"items": items}, option=ORJSON_OPTIONS), status, media_type="application/json")


def _take(resource: "Resource", found: dict[Any, Any], key: Any, before: Sequence[Any]) -> Any:
    if key in before:
        detail = f"The {resource.singular} {key} comes twice."
        raise InvalidInputError(detail, errors=[FieldError(pointer="", detail=detail, type="repeated")])
    if key not in found:
        raise not_found(resource.singular, key)
    return found[key]


def _without(schema: Any, data: BaseModel, names: set[str]) -> Any:
    """The item of a bulk update as the service of a single one knows it."""
    values = {name: getattr(data, name) for name in schema.model_fields}
    return schema.model_construct(data.model_fields_set - names, **values)


def _list_schema(name: str, one: Any) -> Any:
    items = Annotated[list[one], Field(min_length=1, max_length=MAXIMUM)]
    return create_model(name, __base__=Schema, __module__=one.__module__, items=(items, ...))


def _answer_schema(resource: "Resource") -> Any:
    schema: Any = resource.written or resource.read
    return create_model(
        f"{schema.__name__.removesuffix('Read')}Items",
        __base__=Schema,
        __module__=schema.__module__,
        items=(list[schema], ...),
    )


def _split(given: Any) -> Any:
    return [part.strip() for text in given for part in str(text).split(",")] if isinstance(given, list) else given
