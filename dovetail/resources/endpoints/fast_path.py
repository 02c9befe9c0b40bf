"""The fast path of a resource's endpoints: the same functions that FastAPI runs, without FastAPI's dependencies.

A read runs on a connection of the pool without a transaction, or in a session if only the ORM can read; a write runs on
a unit of work that begins its transaction with the first change. This module decides which requests may take the fast
path, by the user and by what is sent. Anything unusual (a viewer whom the policy does not recognize, a wrong body, an
`Idempotency-Key`) is left to FastAPI, which also words the errors. `api/front/fast_path.py` has the rest.
"""

from collections.abc import Awaitable, Callable, Hashable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol, TypeAlias, cast

import orjson
from fastapi import FastAPI
from pydantic import BaseModel, TypeAdapter
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from dovetail.api.front.endpoint import FastAnswer
from dovetail.api.schemas import Id
from dovetail.database.drivers.lost_connections import asks_for_another_try, is_timeout, may_be_read_again
from dovetail.database.error_translation import client_error
from dovetail.database.fast_unit_of_work import FastUnitOfWork, SessionSource, confirm_presumed
from dovetail.database.prepared_reads import NeedsSessionError, PoolSource, ReadSource
from dovetail.database.presumed import Remembered, UnconfirmedError
from dovetail.database.unit_of_work import DATABASE, Database
from dovetail.resources.endpoints.fast_place import FastPlace
from dovetail.resources.endpoints.idempotency import HEADER
from dovetail.resources.endpoints.routes import item_path
from dovetail.resources.policy import Policy, Recognized
from dovetail.resources.read.reader import Reader
from dovetail.resources.schemas.envelope import NO_ENVELOPE, Envelope
from dovetail.resources.spec import Spec
from dovetail.resources.sql.statements import Cache
from dovetail.resources.visibility import Visibility
from dovetail.state import forget_actor

MAXIMUM_PRESUMED = 2_000  # tokens whose user is remembered by an endpoint; each is some kilobytes
ReadEndpoint: TypeAlias = Callable[[Request, ReadSource, Visibility], Awaitable[Response | None]]


class WriteEndpoint(Protocol):
    """A function that writes. It gets the viewer, and `key` and `data` if it needs them."""

    def __call__(
        self, request: Request, session: AsyncSession, recognized: Recognized[Any], **given: Any
    ) -> Awaitable[Response]:
        """Return the response."""


@dataclass(frozen=True)
class FastRead:
    """Runs `endpoint` for the viewer whom the policy recognizes; `place` narrows a list by its path.

    `reader` is what the endpoint reads with, if it reads with nothing else: its statement confirms the user, too.
    """

    spec: Spec
    endpoint: ReadEndpoint
    place: FastPlace | None = None
    reader: Reader | None = None

    def __call__(self, app: FastAPI) -> FastAnswer:
        """Return the FastAnswer of an application."""
        database = DATABASE.get(app)
        if self.reader is not None and self.reader.why_python(database.engine.dialect) is None:
            return partial(self.read_presuming, database, Cache(MAXIMUM_PRESUMED))
        return partial(self.read, database)

    async def read_presuming(self, database: Database, remembered: Remembered, request: Request) -> Response | None:
        """Return the response as `read` does, without a statement of its own for a user whose token came before."""
        source = PoolSource(database.engine, remembered)
        try:
            answer = await self.read(database, request, source)
        except Exception as error:
            if source.presumed is None or is_timeout(error):
                raise
        else:
            if source.presumed is None:
                return answer
        forget_actor()
        return await self.read(database, request)

    async def read(self, database: Database, request: Request, source: PoolSource | None = None) -> Response | None:
        """Return the response; None to leave the request to FastAPI."""
        visibility: Visibility | None = None
        try:
            async with source or PoolSource(database.engine) as opened:
                visibility = await self._visibility(request, opened)
                return None if visibility is None else await self.endpoint(request, opened, visibility)
        except NeedsSessionError:
            pass  # the connection is given back before the session takes one
        except DBAPIError as error:
            if not may_be_read_again(error):
                raise
        if source is not None and source.presumed is not None:
            return None  # `read_presuming` reads again, and looks up the user
        # Read in a session, as FastAPI would. The user is known by now, unless the lookup failed.
        async with database.unit_of_work(read_only=True) as session:
            beside = SessionSource(session)
            visibility = visibility or await self._visibility(request, beside)
            return None if visibility is None else await self.endpoint(request, beside, visibility)

    async def _visibility(self, request: Request, source: ReadSource) -> Visibility | None:
        """Return what the viewer may see here; None if FastAPI has to find the viewer, or the rows that are meant."""
        recognized = await self.spec.policy.recognize_reader(request, source)
        if recognized is None:
            return None
        visibility = self.spec.visibility_of(recognized)
        return visibility if self.place is None else await self.place.narrow(visibility, request, source, recognized)


