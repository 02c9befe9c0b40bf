"""Check that the database has the types of columns that not every server has, and the extensions that some need."""

from collections.abc import Iterator, Mapping

from sqlalchemy import Connection, text

from dovetail.cli.data.plugin_tables import plugin_tables
from dovetail.plugin import CheckMessage, Context, error

EXTENSIONS = ("citext", "hstore", "ltree")  # each is called as its type
JSONB_SINCE = (3, 45)  # https://sqlite.org/json1.html#jsonb


async def check_types(context: Context) -> list[CheckMessage]:
    """Return an error for each column that the database cannot have. Raise SQLAlchemy's errors if nobody answers."""
    async with context.database.outside_the_pool() as session:
        connection = await session.connection()
        return await connection.run_sync(lambda one: list(_wanting(one, context)))


def _wanting(connection: Connection, context: Context) -> Iterator[CheckMessage]:
    extensions = _extensions(connection)
    for name, table in plugin_tables(context).items():
        for column in table.columns:
            what = f"The column {name}.{column.name} is of the type {column.type!r}"
            kind = column.type.compile(connection.dialect).lower().removesuffix("[]")
            if kind in EXTENSIONS and not extensions.get(kind):
                how = "make it in a migration above the table's: op.execute('CREATE EXTENSION IF NOT EXISTS {}')"
                hint = "install it on the server (postgresql-contrib of Debian), and " * (kind not in extensions) + how
                yield error("kernel.E056", f"{what}, and the extension {kind} is missing.", hint.format(kind))
            if kind == "jsonb" and _is_too_old(connection):
                yield error("kernel.E055", f"{what}, which SQLite has since 3.45.", "make it JSON, or update SQLite")


def _extensions(connection: Connection) -> Mapping[str, bool]:
    """Return which extensions the server has files of, and whether the database has them."""
    if connection.dialect.name != "postgresql":
        return {}
    query = text("SELECT name, installed_version IS NOT NULL FROM pg_available_extensions")
    return {str(name): bool(is_there) for name, is_there in connection.execute(query)}


def _is_too_old(connection: Connection) -> bool:
    return connection.dialect.name == "sqlite" and (connection.dialect.server_version_info or ()) < JSONB_SINCE
