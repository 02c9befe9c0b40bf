"""Which migrations there are, and which of them are applied."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from alembic.script import Script
from sqlalchemy import Connection, NullPool

from project.database.engine import create_engine
from project.migrations.ghosts import Ghost
from project.migrations.history import History, load_history, stem_of
from project.migrations.ledger import read_ledger
from project.registry import Registry
from project.settings import Settings


@dataclass(frozen=True, kw_only=True)
class RevisionState:
    """One revision, applied or not; `has_file` is false for one whose plugin or file was removed."""

    name: str
    revision: str
    applied_at: datetime | None
    has_file: bool


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
    rows = read_ledger(connection)
    history = load_history(settings.base_dir, registry, rows)
    times = {row.revision: row.applied_at for row in rows}
    removed = sorted({row.plugin for row in rows} - set(registry.installed))
    states = [
        PluginState(
            plugin=plugin,
            installed=plugin in registry.installed,
            revisions=[_state(script, times.get(script.revision)) for script in history.of_plugin(plugin)],
        )
        for plugin in [*registry.installed, *removed]
    ]
    return history, states


def _state(script: Script, applied_at: datetime | None) -> RevisionState:
    return RevisionState(
        name=stem_of(script),
        revision=script.revision,
        applied_at=applied_at,
        has_file=not isinstance(script, Ghost),
    )
