"""Which migrations there are, and which of them are applied."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, NullPool

from project.database.engine import create_engine
from project.migrations.ghosts import Ghost
from project.migrations.history import History, load_history, stem_of
from project.migrations.ledger import read_ledger
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
    replaces: int
    recorded: bool
    replaced_by: str | None


@dataclass(frozen=True, kw_only=True)
class PluginState:
    """The history of one plugin."""

    plugin: str
    installed: bool
    revisions: Sequence[RevisionState]


async def migration_states(settings: Settings, registry: Registry) -> tuple[History, list[PluginState]]:
    """Every plugin's history, the enabled ones first, in the order of their dependencies."""
    engine = create_engine(settings, poolclass=NullPool)
    try:
        async with engine.connect() as connection:
            return await connection.run_sync(_states, settings, registry)
    finally:
        await engine.dispose()


def _states(connection: Connection, settings: Settings, registry: Registry) -> tuple[History, list[PluginState]]:
    history = load_history(settings.base_dir, registry, read_ledger(connection))
    removed = sorted({row.plugin for row in history.applied} - set(registry.installed))
    states = _states_of_revisions(history)
    return history, [
        PluginState(
            plugin=plugin,
            installed=plugin in registry.installed,
            revisions=[states[script.revision] for script in history.of_plugin(plugin)],
        )
        for plugin in [*registry.installed, *removed]
    ]


def _states_of_revisions(history: History) -> dict[str, RevisionState]:
    times = {row.revision: row.applied_at for row in history.applied}
    recorded = {row.revision for row in history.recorded}
    counts = {squash.revision: len(squash.replaces) for squash in history.squashes}
    wholes = {revision: squash.stem for squash in history.squashes for revision in squash.replaces}
    return {
        name: RevisionState(
            name=stem_of(script),
            revision=name,
            applied_at=times.get(name),
            has_file=not isinstance(script, Ghost),
            replaces=counts.get(name, 0),
            recorded=name in recorded,
            replaced_by=wholes.get(name),
        )
        for name, script in history.scripts.items()
    }