@dataclass(frozen=True)
class PathKey:
    """The key of an object in the path of its endpoints."""

    name: str
    adapter: TypeAdapter[Hashable]
    is_numbered: bool

    @classmethod
    def of(cls, spec: Spec) -> "PathKey":
        """Return the key of a resource's paths."""
        is_numbered = spec.is_numbered and not spec.lookup
        kind = Id if is_numbered else spec.key_type
        return cls(item_path(spec)[1], TypeAdapter(cast("type[Hashable]", kind)), is_numbered)

    def read(self, request: Request) -> Hashable:
        """Return the key in the path of a request, as FastAPI reads it. Raise ValueError, as pydantic does."""
        text = request.scope["path_params"][self.name]
        key: Hashable = self.adapter.validator.validate_python(text)
        if self.is_numbered and str(key) != text:
            raise ValueError(text)  # as FastAPI does: a number has one way to be written
        return key


@dataclass(frozen=True)
class FastWrite:
    """Runs `endpoint` for the viewer whom `policy` recognizes.

    It gets what FastAPI would pass to it: the `key` in the path, and as `data` the body, read by `schema`. `confirms`
    is for an endpoint whose first statement is its write, which then confirms the user, too.
    """

    policy: Policy[object, object, object]
    endpoint: WriteEndpoint
    key: PathKey | None = None
    schema: type[BaseModel] | None = None
    envelope: Envelope = NO_ENVELOPE
    confirms: bool = False

    def __call__(self, app: FastAPI) -> FastAnswer:
        """Return the FastAnswer of an application."""
        database = DATABASE.get(app)
        may_presume = self.confirms and database.engine.dialect.name == "postgresql"
        return partial(self.write, database.fast_unit_of_work, Cache(MAXIMUM_PRESUMED) if may_presume else None)

    async def write(
        self, begin: Callable[..., FastUnitOfWork], remembered: Remembered | None, request: Request
    ) -> Response | None:
        """Return the response; None to leave the request to FastAPI, when nothing was written."""
        if HEADER in request.headers:
            return None
        given = await self._read(request)
        if given is None:
            return None
        try:
            return await self._work(begin(remembered), request, given)
        except UnconfirmedError:
            forget_actor()
            return await self._work(begin(), request, given)

    async def _work(self, work: FastUnitOfWork, request: Request, given: Mapping[str, object]) -> Response | None:
        """Return the response as `write` does. Raise UnconfirmedError if the presumed user is not the user any more."""
        begun = False
        try:
            async with work as session:
                try:
                    recognized = await self.policy.recognize_writer(request, session)
                    if recognized is None:
                        return None
                    begun = True
                    return await self.endpoint(request, session, recognized, **given)
                except (DBAPIError, UnconfirmedError):
                    raise
                except Exception:
                    await confirm_presumed(session)  # before the presumed user is refused
                    raise
        except DBAPIError as error:
            if not error.connection_invalidated or isinstance(error.orig, TimeoutError):
                raise
            if asks_for_another_try(error) and not work.has_written:
                raise
            if begun:  # it may be committed, so it must not be done again
                raise client_error(error) or error from error
            return None

    async def _read(self, request: Request) -> dict[str, object] | None:
        """Return the `key` and the `data` of the request; None if one is wrong, which FastAPI reports."""
        given: dict[str, object] = {}
        try:
            if self.key is not None:
                given["key"] = self.key.read(request)
            if self.schema is not None:
                if request.headers.get("content-type") != "application/json":
                    return None
                body = self.schema.model_validate(orjson.loads(await request.body()))
                given["data"] = self.envelope.unwrapped(body) if self.envelope.item else body
        except (ClientDisconnect, ValueError):  # of orjson and pydantic
            return None
        return given
