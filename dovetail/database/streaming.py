"""Sessions for answers that are sent bit by bit: `SessionDep` is closed before the first byte leaves.

A client may take hours over a stream, or read it slowly, and a connection must not wait for it.
"""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from functools import partial
from typing import Annotated, TypeAlias

from fastapi import Depends
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import HTTPConnection

from dovetail.database.dependencies import SAFE_METHODS
from dovetail.database.session import Database

StreamSessions: TypeAlias = Callable[[], AbstractAsyncContextManager[AsyncSession]]


async def stream_sessions(connection: HTTPConnection) -> StreamSessions:
    """Give a stream what opens a unit of work whenever it needs the database; no connection is held in between.

        async with sessions() as session:
            rows = (await session.scalars(statement)).all()
        for row in rows:
            yield row

    A block is one transaction: committed at its end, rolled back on any exception, as when the client hangs up. Send
    nothing within the block: the client would be waited for with a connection in hand. Tests override this to bring
    another database.
    """
    database: Database = connection.app.state.database
    return partial(database.unit_of_work, read_only=connection.scope.get("method") in SAFE_METHODS)


StreamSessionsDep = Annotated[StreamSessions, Depends(stream_sessions)]
