"""Check that tables and views which no migration makes are there, with the columns that their models name."""

from collections.abc import Iterator

from sqlalchemy import Connection, Inspector, inspect

from dovetail.cli.data.plugin_tables import managed_tables, plugin_tables
from dovetail.database.models import is_read_only
from dovetail.plugin import CheckMessage, Context, warning


async def check_unmanaged(context: Context) -> list[CheckMessage]:
    """Return a warning for each that differs from what its model says. Raise SQLAlchemy's errors if nobody answers."""
    async with context.database.outside_the_pool() as session:
        connection = await session.connection()
        return await connection.run_sync(lambda one: list(_differences(one, context)))


def _differences(connection: Connection, context: Context) -> Iterator[CheckMessage]:
    tables = plugin_tables(context)
    inspector = inspect(connection)
    for name in tables.keys() - managed_tables(tables).keys():
        table = tables[name]
        if not inspector.has_table(table.name, table.schema):
            text = f"The table {name}, which no migration makes, is not in the database."
            yield warning("kernel.W053", text, "make it, or correct the name in its model")
            continue
        found = {column["name"] for column in inspector.get_columns(table.name, table.schema)}
        for column in table.columns:
            if column.name not in found:
                text = f"The table {name}, which no migration makes, has no column {column.name}."
                yield warning("kernel.W053", text, "correct the name in the model, or take the column out")
        if table.name in _views(inspector, table.schema) and not is_read_only(table):
            text = f"{name} is a view, and its model does not say that nobody writes to it."
            yield warning("kernel.W054", text, "add 'read_only': True to its info, unless the view takes changes")


def _views(inspector: Inspector, schema: str | None) -> set[str]:
    stored = inspector.get_materialized_view_names(schema) if inspector.dialect.name == "postgresql" else []
    return {*inspector.get_view_names(schema), *stored}
