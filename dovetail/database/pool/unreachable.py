"""Errors of a database server that cannot be reached, and the SQLAlchemy error that they are converted to."""

from sqlalchemy import NullPool, exc
from sqlalchemy.pool import PoolProxiedConnection

from dovetail.database.drivers.lost_connections import driver_errors
from dovetail.database.drivers.sqlalchemy_private import AsyncpgError


class UnpooledConnections(NullPool):
    """A new connection for each caller."""

    def connect(self) -> PoolProxiedConnection:
        """Open a connection. Raise SQLAlchemy's OperationalError if the database cannot be reached."""
        try:
            return super().connect()
        except unreachable_errors() as error:
            raise operational_error(error) from error


def unreachable() -> tuple[type[BaseException], ...]:
    """Return the driver errors for an unreachable server that SQLAlchemy does not wrap.

    asyncpg raises InternalClientError between an unsolicited last message of the server and the end of the connection.
    """
    return (OSError, EOFError, *driver_errors("PostgresError", "InterfaceError", "InternalClientError"))


def unreachable_errors() -> tuple[type[BaseException], ...]:
    """Return all errors that mean that the database cannot be reached."""
    return (*unreachable(), AsyncpgError)


def operational_error(error: BaseException) -> exc.OperationalError:
    """Return the error that SQLAlchemy raises for a lost connection."""
    return exc.OperationalError(None, None, error, connection_invalidated=True)
