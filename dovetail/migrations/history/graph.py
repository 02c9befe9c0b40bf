"""Load the revision files of all enabled plugins as one graph."""

import heapq
import warnings
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from types import ModuleType

from alembic.script import Script, ScriptDirectory
from alembic.util import CommandError, to_tuple

from dovetail.discovery import PLUGIN_FAILURES
from dovetail.errors import MigrationError
from dovetail.migrations.bridge import alembic_private
from dovetail.migrations.history.applied import Applied
from dovetail.migrations.history.choosing import in_force, squashes_in
from dovetail.migrations.history.files import revision_folders
from dovetail.migrations.history.missing_revisions import MissingRevision
from dovetail.migrations.history.squashes import Squash, as_squashed
from dovetail.registry import Registry

ENVIRONMENT = "migrations"  # the folder of the site that holds env.py and script.py.mako
REVISION_TEMPLATE = Path(__file__).parent.parent / "make" / "script.py.mako"  # where a plugin is developed without one


class History:
    """The graph of all known revisions: which must be applied before which.

    `recorded` are the rows of the ledger. Ghosts stand for the revisions that have no file, so that the graph stays
    whole after a plugin was removed. A squash stands for what it replaces, unless only a part of that is applied.
    """

    def __init__(self, script: ScriptDirectory, folders: Mapping[Path, str], recorded: Sequence[Applied] = ()) -> None:
        self.script = script
        self.folders = folders
        self.recorded = recorded
        self.applied: Sequence[Applied] = recorded  # with squashes in the place of what they replace
        self.squashes: Sequence[Squash] = ()
        self.scripts: dict[str, Script] = {}
        self.refresh()

    def plugin_of(self, revision: str) -> str:
        """Return the plugin that a revision belongs to."""
        return self._plugins[revision]

    def of_plugin(self, plugin: str) -> list[Script]:
        """Return a plugin's revisions, those without a file included, in the order of their file names."""
        found = [script for name, script in self.scripts.items() if self._plugins[name] == plugin]
        return sorted(found, key=migration_name)

    def heads(self, plugin: str) -> list[str]:
        """Return a plugin's revisions that no other of its own follows and that have a file; several are a conflict."""
        own = [script for script in self.of_plugin(plugin) if not isinstance(script, MissingRevision)]
        below = {revision for script in own for revision in alembic_private.down_revisions(script)}
        return [script.revision for script in own if script.revision not in below]

    def head(self, plugin: str) -> str | None:
        """Return a plugin's latest revision, None if it has none. Raise MigrationError if there are two."""
        heads = self.heads(plugin)
        if len(heads) > 1:
            raise MigrationError(
                f"plugin {plugin!r} has {len(heads)} latest migrations, {' and '.join(heads)}, expected one; "
                f"join them with: manage.py makemigrations --merge {plugin}"
            )
        return heads[0] if heads else None

    def ancestors(self, revisions: Iterable[str]) -> set[str]:
        """Return `revisions` and all that they follow or depend on."""
        return _closure(revisions, self._parents)

    def descendants(self, revisions: Iterable[str]) -> set[str]:
        """Return `revisions` and all that follow or depend on them."""
        return _closure(revisions, self._children)

    def ordered(self, revisions: Iterable[str]) -> list[str]:
        """Return `revisions`, each after what it needs; otherwise in the order of plugins and files."""
        todo = set(revisions)
        waiting = {revision: len(todo.intersection(self._parents[revision])) for revision in todo}
        ready = [(self._ranks[revision], revision) for revision, count in waiting.items() if not count]
        heapq.heapify(ready)
        result: list[str] = []
        while ready:
            _, revision = heapq.heappop(ready)
            result.append(revision)
            for child in todo.intersection(self._children[revision]):
                waiting[child] -= 1
                if not waiting[child]:
                    heapq.heappush(ready, (self._ranks[child], child))
        return result

    def refresh(self) -> None:
        """Read the files again, after one was written."""
        alembic_private.reload(self.script, self._graph)
        self.scripts = _load(self.script)
        for name in ("_plugins", "_parents", "_children", "_ranks"):
            self.__dict__.pop(name, None)

    def _graph(self, files: Sequence[Script]) -> list[Script]:
        self.squashes = squashes_in(files)
        self.applied = as_squashed(self.recorded, self.squashes)
        scripts = in_force(files, self.squashes, {row.revision for row in self.applied})
        names = {script.revision for script in scripts}
        lost = [row for row in self.applied if row.revision not in names]
        known = names.union(row.revision for row in lost)
        _see_that_dependencies_exist(scripts, known)
        return [*scripts, *(MissingRevision(row, known) for row in lost)]

    @cached_property
    def _parents(self) -> dict[str, frozenset[str]]:
        return {name: frozenset(alembic_private.parents(script)) for name, script in self.scripts.items()}

    @cached_property
    def _children(self) -> dict[str, frozenset[str]]:
        children: dict[str, set[str]] = {name: set() for name in self.scripts}
        for name, parents in self._parents.items():
            for parent in parents:
                children[parent].add(name)
        return {name: frozenset(found) for name, found in children.items()}

    @cached_property
    def _plugins(self) -> dict[str, str]:
        return {
            name: script.plugin if isinstance(script, MissingRevision) else self.folders[Path(script.path).parent]
            for name, script in self.scripts.items()
        }

    @cached_property
    def _ranks(self) -> dict[str, tuple[int, str]]:
        order = {plugin: number for number, plugin in enumerate(self.folders.values())}
        return {
            name: (order.get(self._plugins[name], len(order)), migration_name(script))
            for name, script in self.scripts.items()
        }


