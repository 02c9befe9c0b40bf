"""Make asyncpg's connections, with names and texts of prepared statements that survive poolers and changes of tables.

All private parts of asyncpg that Dovetail leans on stand here; tests/database/drivers/test_drivers_private.py fails
when one of them changes.
"""

from secrets import token_hex

import asyncpg


class Connection(asyncpg.Connection):  # type: ignore[misc]  # untyped: asyncpg brings no types
    """A connection that gives statements names that nobody else uses.

    asyncpg counts, so that behind a pooler which does not know of prepared statements (PgBouncer before 1.21) two
    processes would use one name for two statements, and one run the other's. So it fails instead.
    """

    def _get_unique_id(self, prefix: str) -> str:
        return f"__dovetail_{prefix}_{token_hex(8)}__"


class Connector:
    """The connections of one engine."""

    def __init__(self) -> None:
        self._newest: type[asyncpg.Connection] = Connection

    async def connect(self, *args: object, **kwargs: object) -> asyncpg.Connection:
        """Open a connection, as `asyncpg.connect` does."""
        return await asyncpg.connect(*args, connection_class=self._newest, **kwargs)

    def renew(self, stale: object) -> None:
        """Let connections made from now on send each statement with a new comment behind it.

        PgBouncer keeps a statement on the server for all who send the same text; one that became invalid there would be
        met again by every new connection. `stale` is the one that met it: an old one tells nothing new.
        """
        if isinstance(stale, self._newest):
            self._newest = _with_comment(f" /* {token_hex(4)} */")


def _with_comment(comment: str) -> type[Connection]:
    class Renewed(Connection):
        def _get_statement(self, query: str, *args: object, **kwargs: object) -> object:
            return super()._get_statement(query + comment, *args, **kwargs)

    return Renewed
