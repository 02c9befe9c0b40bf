"""Get the connection that a session works on, for statements that go past the session to the driver."""

from sqlalchemy import exc
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from dovetail.database.drivers.sqlalchemy_private import say_begin
from dovetail.state import InfoKey

CONNECTION = InfoKey[AsyncConnection]("connection")  # in a session's info: the connection of a fast unit of work


async def connection_to_read(session: AsyncSession) -> AsyncConnection:
    """Return the session's connection; a fast unit of work does not begin its transaction for it."""
    found: AsyncConnection | None = session.info.get(CONNECTION)
    return await session.connection() if found is None else found


async def connection_for_all(session: AsyncSession) -> AsyncConnection:
    """Return the session's connection for a single statement that does all there is to do.

    It is a transaction by itself where none was begun, which spares BEGIN and COMMIT.
    """
    connection = await connection_to_read(session)
    if connection.dialect.name == "postgresql" and not connection.in_transaction():
        return connection
    return await connection_to_write(session)


async def connection_to_write(session: AsyncSession) -> AsyncConnection:
    """Return the session's connection with its transaction begun."""
    connection = await connection_to_read(session)
    if not connection.in_transaction():
        await connection.begin()
    if connection.dialect.name == "postgresql":
        await _say_begin(connection)
    return connection


async def _say_begin(connection: AsyncConnection) -> None:
    # SQLAlchemy's adapter says BEGIN in front of the first statement that goes through itself, and of no other.
    raw = await connection.get_raw_connection()
    try:
        await say_begin(raw.dbapi_connection)
    except Exception as error:  # nothing but a lost connection keeps a transaction from beginning
        raw.invalidate()
        lost = exc.OperationalError("BEGIN", None, error, hide_parameters=True, connection_invalidated=True)
        raise lost from error
