"""Read revision files as texts, which is enough to list them without importing Alembic or the files."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from dovetail.errors import MigrationError
from dovetail.migrations.history.squashes import Squash
from dovetail.registry import Registry


def revision_folders(registry: Registry) -> dict[Path, str]:
    """Each plugin's folder of revisions and the plugin's name, in the order of the registry; it need not exist."""
    return {entry.migrations.resolve(): name for name, entry in registry.installed.items()}


_NAME = "[0-9]*.py"
_REVISION = re.compile(r"""^revision\b[^=\n]*=\s*["']([^"']+)["']""", re.MULTILINE)
_REPLACES = re.compile(r"^replaces\b[^=\n]*=\s*[(\[]([^)\]]*)[)\]]", re.MULTILINE)
_TEXT = re.compile(r"""["']([^"']+)["']""")


@dataclass(frozen=True, kw_only=True)
class RevisionFile:
    """A revision file, as far as its text tells."""

    plugin: str
    name: str
    revision: str
    squash: Squash | None


def revision_paths(registry: Registry) -> Iterator[tuple[str, Path]]:
    """Yield the plugin and the path of each revision file, in the order of the plugins."""
    for folder, plugin in revision_folders(registry).items():
        yield from ((plugin, path) for path in sorted(folder.glob(_NAME)))


def usual_revision(plugin: str, path: Path) -> str:
    """Return the id that a file of this name usually has."""
    return f"{plugin}_{path.stem}"


def usual_revisions(registry: Registry) -> list[str]:
    """Return the ids that the files of all enabled plugins usually have, without reading a file."""
    return [usual_revision(plugin, path) for plugin, path in revision_paths(registry)]


def read_files(registry: Registry) -> list[RevisionFile]:
    """Return all revision files, in the order of plugins and names. Raise MigrationError if one is not UTF-8."""
    return [_read(plugin, path) for plugin, path in revision_paths(registry)]


def _read(plugin: str, path: Path) -> RevisionFile:
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise MigrationError(f"{path} is not UTF-8; save it as such, or delete it") from error
    found, parts = _REVISION.search(text), _REPLACES.search(text)
    revision = found[1] if found else usual_revision(plugin, path)
    replaces = tuple(_TEXT.findall(parts[1])) if parts else ()
    squash = Squash(revision=revision, name=path.stem, replaces=replaces) if replaces else None
    return RevisionFile(plugin=plugin, name=path.stem, revision=revision, squash=squash)
