"""Where the revision files are: each plugin carries its own."""

from pathlib import Path

from dovetail.registry import Registry


def revision_folders(registry: Registry) -> dict[Path, str]:
    """Each plugin's folder of revisions and the plugin's name, in the order of the registry; it need not exist."""
    return {entry.migrations.resolve(): name for name, entry in registry.installed.items()}
