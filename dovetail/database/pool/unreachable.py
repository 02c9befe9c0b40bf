"""A database that is away: the errors that say so, and the one that SQLAlchemy says it by."""

from sqlalchemy import NullPool, exc
from sqlalchemy.pool import PoolProxiedConnection

from dovetail.database.drivers.lost_connections import driver_errors
from dovetail.database.drivers.sqlalchemy_private import AsyncpgError


class UnpooledConnections(NullPool):
    """A new connection for each caller."""

    def connect(self) -> PoolProxiedConnection:
        """Make a connection. Raises SQLAlchemy's OperationalError if the database is away."""
        try:
            return super().connect()
        except away() as error:
            raise operational_error(error) from error


def unreachable() -> tuple[type[BaseException], ...]:
    """Return the errors of drivers for a server that is away which SQLAlchemy lets through as they are.

    InternalClientError is what asyncpg says between a server's last words, which nobody asked for, and the end of the
    connection.
    """
    return (OSError, EOFError, *driver_errors("PostgresError", "InterfaceError", "InternalClientError"))


def away() -> tuple[type[BaseException], ...]:
    """Return the errors that say that the database is away."""
    return (*unreachable(), AsyncpgError)


def operational_error(error: BaseException) -> exc.OperationalError:
    """Return the error as SQLAlchemy raises it for a lost connection."""
    return exc.OperationalError(None, None, error, connection_invalidated=True)
