"""`manage.py loaddata`: read what `dumpdata` wrote, all of it or nothing."""

import asyncio
from collections.abc import Iterable, Sequence
from pathlib import Path

import click

from dovetail.cli.data.dump_files import Record, records
from dovetail.cli.data.plugin_tables import movable_tables
from dovetail.cli.data.table_loader import TableLoader
from dovetail.cli.output import progress
from dovetail.cli.state import State

AT_ONCE = 500  # rows a statement


@click.command()
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path)
)
@click.pass_obj
def loaddata(state: State, *, files: tuple[Path, ...]) -> None:
    """Load rows from FILES, in one transaction: all of them, or none if anything is wrong. `-` is standard input.

    A row whose primary key is there already is replaced, so that loading twice changes nothing; other rows stay.
    """
    count = asyncio.run(_load(state, files))
    click.echo(f"{count} row{'' if count == 1 else 's'} loaded.")


async def _load(state: State, files: Sequence[Path]) -> int:
    count = 0
    async with state.open() as context, context.database.unit_of_work() as session:
        loader = TableLoader(session, movable_tables(context))
        with progress("loaddata") as advance:
            for batch in _batches(record for file in files for record in records(file)):
                await loader.load(batch)
                count += len(batch)
                advance(len(batch))
        await loader.finish()
    return count


def _batches(found: Iterable[Record]) -> Iterable[list[Record]]:
    """Rows in a row that go into one table."""
    batch: list[Record] = []
    for record in found:
        if batch and (record.table != batch[0].table or len(batch) == AT_ONCE):
            yield batch
            batch = []
        batch.append(record)
    if batch:
        yield batch
