"""Which migrations there are, and which are applied; told from the names of files, without importing Alembic."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import NullPool

from project.database.engine import create_engine
from project.migrations.files import RevisionFile, read_files
from project.migrations.ledger import Applied, read_ledger
from project.migrations.squashes import Squash, as_squashed, left_out
from project.registry import Registry
from project.settings import Settings


@dataclass(frozen=True, kw_only=True)
class RevisionState:
    """One revision, applied or not; `has_file` is false for one whose plugin or file was removed.

    `replaces` counts the migrations that a squash stands for; `recorded` is false while a database has all of those
    and does not know that this is the same. `replaced_by` names the squash of which a database has some parts only.
    """

    name: str
    revision: str
    applied_at: datetime | None
    has_file: bool
    replaces: int = 0
    recorded: bool = True
    replaced_by: str | None = None


@dataclass(frozen=True, kw_only=True)
class PluginState:
    """The history of one plugin."""

    plugin: str
    installed: bool
    revisions: Sequence[RevisionState]


async def recorded_migrations(settings: Settings) -> Sequence[Applied]:
    """What the database says is applied."""
    engine = create_engine(settings, poolclass=NullPool)
    try:
        async with engine.connect() as connection:
            return await connection.run_sync(read_ledger)
    finally:
        await engine.dispose()


def migration_states(registry: Registry, recorded: Sequence[Applied]) -> list[PluginState]:
    """Every plugin's history, the enabled ones first, in the order of their dependencies."""
    files = read_files(registry)
    squashes = [file.squash for file in files if file.squash]
    rows = as_squashed(recorded, squashes)
    names = {row.revision for row in recorded}
    revisions = [*_of_files(files, squashes, rows, names), *_without_files(files, rows)]
    removed = sorted({plugin for plugin, _ in revisions} - set(registry.installed))
    return [
        PluginState(
            plugin=plugin,
            installed=plugin in registry.installed,
            revisions=sorted((each for owner, each in revisions if owner == plugin), key=lambda each: each.name),
        )
        for plugin in [*registry.installed, *removed]
    ]


def _of_files(
    files: Sequence[RevisionFile], squashes: Sequence[Squash], rows: Sequence[Applied], recorded: Collection[str]
) -> list[tuple[str, RevisionState]]:
    times = {row.revision: row.applied_at for row in rows}
    hidden = left_out(squashes, times)
    wholes = {revision: squash.stem for squash in squashes for revision in squash.replaces}
    return [
        (
            file.plugin,
            RevisionState(
                name=file.stem,
                revision=file.revision,
                applied_at=times.get(file.revision),
                has_file=True,
                replaces=len(file.squash.replaces) if file.squash else 0,
                recorded=file.revision in recorded,
                replaced_by=wholes.get(file.revision),
            ),
        )
        for file in files
        if file.revision not in hidden
    ]


def _without_files(files: Sequence[RevisionFile], rows: Sequence[Applied]) -> list[tuple[str, RevisionState]]:
    known = {file.revision for file in files}
    return [
        (
            row.plugin,
            RevisionState(
                name=row.revision.removeprefix(f"{row.plugin}_"),
                revision=row.revision,
                applied_at=row.applied_at,
                has_file=False,
            ),
        )
        for row in rows
        if row.revision not in known
    ]
