"""Open asyncpg connections whose prepared statements survive connection poolers and changes of tables.

This module has all uses of asyncpg's private parts; tests/database/drivers/test_drivers_private.py fails when one of
them changes.
"""

import math
from collections.abc import Collection, Sequence
from secrets import token_hex
from types import SimpleNamespace

import asyncpg

# PostgreSQL's built-in array types: OID of the array, OID and name of its item type. They are the same on every server
# (https://www.postgresql.org/docs/current/system-catalog-initial-data.html).
ARRAY_TYPES = (
    (1000, 16, "bool"),
    (1001, 17, "bytea"),
    (1005, 21, "int2"),
    (1007, 23, "int4"),
    (1016, 20, "int8"),
    (1014, 1042, "bpchar"),
    (1015, 1043, "varchar"),
    (1021, 700, "float4"),
    (1022, 701, "float8"),
    (1115, 1114, "timestamp"),
    (1182, 1082, "date"),
    (1183, 1083, "time"),
    (1185, 1184, "timestamptz"),
    (1187, 1186, "interval"),
    (1231, 1700, "numeric"),
    (1270, 1266, "timetz"),
    (199, 114, "json"),
    (2951, 2950, "uuid"),
    (3807, 3802, "jsonb"),
)
ARRAYS: dict[int, dict[str, object]] = {
    array: {
        "oid": array,
        "ns": "pg_catalog",
        "name": f"_{name}",
        "kind": b"b",
        "basetype": None,
        "elemtype": item,
        "elemdelim": b",",
        "range_subtype": None,
        "attrtypoids": None,
        "attrnames": None,
    }
    for array, item, name in ARRAY_TYPES
}
NOTHING_SENT = SimpleNamespace(name="nothing was sent")  # it needs a name, or asyncpg would prepare it again


class Connection(asyncpg.Connection):  # type: ignore[misc]  # untyped: asyncpg brings no types
    """A connection with globally unique names of prepared statements, which knows PostgreSQL's built-in array types.

    asyncpg numbers prepared statements. Behind a pooler that does not track them (PgBouncer before 1.21), two processes
    would use the same name for different statements, and one would run the other's. With unique names that fails.

    asyncpg introspects each array type at the first statement of a connection that uses it: three round trips, and a
    query whose planning takes longer than reading a page, though the answer is always the same.
    """

    def _get_unique_id(self, prefix: str) -> str:
        return f"__dovetail_{prefix}_{token_hex(8)}__"

    async def _introspect_types(
        self,
        numbers: Collection[int],
        timeout: float | None,  # noqa: ASYNC109 - as asyncpg hands it on
    ) -> tuple[Sequence[object], object]:
        if all(number in ARRAYS for number in numbers):
            return [ARRAYS[number] for number in numbers], NOTHING_SENT
        answer: tuple[Sequence[object], object] = await super()._introspect_types(numbers, timeout)
        return answer


class Connector:
    """Opens the connections of one engine, whose statements wait `lock_timeout` seconds for a lock; 0 is for ever."""

    def __init__(self, *, lock_timeout: float = 0, patience: float = 5.0) -> None:
        self._newest: type[asyncpg.Connection] = Connection
        self._lock_timeout = math.ceil(lock_timeout * 1000)  # milliseconds
        self._patience = patience

    async def connect(self, *args: object, **kwargs: object) -> asyncpg.Connection:
        """Open a connection, as `asyncpg.connect` does."""
        connection = await asyncpg.connect(*args, connection_class=self._newest, **kwargs)
        if self._lock_timeout:
            await self._limit_waits(connection)
        return connection

    def renew(self, stale: object) -> None:
        """Make new connections append a new comment to each statement.

        PgBouncer shares a server-side prepared statement between all clients that send the same text, so every new
        connection would meet a statement that became invalid again. `stale` is the connection that met it; nothing
        happens if it is older than the last renewal.
        """
        if isinstance(stale, self._newest):
            self._newest = _with_comment(f" /* {token_hex(4)} */")

    async def _limit_waits(self, connection: asyncpg.Connection) -> None:
        """Set `lock_timeout` for the session, unless a pooler may hand the session to others.

        A pooler makes up the process id that it tells its clients. A startup parameter would be refused by PgBouncer.
        """
        limit = f"set_config('lock_timeout', '{self._lock_timeout}ms', false)"
        own = f"SELECT {limit} WHERE pg_backend_pid() = {connection.get_server_pid()}"
        try:
            await connection.execute(own, timeout=self._patience)
        except BaseException:
            connection.terminate()
            raise


def _with_comment(comment: str) -> type[Connection]:
    class Renewed(Connection):
        def _get_statement(self, query: str, *args: object, **kwargs: object) -> object:
            return super()._get_statement(query + comment, *args, **kwargs)

    return Renewed
