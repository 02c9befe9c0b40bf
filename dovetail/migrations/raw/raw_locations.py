"""Where raw Alembic commands find the plugins' revisions."""

from collections.abc import Sequence
from pathlib import Path

from dovetail.migrations.bridge.alembic_private import set_choice, set_version_locations
from dovetail.migrations.history.choosing import in_force, squashes_in
from dovetail.migrations.history.locations import revision_folders
from dovetail.registry import load_registry
from dovetail.settings import Settings, load_settings


def use_plugin_folders(settings_class: type[Settings]) -> None:
    """Let raw Alembic commands find the plugins' revisions; `migrations/__init__.py` calls this."""

    def folders() -> Sequence[Path]:
        return list(revision_folders(load_registry(load_settings(settings_class))))

    set_version_locations(folders)
    # `alembic heads` and its like look at no database; the graph cannot hold a squash and what it replaces.
    set_choice(lambda scripts: in_force(scripts, squashes_in(scripts), applied=()))
