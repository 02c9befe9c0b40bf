"""The database as endpoints ask for it, by type: one transaction a request, and sessions for answers that stream."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from functools import partial
from typing import Annotated, TypeAlias

from fastapi import Depends
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import HTTPConnection

from dovetail.database.fast_unit_of_work import SessionSource
from dovetail.database.prepared_reads import ReadSource as ReadSource  # noqa: PLC0414 - a name of the public API
from dovetail.database.unit_of_work import DATABASE
from dovetail.database.unit_of_work import Database as Database  # noqa: PLC0414 - a name of the public API
from dovetail.database.unit_of_work import lookup_session as lookup_session  # noqa: PLC0414 - as above

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
StreamSessions: TypeAlias = Callable[[], AbstractAsyncContextManager[AsyncSession]]


async def unit_of_work(connection: HTTPConnection) -> AsyncIterator[AsyncSession]:
    """Yield the one session of a request, in one transaction: committed on success, rolled back on any exception.

    Tests override this in `app.dependency_overrides` to bring another database. Raises UnavailableError, which answers
    503, if no connection comes free in time.
    """
    database = DATABASE.get(connection.app)
    async with database.unit_of_work(read_only=connection.scope.get("method") in SAFE_METHODS) as session:
        yield session


async def stream_sessions(connection: HTTPConnection) -> StreamSessions:
    """Return what opens a unit of work, for an answer that is sent bit by bit.

    `SessionDep` is closed before the first byte leaves. A client may take hours over a stream, or read it slowly, and
    a connection must not wait for it: open a session whenever the database is needed, and hold none in between.

        async with sessions() as session:
            rows = (await session.scalars(statement)).all()
        for row in rows:
            yield row

    A block is one transaction: committed at its end, rolled back on any exception, as when the client hangs up. Send
    nothing within the block: the client would be waited for with a connection in hand. Tests override this to bring
    another database.
    """
    database = DATABASE.get(connection.app)
    return partial(database.unit_of_work, read_only=connection.scope.get("method") in SAFE_METHODS)


# scope="function" commits before the response leaves, so that a failed COMMIT can still become an error.
SessionDep = Annotated[AsyncSession, Depends(unit_of_work, scope="function")]
"""The session of a request. All who ask within one request are given the same; services flush and never commit."""

StreamSessionsDep = Annotated[StreamSessions, Depends(stream_sessions)]
"""A function that opens a session for a part of a stream: `async with sessions() as session`."""


async def read_source(session: SessionDep) -> ReadSource:
    """Return where the reads of a request run: in its session."""
    return SessionSource(session)


SourceDep = Annotated[ReadSource, Depends(read_source)]
"""Where the reads of a list's `values` run: in the session of the request, or on a bare connection on the fast path."""
