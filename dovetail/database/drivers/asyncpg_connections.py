"""Make asyncpg's connections, with names and texts of prepared statements that survive poolers and changes of tables.

All private parts of asyncpg that Dovetail leans on stand here; tests/database/drivers/test_drivers_private.py fails
when one of them changes.
"""

from collections.abc import Collection, Sequence
from secrets import token_hex
from types import SimpleNamespace

import asyncpg

# PostgreSQL's own types of which it has arrays: the number of the array, of what it holds, and the name of this. They
# are the same on every server (https://www.postgresql.org/docs/current/system-catalog-initial-data.html).
HELD = (
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
    for array, item, name in HELD
}
NOTHING_SENT = SimpleNamespace(name="nothing was sent")  # a name: then asyncpg does not prepare its statement once more


class Connection(asyncpg.Connection):  # type: ignore[misc]  # untyped: asyncpg brings no types
    """A connection that gives statements names that nobody else uses, and that knows PostgreSQL's own arrays.

    asyncpg counts, so that behind a pooler which does not know of prepared statements (PgBouncer before 1.21) two
    processes would use one name for two statements, and one run the other's. So it fails instead.

    asyncpg asks each server about each type of array, at the first statement of a connection that uses it: three round
    trips, and a query that is planned for longer than a page takes, though the answer never changes.
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
