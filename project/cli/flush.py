"""`manage.py flush`: empty every table of the enabled plugins."""

import asyncio

import click
from sqlalchemy import Table, delete, text
from sqlalchemy.ext.asyncio import AsyncSession

from project.cli.plugin_tables import plugin_tables
from project.cli.state import State
from project.plugin import Context


@click.command()
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def flush(state: State, *, yes: bool) -> None:
    """Delete every row of every enabled plugin, users too; the tables and the record of migrations stay."""
    asyncio.run(_flush(state, yes=yes))


async def _flush(state: State, *, yes: bool) -> None:
    async with state.open() as context:
        tables = list(plugin_tables(context).values())
        if not yes:
            click.confirm(f"Delete every row of {len(tables)} tables in {_place(context)}?", abort=True)
        async with context.database.unit_of_work() as session:
            await _empty(session, tables)
    click.echo(f"{len(tables)} tables are empty.")


async def _empty(session: AsyncSession, tables: list[Table]) -> None:
    if not tables:
        return
    dialect = session.get_bind().dialect
    if dialect.name == "postgresql":  # at once, so that references among them do not matter; keys begin at 1 again
        names = ", ".join(dialect.identifier_preparer.format_table(table) for table in tables)
        await session.execute(text(f"TRUNCATE {names} RESTART IDENTITY"))
        return
    await session.execute(text("PRAGMA defer_foreign_keys = on"))  # until the COMMIT
    for table in reversed(tables):
        await session.execute(delete(table))


def _place(context: Context) -> str:
    return context.database.engine.url.render_as_string(hide_password=True)
