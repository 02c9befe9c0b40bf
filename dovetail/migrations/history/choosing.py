"""Choose between a squash and the revisions that it replaces, and redirect references to the chosen ones."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from types import ModuleType

from alembic.script import Script
from alembic.util import to_tuple

from dovetail.errors import MigrationError
from dovetail.migrations.history.squashes import Squash, is_half_applied


def squashes_in(scripts: Iterable[Script]) -> list[Squash]:
    """Return the squashes among revision files. Raise MigrationError if two replace the same revision."""
    found: list[Squash] = []
    owners: dict[str, str] = {}
    for script in scripts:
        replaces = tuple(getattr(script.module, "replaces", None) or ())
        for revision in replaces:
            if owners.setdefault(revision, script.revision) != script.revision:
                raise MigrationError(f"{owners[revision]} and {script.revision} both replace {revision}; delete one")
        if replaces:
            found.append(Squash(revision=script.revision, name=Path(script.path).stem, replaces=replaces))
    return found


def in_force(scripts: Sequence[Script], squashes: Iterable[Squash], applied: Collection[str]) -> list[Script]:
    """Return the scripts of the graph: each squash, or what it replaces, as the `applied` of `as_squashed` require.

    Raise MigrationError for a database that has some of the others, if the files of the rest are gone.
    """
    to: dict[str, str] = {}
    files = {script.revision for script in scripts}
    for squash in squashes:
        if is_half_applied(squash, applied):
            _see_that_the_rest_has_files(squash, files, applied)
            to[squash.revision] = squash.replaces[-1]
        else:
            to |= dict.fromkeys(squash.replaces, squash.revision)
    kept = files - to.keys()
    return [_redirected(script, to) for script in scripts if script.revision in kept]


def _see_that_the_rest_has_files(squash: Squash, files: Collection[str], applied: Collection[str]) -> None:
    lost = [name for name in squash.replaces if name not in applied and name not in files]
    if lost:
        has = [name for name in squash.replaces if name in applied]
        raise MigrationError(
            f"{squash.revision} replaces {len(squash.replaces)} migrations, of which this database has "
            f"{' and '.join(has)} and not {' and '.join(lost)}, whose files are gone; first migrate it with a release "
            "that still has them"
        )


def _redirected(script: Script, to: Mapping[str, str]) -> Script:
    def lead(names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(to.get(name, name) for name in names))

    down, needs = to_tuple(script.down_revision, default=()), to_tuple(script.dependencies, default=())
    if lead(down) == down and lead(needs) == needs:
        return script
    module = ModuleType(script.revision)
    module.__dict__.update(vars(script.module), down_revision=lead(down) or None, depends_on=lead(needs) or None)
    return Script(module, script.revision, script.path)
