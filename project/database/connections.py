"""The connection that a session works on, for statements that go past the session to the driver."""

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

CONNECTION = "dovetail_connection"  # in a session's info: the connection of a quick unit of work


async def connection_to_read(session: AsyncSession) -> AsyncConnection:
    """The session's connection; a quick unit of work has not begun its transaction for it."""
    found: AsyncConnection | None = session.info.get(CONNECTION)
    return await session.connection() if found is None else found


async def connection_to_write(session: AsyncSession) -> AsyncConnection:
    """The session's connection, with its transaction begun."""
    found = await connection_to_read(session)
    if not found.in_transaction():
        await found.begin()
    return found
