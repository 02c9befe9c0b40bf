"""`manage.py import-wordpress FILE`."""

from pathlib import Path
from typing import cast

import click

from dovetail.plugin import Context, async_command
from plugins.wordpress.export.source import Source
from plugins.wordpress.extension import EXTENSION_POINT
from plugins.wordpress.importer import import_export
from plugins.wordpress.progress import progress
from plugins.wordpress.settings import WordpressSettings
from plugins.wordpress.survey import survey_export


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="Say what would be imported, and write nothing.")
@async_command
async def import_wordpress(context: Context, file: Path, dry_run: bool) -> None:  # noqa: FBT001 - click passes it by name
    """Import the posts of a WordPress export.

    FILE is what Tools, Export writes in WordPress (WXR 1.0 to 1.2). Everything is imported or, if anything fails,
    nothing; what an earlier import brought stays as it is.
    """
    settings = cast("WordpressSettings", context.plugin_settings["wordpress"])
    source = Source(file, settings.max_bytes)
    with progress("Reading", source.size(), "bytes") as advance:
        survey = survey_export(source, settings.max_item_size, advance)
    async with context.database.unit_of_work() as session:
        with progress("Importing", survey.items, "items") as advance:
            report = await import_export(
                session,
                source,
                survey,
                max_item_size=settings.max_item_size,
                extensions=context.extensions(EXTENSION_POINT),
                advance=advance,
            )
        if dry_run:
            await session.rollback()
    for line in report.lines():
        click.echo(line)
    if dry_run:
        click.echo("This was a dry run: nothing was written.")
