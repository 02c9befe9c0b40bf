"""Plan the steps of a command, from the applied revisions to the wanted ones."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from alembic.script import Script

from dovetail.errors import MigrationError
from dovetail.migrations.history.graph import History, migration_name
from dovetail.migrations.history.missing_revisions import MissingRevision

_SQUASHED = re.compile(r"\d+_squashed_")
ZERO = "zero"  # a plugin's state before its first migration


@dataclass(frozen=True, kw_only=True)
class Step:
    """One revision to apply, or to undo."""

    plugin: str
    script: Script
    forwards: bool

    @property
    def revision(self) -> str:
        """Return the revision's id."""
        return self.script.revision


def plan(
    history: History, applied: Collection[str], plugin: str | None = None, target: str | None = None
) -> list[Step]:
    """Return the steps to `target` of `plugin`: a revision, `zero`, or None for the latest; of all without a plugin.

    Steps back include those of other plugins that depend on what is undone. Raise MigrationError if there is no such
    revision, if a plugin has two latest ones, or if a step would undo a revision whose file is gone.
    """
    if plugin is None:
        return forwards(history, applied, [head for name in history.folders.values() if (head := history.head(name))])
    if plugin not in history.folders.values() and not history.of_plugin(plugin):
        near = get_close_matches(plugin, history.folders.values(), n=1)
        raise MigrationError(
            f"no enabled plugin named {plugin!r} has migrations" + (f"; did you mean {near[0]!r}?" if near else "")
        )
    if target == ZERO:
        return backwards(history, applied, {script.revision for script in history.of_plugin(plugin)})
    wanted = find(history, plugin, target) if target is not None else history.head(plugin)
    if wanted is None:
        return []
    if target is not None and wanted in applied:
        keep = history.ancestors([wanted])
        return backwards(history, applied, {s.revision for s in history.of_plugin(plugin)} - keep)
    return forwards(history, applied, [wanted])


def forwards(history: History, applied: Collection[str], targets: Collection[str]) -> list[Step]:
    """Return the steps that apply `targets` and all that they need."""
    wanted = history.ancestors(targets).difference(applied)
    _refuse_what_a_lost_squash_did(history, wanted)
    return [_step(history, revision, forwards=True) for revision in history.ordered(wanted)]


def backwards(history: History, applied: Collection[str], targets: Collection[str]) -> list[Step]:
    """Return the steps that undo `targets` and all that needs them, the last first."""
    unwanted = history.descendants(targets).intersection(applied)
    steps = [_step(history, revision, forwards=False) for revision in reversed(history.ordered(unwanted))]
    for step in steps:
        if isinstance(step.script, MissingRevision):
            step.script.module.downgrade()  # raises: says what to do
    return steps


def last_applied(history: History, applied: Sequence[str], count: int) -> list[Step]:
    """Return the steps that undo the last `count` of `applied`, of any plugin, and all that needs them.

    Raise MigrationError if fewer are applied.
    """
    if count > len(applied):
        raise MigrationError(f"cannot go back {count} migrations: {len(applied)} are applied")
    return backwards(history, applied, applied[len(applied) - count :])


def find(history: History, plugin: str, text: str) -> str:
    """Return the revision of `plugin` that `text` means: its id, its file's name, or the beginning of one (`0002`).

    Raise MigrationError, with the nearest names, if none or more than one fits.
    """
    scripts = history.of_plugin(plugin)
    exact = [script.revision for script in scripts if text in (script.revision, migration_name(script))]
    padded = text.zfill(4) if re.fullmatch(r"\d+", text) else text
    begins = [script.revision for script in scripts if migration_name(script).startswith((padded, text))]
    found = exact or begins or [script.revision for script in scripts if script.revision.startswith(text)]
    if len(found) == 1:
        return found[0]
    names = [migration_name(script) for script in scripts]
    _refuse_replaced(history, plugin, text, padded)
    if found:
        raise MigrationError(f"more than one migration of plugin {plugin!r} begins with {text!r}: {', '.join(found)}")
    near = get_close_matches(text, names, n=1, cutoff=0.4)
    hint = f"did you mean {near[0]}?" if near else f"it has {', '.join(names) or 'none'}"
    raise MigrationError(f"plugin {plugin!r} has no migration {text!r}; {hint}")


def title_of(script: Script) -> str:
    """Return the first line of the docstring of a revision's file."""
    return script.doc.partition("\n")[0] or Path(script.path).stem


def _refuse_what_a_lost_squash_did(history: History, wanted: Collection[str]) -> None:
    plugins = {history.plugin_of(revision) for revision in wanted}
    for script in history.scripts.values():
        if isinstance(script, MissingRevision) and script.plugin in plugins and _SQUASHED.match(script.name):
            raise MigrationError(
                f"this database has {script.revision} in the place of migrations of {script.plugin}, and its file is "
                "gone, so nobody knows which; go back to a release that has the file, or to a backup from before it"
            )


def _refuse_replaced(history: History, plugin: str, *texts: str) -> None:
    for squash in history.squashes:
        for revision in squash.replaces if squash.revision in history.scripts else ():
            if revision.startswith((texts[0], *(f"{plugin}_{text}" for text in texts))):
                raise MigrationError(f"{revision} is a part of {squash.revision}, which replaces it; name that one")


def _step(history: History, revision: str, *, forwards: bool) -> Step:
    return Step(plugin=history.plugin_of(revision), script=history.scripts[revision], forwards=forwards)