def load_history(base_dir: Path, registry: Registry, recorded: Sequence[Applied] = ()) -> History:
    """Read the revision files of all enabled plugins; `base_dir` is the site's folder.

    Raise MigrationError for a file that cannot be read, or that does not fit the others.
    """
    folders = revision_folders(registry)
    environment = base_dir / ENVIRONMENT
    script = ScriptDirectory(
        environment if environment.is_dir() else REVISION_TEMPLATE.parent,
        file_template="%(slug)s",
        truncate_slug_length=80,
        messaging_opts={"quiet": True},
        version_locations=[str(folder) for folder in folders] or [str(environment / "none")],
    )
    return History(script, folders, recorded)


def migration_name(script: Script) -> str:
    """Return the name of a revision's file without `.py`: `0002_post_bio`."""
    return script.name if isinstance(script, MissingRevision) else Path(script.path).stem


def _see_that_dependencies_exist(scripts: Sequence[Script], known: Collection[str]) -> None:
    labels = {label for script in scripts for label in script.branch_labels}
    for script in scripts:
        for name in to_tuple(script.dependencies, default=()):
            if name not in known and name not in labels:
                raise MigrationError(
                    f"{script.revision} depends on {name}, which no enabled plugin has; enable it, or correct "
                    f"`depends_on` in {script.path}"
                )


def _load(script: ScriptDirectory) -> dict[str, Script]:
    try:
        with warnings.catch_warnings():
            # Alembic warns of two files with one id, and of a missing parent, and goes on without: one would be lost.
            warnings.simplefilter("error")
            return {found.revision: found for found in script.walk_revisions()}
    except MigrationError:
        raise
    except (CommandError, UserWarning) as error:
        raise MigrationError(f"the migration files do not fit together: {error}") from error
    except PLUGIN_FAILURES as error:
        raise MigrationError(_why_not_imported(error)) from error


def _why_not_imported(error: BaseException) -> str:
    """Return what is wrong with a file, and where: Alembic's error for a file without a revision does not name it."""
    if isinstance(error, AttributeError) and isinstance(error.obj, ModuleType) and error.obj.__file__:
        return f"{error.obj.__file__} lacks `{error.name} = ...`, which every migration needs"
    if isinstance(error, SyntaxError):
        return f"a migration file raised on import: SyntaxError: {error.msg} ({error.filename}:{error.lineno})"
    frame = error.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    where = f" ({frame.tb_frame.f_code.co_filename}:{frame.tb_lineno})" if frame is not None else ""
    return f"a migration file raised on import: {type(error).__name__}: {error}{where}"


def _closure(start: Iterable[str], edges: Mapping[str, frozenset[str]]) -> set[str]:
    found: set[str] = set()
    todo = list(start)
    while todo:
        revision = todo.pop()
        if revision not in found:
            found.add(revision)
            todo += edges[revision]
    return found
