"""The fast path of a resource's endpoints: the same functions that FastAPI runs, without FastAPI's dependencies.

A read runs on a connection of the pool without a transaction, or in a session if only the ORM can read; a write runs on
a unit of work that begins its transaction with the first change. This module decides which requests may come this way,
by who asks and by what is sent. Whatever is unusual (a token that has to be looked at, a body that is wrong, an
`Idempotency-Key`) is left to FastAPI, which says what is to be said about it. `api/front/fast_path.py` has the rest.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

import orjson
from fastapi import FastAPI
from pydantic import BaseModel, ValidationError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from dovetail.api.front.fast_path import FastAnswer
from dovetail.database.drivers.lost_connections import asks_for_another_try
from dovetail.database.drivers.retries import attempting
from dovetail.database.error_translation import client_error
from dovetail.database.prepared_reads import PoolSource, ReadSource, SessionSource
from dovetail.database.unit_of_work import DATABASE, Database
from dovetail.resources.policy import Policy
from dovetail.resources.read.reader import NeedsSessionError
from dovetail.resources.spec import Spec
from dovetail.resources.visibility import Visibility
from dovetail.resources.write.idempotency import HEADER

ReadEndpoint: TypeAlias = Callable[[Request, ReadSource, Visibility], Awaitable[Response | None]]
WriteEndpoint: TypeAlias = Callable[[Request, AsyncSession, object, BaseModel], Awaitable[Response]]


@dataclass(frozen=True)
class FastRead:
    """Runs `endpoint` for those whose viewer is known without FastAPI."""

    spec: Spec
    endpoint: ReadEndpoint

    def __call__(self, app: FastAPI) -> FastAnswer:
        """Return what answers the requests of an application."""
        return partial(self.read, DATABASE.get(app))

    async def read(self, database: Database, request: Request) -> Response | None:
        """Return the answer; None if FastAPI has to see to the request."""
        async with PoolSource(database.engine) as source:
            visibility = await visibility_of_reader(self.spec, request, source)
            if visibility is None:
                return None
            try:
                return await self.endpoint(request, source, visibility)
            except NeedsSessionError:
                pass  # the connection is given back before the session takes one
        # FastAPI would open the same session, but it would ask the policy again.
        async with database.unit_of_work(read_only=True) as session:
            return await self.endpoint(request, SessionSource(session), visibility)


@dataclass(frozen=True)
class FastWrite:
    """Runs `endpoint` with a body of `schema`, for the viewer whom `policy` recognizes."""

    policy: Policy[object, object, object]
    schema: type[BaseModel] | None
    endpoint: WriteEndpoint

    def __call__(self, app: FastAPI) -> FastAnswer:
        """Return what answers the requests of an application."""
        return partial(self.write, DATABASE.get(app))

    async def write(self, database: Database, request: Request) -> Response | None:
        """Return the answer; None if FastAPI has to see to the request, and then nothing was done."""
        headers = request.headers
        if HEADER in headers or headers.get("content-type") != "application/json":
            return None
        data = await self._read_body(request)
        if data is None:
            return None
        begun = False
        try:
            with attempting() as attempt:
                async with database.fast_unit_of_work() as session:
                    recognized = await self.policy.recognize_writer(request, session)
                    if recognized is None:
                        return None
                    begun = True
                    return await self.endpoint(request, session, recognized.viewer, data)
        except DBAPIError as error:
            if not error.connection_invalidated or isinstance(error.orig, TimeoutError):
                raise
            if asks_for_another_try(error) and not attempt.has_written:
                raise
            if begun:  # who knows what was committed: it must not be done again
                raise client_error(error) or error from error
            return None

    async def _read_body(self, request: Request) -> BaseModel | None:
        try:
            return None if self.schema is None else self.schema.model_validate(orjson.loads(await request.body()))
        except (ClientDisconnect, orjson.JSONDecodeError, ValidationError):
            return None


async def visibility_of_reader(spec: Spec, request: Request, source: ReadSource) -> Visibility | None:  # noqa: ARG001 - see below
    """Return what the viewer of a read may see; None if FastAPI's dependencies have to find out who asks.

    A policy that finds the viewer of a token by one statement would run it on `source`, the connection that the
    endpoint reads on afterwards; the values that depend on the viewer are `Visibility.bind_values`.
    """
    policy = spec.policy
    if not policy.is_anonymous(request):
        return None
    return spec.anonymous_visibility if policy.remembers_anonymous else spec.visibility(None)
