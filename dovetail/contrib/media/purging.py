"""`manage.py purge-files`: remove what no row has referred to for long.

Nothing is removed when a row is changed or deleted, as the transaction may be rolled back and the change be undone; nor
when an upload comes to nothing. A file that no row refers to is noted with the time, and removed once it was noted
`MEDIA_KEEP_DAYS` ago, an hour at least, for which uploads wait for their rows, and is still referred to by none. So the
command runs every day, as `purge-expired` does. Files of columns that no enabled plugin has stay: the plugin may come
back. So does what is no file of ours.
"""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta

import click
from sqlalchemy import String, delete, select, type_coerce
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.contrib.media.models import UnusedFile
from dovetail.contrib.media.opening import open_media, settings_of
from dovetail.files.media import Media
from dovetail.files.stored_file import THUMBNAILS, is_key
from dovetail.files.tokens import LIFETIME
from dovetail.plugin import Context, async_command

AT_ONCE = 500  # files that one statement asks about


@click.command()
@click.option("--days", type=click.IntRange(min=0), help="In place of MEDIA_KEEP_DAYS; 0 for an hour.")
@click.option("--dry-run", is_flag=True, help="Say what would be removed, and remove nothing.")
@async_command
async def purge_files(context: Context, days: int | None, *, dry_run: bool) -> None:
    """Remove files that no row has referred to for MEDIA_KEEP_DAYS, with their thumbnails."""
    kept = settings_of(context).keep_days if days is None else days
    unused, removed = await purge(context, kept, is_dry=dry_run)
    verb = "would be removed" if dry_run else "removed"
    click.echo(f"{unused} files are referred to by no row; {removed} of them {verb}.")


async def purge(context: Context, days: int, *, is_dry: bool = False) -> tuple[int, int]:
    """Remove files that were noted `days` ago, and return how many no row refers to, and how many of them went."""
    media, before = open_media(context), datetime.now(UTC) - max(timedelta(days=days), LIFETIME)
    noted = removed = 0
    async for folders in _batches(media):
        unused = await _note(context, media, list(folders), is_dry=is_dry)
        due = [key for key, since in unused.items() if since <= before]
        for key in due:
            removed += is_dry or await _remove(context, media, folders[key], key)
        noted += len(unused)
    return noted, removed


async def _batches(media: Media) -> AsyncIterator[dict[str, list[str]]]:
    """Yield files by their keys, each with its thumbnails; a thumbnail without its file stands for itself."""
    found: dict[str, list[str]] = {}
    folder, keys = "", list[str]()
    async for key in media.storage.walk():
        folder_of_key, _, name = key.rpartition("/")
        own = folder_of_key.removesuffix(f"/{THUMBNAILS}")
        if media.column_of(key) is None or not is_key(f"{own}/{name}"):
            continue
        if own != folder:
            found |= _as_file(keys)
            folder, keys = own, []
            if len(found) >= AT_ONCE:
                yield found
                found = {}
        keys.append(key)
    if found := found | _as_file(keys):
        yield found


def _as_file(keys: list[str]) -> dict[str, list[str]]:
    original = next((key for key in keys if f"/{THUMBNAILS}/" not in key), next(iter(keys), None))
    return {} if original is None else {original: keys}


async def _note(context: Context, media: Media, keys: Sequence[str], *, is_dry: bool) -> dict[str, datetime]:
    """Return which of the files no row refers to, each with the time since when; a dry run notes none."""
    async with context.database.unit_of_work(read_only=is_dry) as session:
        unused = set(keys) - await _used(session, media, keys)
        known = (await session.execute(select(UnusedFile.key, UnusedFile.since).where(UnusedFile.key.in_(keys)))).all()
        since = {key: when for key, when in known if key in unused}
        now = datetime.now(UTC)
        if not is_dry:
            again = [key for key, _ in known if key not in unused]
            await session.execute(delete(UnusedFile).where(UnusedFile.key.in_(again)))
            if new := unused - set(since):
                # Two who purge at once both succeed; both databases know this, each in a dialect of its own.
                insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
                rows = [{"key": key, "since": now} for key in sorted(new)]
                await session.execute(insert(UnusedFile).values(rows).on_conflict_do_nothing())
        return {key: since.get(key, now) for key in unused}


async def _used(session: AsyncSession, media: Media, keys: Sequence[str]) -> set[str]:
    used: set[str] = set()
    for column in media.columns.values():
        prefix = f"{column.table}/{column.column}/"
        asked = [key for key in keys if key.startswith(prefix)]
        if asked:
            stored = type_coerce(column.source, String)  # of all rows; and no thumbnail is a file
            used |= set(await session.scalars(select(stored).where(stored.in_(asked))))
    return used


async def _remove(context: Context, media: Media, keys: Sequence[str], key: str) -> bool:
    """Remove a file and its thumbnails, and then the note: whoever is stopped in between does it again.

    Return False for a file that a row refers to by now, as when a change was undone while others were removed.
    """
    async with context.database.unit_of_work(read_only=True) as session:
        if await _used(session, media, [key]):
            return False
    for one in keys:
        await media.storage.delete(one)
    async with context.database.unit_of_work() as session:
        await session.execute(delete(UnusedFile).where(UnusedFile.key == key))
    return True
