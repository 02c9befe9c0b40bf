"""`manage.py flush`: empty every table of the enabled plugins."""

import asyncio
from collections.abc import Collection, Sequence
from time import monotonic

import click
from sqlalchemy import Connection, MetaData, Table, delete, inspect, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.cli.data.plugin_tables import managed_tables, ownerless_tables, plugin_tables, unmanaged_tables
from dovetail.cli.data.sequences import sequences
from dovetail.cli.state import State
from dovetail.database.change_log import UNRECORDED
from dovetail.migrations.history.status import recorded_migrations
from dovetail.migrations.locks.blockers import is_lock_timeout
from dovetail.migrations.locks.patience import PAUSE, LockPatience
from dovetail.plugin import Context, Migrated

COLON = r"\:"  # in a name; SQLAlchemy's text() would see a parameter


@click.command()
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def flush(state: State, *, yes: bool) -> None:
    """Delete every row of every enabled plugin, users too; the tables and the record of migrations stay.

    What `migrate` writes, such as the permissions that there are, is written again.
    """
    applied = {row.plugin for row in recorded_migrations(state.settings)}
    asyncio.run(_flush(state, applied, yes=yes))


async def _flush(state: State, applied: Collection[str], *, yes: bool) -> None:
    async with state.open() as context:
        tables = list(managed_tables(plugin_tables(context)).values())
        if not yes:
            click.confirm(f"Delete every row of {len(tables)} tables in {_place(context)}?", abort=True)
        ownerless = await _empty_patiently(context, tables, applied)
    click.echo(f"{len(tables)} tables are empty.")
    if ownerless:
        click.echo(f"WARNING left as they are, for no enabled plugin has them: {', '.join(ownerless)}.", err=True)


async def _empty_patiently(context: Context, tables: Sequence[Table], applied: Collection[str]) -> Sequence[str]:
    """Empty the tables, but for what plugins keep in step with the code; the names of those that no plugin has.

    TRUNCATE waits for whoever reads, and all others wait behind it. So it does as a migration does: it waits in short
    tries, with pauses in which readers pass.
    """
    patience = LockPatience.of(context.settings)
    until = monotonic() + patience.total
    while True:
        try:
            async with context.database.unit_of_work() as session:
                if session.get_bind().dialect.name == "postgresql":
                    await session.execute(text(f"SET LOCAL lock_timeout = '{round(patience.once * 1000)}ms'"))
                ownerless = await ownerless_tables(session, context)
                others = [Table(name, MetaData()) for name in ownerless]
                await _refuse_references(session, others, tables, "no enabled plugin has; enable its plugin")
                unmanaged = await unmanaged_tables(session, context)
                await _refuse_references(session, unmanaged, tables, "is not managed and stays; empty it by hand")
                await _empty(session, tables)
                await _keep_in_step(session, context, applied)
                return ownerless
        except DBAPIError as error:
            if not is_lock_timeout(error):
                raise
            if monotonic() > until:
                raise click.ClickException("somebody is using the tables; nothing was deleted. Try again") from error
        await asyncio.sleep(PAUSE * patience.once)


async def _refuse_references(
    session: AsyncSession, others: Sequence[Table], tables: Sequence[Table], which: str
) -> None:
    """Raise click.ClickException if a table that stays refers to one that is to be emptied, whether it has rows or not.

    PostgreSQL would not empty it; SQLite would delete the rows that refer to it along if the key says CASCADE.
    """
    connection = await session.connection()
    names = {table.key for table in tables}
    what, _, hint = which.partition("; ")
    for other in others:
        for target in sorted(await connection.run_sync(_referred, other) & names):
            raise click.ClickException(
                f"the table {other.key}, which {what}, refers to {target}; {hint}, or drop it. Nothing was deleted."
            )


def _referred(connection: Connection, table: Table) -> set[str]:
    keys = inspect(connection).get_foreign_keys(table.name, table.schema)
    return {".".join(filter(None, (key["referred_schema"], key["referred_table"]))) for key in keys}


async def _empty(session: AsyncSession, tables: Sequence[Table]) -> None:
    """Delete all rows; the keys of new ones begin at 1 again."""
    if not tables:
        return
    dialect = session.get_bind().dialect
    if dialect.name == "postgresql":  # at once, so that references among them do not matter
        names = ", ".join(dialect.identifier_preparer.format_table(table) for table in tables)
        await session.execute(text(f"TRUNCATE {names.replace(':', COLON)} RESTART IDENTITY"))
        for sequence in {name for table in tables for name in await sequences(session, table)}:
            await session.execute(text(f"ALTER SEQUENCE {sequence.replace(':', COLON)} RESTART"))
        return
    await session.execute(text("PRAGMA defer_foreign_keys = on"))  # until the COMMIT
    for table in reversed(tables):
        await session.execute(delete(table), execution_options=UNRECORDED)
    if await session.scalar(text("SELECT 1 FROM sqlite_master WHERE name = 'sqlite_sequence'")):
        forget = text("DELETE FROM sqlite_sequence WHERE name = :name")
        await session.execute(forget, [{"name": table.name} for table in tables])


async def _keep_in_step(session: AsyncSession, context: Context, applied: Collection[str]) -> None:
    """Write the rows again that `migrate` writes, such as permissions."""
    migrated = Migrated(plugins=context.plugins, applied=applied)
    connection = await session.connection()
    for plugin in context.plugins:
        if plugin.after_migrate is not None:
            await connection.run_sync(plugin.after_migrate.run, migrated)


def _place(context: Context) -> str:
    return context.database.engine.url.render_as_string(hide_password=True)
