"""A write that goes past FastAPI's dependencies, on a unit of work that begins its transaction with the first change.

The endpoint stays an ordinary one. Whatever is unusual about a request (no token, a body that is wrong, an
`Idempotency-Key`, a dependency that a router adds) goes the usual way, which says what is to be said about it.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import orjson
from pydantic import BaseModel, ValidationError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from dovetail.database.drivers.lost_connections import asks_for_another_try
from dovetail.database.drivers.retries import attempting
from dovetail.database.error_translation import client_error
from dovetail.database.unit_of_work import DATABASE
from dovetail.resources.policy import Policy
from dovetail.resources.write.idempotency import HEADER

Make = Callable[[Request, AsyncSession, Any, Any], Awaitable[Response]]


@dataclass(frozen=True)
class QuickWrite:
    """How to answer a request whose body is `schema`: `make` does, for the viewer whom `policy` recognizes."""

    policy: Policy
    schema: type[BaseModel] | None
    make: Make

    async def answer(self, request: Request) -> Response | None:
        """The answer; None if FastAPI has to see to the request, and then nothing was done."""
        headers = request.headers
        if HEADER in headers or headers.get("content-type") != "application/json":
            return None
        data = await self._read(request)
        if data is None:
            return None
        database = DATABASE.get(request.app)
        begun = False
        try:
            with attempting() as attempt:
                async with database.quick_unit_of_work() as session:
                    recognized = await self.policy.recognize_writer(request, session)
                    if recognized is None:
                        return None
                    begun = True
                    return await self.make(request, session, recognized.viewer, data)
        except DBAPIError as error:
            if not error.connection_invalidated or isinstance(error.orig, TimeoutError):
                raise
            if asks_for_another_try(error) and not attempt.has_written:
                raise
            if begun:  # who knows what was committed: it must not be done again
                raise client_error(error) or error from error
            return None

    async def _read(self, request: Request) -> BaseModel | None:
        try:
            return None if self.schema is None else self.schema.model_validate(orjson.loads(await request.body()))
        except (ClientDisconnect, orjson.JSONDecodeError, ValidationError):
            return None
