"""What is doubtful about the migrations of the site's own plugins, told without what makes new ones."""

from pathlib import Path

from dovetail.discovery import InstalledPlugin
from dovetail.migrations.history.history import load_history
from dovetail.migrations.lint import lint
from dovetail.plugin import CheckMessage
from dovetail.registry import Registry


def lint_own(base_dir: Path, registry: Registry) -> list[CheckMessage]:
    """What is doubtful about the migrations of the site's own plugins. Raises MigrationError."""
    history = load_history(base_dir, registry)
    own = [name for name, entry in registry.installed.items() if is_own(entry, base_dir)]
    return lint(history, [script.revision for name in own for script in history.of_plugin(name)])


def is_own(entry: InstalledPlugin, base_dir: Path) -> bool:
    """Whether a plugin is part of the site; the files of an installed package are its author's."""
    path = entry.path.resolve()
    return path.is_relative_to(base_dir.resolve()) and "site-packages" not in path.parts
