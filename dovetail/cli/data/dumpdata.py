"""`manage.py dumpdata`: write the rows of plugins as JSON."""

import asyncio
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TextIO

import click
from sqlalchemy import Table, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.cli.data.plugin_tables import (
    choose_tables,
    managed_tables,
    movable_tables,
    ownerless_tables,
    plugin_tables,
    writable_tables,
)
from dovetail.cli.data.table_rows import TableRows
from dovetail.cli.output import progress
from dovetail.cli.state import State
from dovetail.files.columns import FileField
from dovetail.plugin import Context

AT_ONCE = 500  # rows in memory
Format = Literal["json", "jsonl"]


@click.command()
@click.argument("names", nargs=-1, metavar="[PLUGIN|TABLE]...")
@click.option("--all", "everything", is_flag=True, help="Write tables too that no migration makes, but no views.")
@click.option("--exclude", "-e", multiple=True, metavar="PLUGIN|TABLE", help="Leave this out; may be given repeatedly.")
@click.option("--output", "-o", type=click.Path(dir_okay=False, path_type=Path), help="A file instead of the screen.")
@click.option(
    "--format", "form", type=click.Choice(["json", "jsonl"]), help="By default as the file is called, or json."
)
@click.pass_obj
def dumpdata(
    state: State,
    *,
    names: tuple[str, ...],
    everything: bool,
    exclude: tuple[str, ...],
    output: Path | None,
    form: Format | None,
) -> None:
    """Write the rows of every plugin, or of those named, as they are at one moment, for `loaddata` to read.

    Passwords are in it as hashes, tokens and sessions too: keep the file as you keep the database. `jsonl` has one row
    a line and can be loaded without being held in memory. Tables of plugins that are not enabled are left out, and
    named in a warning. Of what no migration makes, the rows are another program's: they are written with `--all`, or
    when the table is named.
    """
    if names and everything:
        raise click.UsageError("--all writes every table; leave it out, or the names")
    form = form or ("jsonl" if output is not None and output.suffix == ".jsonl" else "json")
    with _written_at_once(output) as file:
        count = asyncio.run(_dump(state, _Choice(names, exclude, everything=everything), file, form))
    click.echo(f"{count} row{'' if count == 1 else 's'} written{f' to {output}' if output else ''}.", err=True)


@dataclass(frozen=True)
class _Choice:
    """The rows to write: of the plugins and tables of `names`, or of all, without some."""

    names: tuple[str, ...]
    exclude: tuple[str, ...]
    everything: bool

    def tables(self, context: Context) -> set[str]:
        """Return the names of the tables. Raise click.BadParameter."""
        left_out = choose_tables(context, self.exclude)
        if self.names:
            return choose_tables(context, self.names) - left_out
        movable = movable_tables(context)
        return set(writable_tables(movable) if self.everything else managed_tables(movable)) - left_out


async def _dump(state: State, choice: _Choice, file: TextIO, form: Format) -> int:
    count = 0
    async with state.open() as context:
        chosen = choice.tables(context)
        tables = [_table_rows(table, context) for name, table in plugin_tables(context).items() if name in chosen]
        with progress("dumpdata", await _count(context, tables)) as advance:
            async with context.database.unit_of_work(read_only=True) as session:
                async for line in _lines(session, tables):
                    before = "" if form == "jsonl" else ",\n" if count else "[\n"
                    file.write(before + line + ("\n" if form == "jsonl" else ""))
                    count += 1
                    advance(1)
        if form == "json":
            file.write("\n]\n" if count else "[]\n")
        _say_where_files_are(context, chosen)
        if not choice.names:
            await _say_what_is_left_out(context)
    return count


def _say_where_files_are(context: Context, chosen: set[str]) -> None:
    tables = [table for name, table in plugin_tables(context).items() if name in chosen]
    if found := [str(column) for table in tables for column in table.columns if isinstance(column.type, FileField)]:
        told = f"WARNING {', '.join(found)} hold keys of files: copy MEDIA_ROOT too, or what else stores the files."
        click.echo(told, err=True)


async def _say_what_is_left_out(context: Context) -> None:
    async with context.database.unit_of_work(read_only=True) as session:
        if ownerless := await ownerless_tables(session, context):
            click.echo(f"WARNING left out, for no enabled plugin has them: {', '.join(ownerless)}.", err=True)


def _table_rows(table: Table, context: Context) -> TableRows:
    if not table.primary_key.columns:
        raise click.ClickException(f"{table.key} has no primary key, so its rows could not be told apart; --exclude it")
    return TableRows(table, context.database.engine.dialect)


async def _count(context: Context, tables: Sequence[TableRows]) -> int:
    """About how many rows there are to write: others may write meanwhile."""
    async with context.database.unit_of_work(read_only=True) as session:
        return sum([await session.scalar(select(func.count()).select_from(rows.table)) or 0 for rows in tables])


async def _lines(session: AsyncSession, tables: Sequence[TableRows]) -> AsyncIterator[str]:
    if session.get_bind().dialect.name == "postgresql":  # as SQLite reads anyhow: all tables as of one moment
        await session.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
        await session.execute(text("SET LOCAL datestyle = 'ISO'"))  # of ranges, which are written as texts
    for rows in tables:
        async for line in _rows(session, rows):
            yield line


async def _rows(session: AsyncSession, rows: TableRows) -> AsyncIterator[str]:
    statement = select(*rows.selected()).order_by(*rows.table.primary_key.columns)
    try:
        async for row in await session.stream(statement, execution_options={"yield_per": AT_ONCE}):
            yield rows.write(tuple(row))
    except (ValueError, LookupError) as error:  # LookupError: a value that its Enum does not have
        line = " ".join(str(error).split())
        raise click.ClickException(f"a row of {rows.table.key} cannot be written: {line}") from None


@contextmanager
def _written_at_once(path: Path | None) -> Iterator[TextIO]:
    """A file that appears when it is complete, readable by its owner only; the screen without a path."""
    if path is None:
        yield sys.stdout
        sys.stdout.flush()
        return
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            yield file
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
