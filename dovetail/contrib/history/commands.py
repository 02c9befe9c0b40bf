"""`manage.py history`: list the latest changes, or archive old ones."""

import os
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import click
from sqlalchemy import ColumnElement, func, select, update

from dovetail.contrib.history.keeping.log_names import rename_log
from dovetail.contrib.history.keeping.old_lines import archived_lines, delete_lines, is_old
from dovetail.contrib.history.models import RecordedChange
from dovetail.contrib.history.recording.transactions import BEFORE
from dovetail.errors import InvalidInputError
from dovetail.plugin import Context, async_command

MAX_LISTED = 50  # lines that are listed


@click.command()
@click.argument("model", required=False)
@click.argument("key", required=False)
@click.option("--archive", "file", type=click.Path(path_type=Path), help="Write lines into FILE, one JSON object each.")
@click.option("--all", "everything", is_flag=True, help="Archive all lines, not only those older than HISTORY_DAYS.")
@click.option("--purge", is_flag=True, help="Remove the lines that were archived, once FILE is on disk.")
@click.option("--renumber", is_flag=True, help="Bring lines of another database into the order of this one.")
@async_command
async def history(
    context: Context,
    model: str | None,
    key: str | None,
    file: Path | None,
    *,
    everything: bool,
    purge: bool,
    renumber: bool,
) -> None:
    """List what was changed last, of MODEL (`blog.post`) and of its object KEY; or archive old lines."""
    if renumber:
        await _renumber(context)
    elif file is not None:
        await _archive(context, file, None if everything else is_old(context), purge=purge)
    elif purge or everything:
        raise InvalidInputError("--all and --purge are for an archive; write: history --archive FILE --purge")
    else:
        await _list(context, model, key)


async def _list(context: Context, model: str | None, key: str | None) -> None:
    statement = select(RecordedChange).order_by(RecordedChange.id.desc()).limit(MAX_LISTED)
    if model is not None:
        statement = statement.where(RecordedChange.model == model.lower())
    if key is not None:
        statement = statement.where(RecordedChange.object_key == key)
    async with context.database.unit_of_work(read_only=True) as session:
        rows = (await session.scalars(statement)).all()
    for row in reversed(rows):
        who = row.actor_name or "-"
        fields = ", ".join(sorted({*row.before, *row.after})) if row.action == "change" else ""
        place = f"{row.door}{f' ({row.via})' if row.via else ''}"
        what = f"{row.action} {row.model} {row.object_key}"
        click.echo(f"{row.created_at:%Y-%m-%d %H:%M:%S}  {what}  by {who}, {place}{f': {fields}' if fields else ''}")
    if not rows:
        click.echo("Nothing was changed.")


async def _archive(context: Context, file: Path, condition: ColumnElement[bool] | None, *, purge: bool) -> None:
    """Write to a temporary name and rename it afterwards, so that the file is always complete."""
    _refuse_existing(file)
    numbers = array("q")
    with _new_file(file) as stream:
        async for lines in archived_lines(context.database, condition):
            stream.writelines(line + b"\n" for _, line in lines)
            numbers.extend(number for number, _ in lines)
    click.echo(f"{len(numbers):,} changes written to {file}.")
    if purge:
        click.echo(f"{await delete_lines(context.database, numbers):,} changes removed.")


@contextmanager
def _new_file(file: Path) -> Iterator[BinaryIO]:
    """Give a file that gets its name when it is on disk; only one process at a time can write a file of this name."""
    unfinished = file.with_name(f"{file.name}.unfinished")
    try:
        stream = unfinished.open("xb")
    except FileExistsError:
        raise InvalidInputError(
            f"{unfinished} exists: another archive is being written there, or one was interrupted, whose lines are all "
            "still in the database; delete it if none is, or name a new file."
        ) from None
    try:
        with stream:
            _refuse_existing(file)  # by now, another process may have finished its own
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
    except BaseException:
        unfinished.unlink()
        raise
    unfinished.rename(file)


def _refuse_existing(file: Path) -> None:
    if file.exists():
        raise InvalidInputError(f"{file} exists; name a new file.")
    if not file.parent.is_dir():
        raise InvalidInputError(f"The folder {file.parent} does not exist; create it first.")


async def _renumber(context: Context) -> None:
    lines = RecordedChange.__table__.alias()
    first = func.min(lines.c.id).over(partition_by=lines.c.transaction)
    found = select(lines.c.id, first.label("first")).where(lines.c.transaction != 0).subquery()
    statement = update(RecordedChange).where(RecordedChange.id == found.c.id)
    async with context.database.unit_of_work() as session:
        await (await session.connection()).run_sync(rename_log)  # first, as a purge locks its row before the lines
        await session.execute(statement.values(transaction=found.c.first - BEFORE))  # one for each transaction, still
    click.echo("The lines are in the order of their numbers now; readers of the feed have to start again.")
