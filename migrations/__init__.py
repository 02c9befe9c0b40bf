"""Alembic imports this package first, because alembic.ini names it as `migrations:.`, and looks for revisions next.

Each plugin carries its own, so this is the only place early enough to say where they are.
"""

from config.settings import Settings
from dovetail.migrations.raw.environment import use_plugin_folders

use_plugin_folders(Settings)
