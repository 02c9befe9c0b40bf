"""Lists migrations and says which are applied, from files and the ledger, without importing Alembic."""

import asyncio
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TypeVar

from dovetail.migrations.history.applied import Applied, read_file, read_recorded_by
from dovetail.migrations.history.files import RevisionFile, read_files, usual_revisions
from dovetail.migrations.history.squashes import Squash, as_squashed, left_out
from dovetail.plugin import Execute, Migrated
from dovetail.registry import Registry
from dovetail.settings import Settings

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class RevisionState:
    """A revision, applied or not; `has_file` is False for one whose plugin or file was removed.

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


def recorded_migrations(settings: Settings) -> Sequence[Applied]:
    """Return the applied revisions in the order in which they were applied."""
    found = read_file(settings, read_recorded_by) or asyncio.run(_read(settings, read_recorded_by))
    return found.rows if found else ()


def is_up_to_date(settings: Settings, registry: Registry) -> bool:
    """Return True if `migrate` has nothing to do, as far as can be told without reading a file; if in doubt, False."""
    ask = partial(_is_up_to_date, registry)
    found = read_file(settings, ask)
    if found is None and settings.database_url.get_secret_value().startswith("sqlite"):
        return False  # there is no file, or it is in trouble
    return asyncio.run(_read(settings, ask)) if found is None else found


def migration_states(registry: Registry, recorded: Sequence[Applied]) -> list[PluginState]:
    """Return each plugin's history, the enabled ones first, in the order of their dependencies."""
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


def _is_up_to_date(registry: Registry, execute: Execute) -> bool:
    found = read_recorded_by(execute)
    if found is None:
        return False
    applied = {row.revision for row in found.rows}
    if not (found.tips and found.tips <= applied and applied.issuperset(usual_revisions(registry))):
        return False
    migrated = Migrated(plugins=registry.plugins, applied={row.plugin for row in found.rows})
    hooks = [plugin.after_migrate for plugin in registry.plugins if plugin.after_migrate is not None]
    return not any(hook.is_due(execute, migrated) for hook in hooks)


async def _read(settings: Settings, read: Callable[[Execute], T]) -> T:
    # Imported here: SQLite's files are read without SQLAlchemy.
    from sqlalchemy import NullPool

    from dovetail.database.engine.engine import create_engine
    from dovetail.migrations.history.ledger import read_only

    engine = create_engine(settings, may_create=True, poolclass=NullPool)
    try:
        async with engine.connect() as connection:
            return await connection.run_sync(read_only, read)
    finally:
        await engine.dispose()


def _of_files(
    files: Sequence[RevisionFile], squashes: Sequence[Squash], rows: Sequence[Applied], recorded: Collection[str]
) -> list[tuple[str, RevisionState]]:
    times = {row.revision: row.applied_at for row in rows}
    hidden = left_out(squashes, times)
    wholes = {revision: squash.name for squash in squashes for revision in squash.replaces}
    return [
        (
            file.plugin,
            RevisionState(
                name=file.name,
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
