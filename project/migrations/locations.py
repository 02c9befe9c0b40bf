"""Where the revision files are: each plugin carries its own."""

from collections.abc import Sequence
from pathlib import Path

from project.migrations.alembic_private import set_version_locations
from project.registry import Registry, load_registry
from project.settings import Settings, load_settings


def revision_folders(registry: Registry) -> dict[Path, str]:
    """Each plugin's folder of revisions and the plugin's name, in the order of the registry; it need not exist."""
    return {entry.migrations.resolve(): name for name, entry in registry.installed.items()}


def use_plugin_folders(settings_class: type[Settings]) -> None:
    """Let raw Alembic commands find the plugins' revisions; `migrations/__init__.py` calls this."""

    def folders() -> Sequence[Path]:
        return list(revision_folders(load_registry(load_settings(settings_class))))

    set_version_locations(folders)
