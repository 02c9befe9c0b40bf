"""A revision that stands for several: `replaces` in its file names them, and a database has either it or them.

Where none of them was applied, or all of them, the graph holds the one; where some were, it holds them, until the rest
is applied too. What other files say of either is led to whichever the graph holds.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType

from alembic.script import Script
from alembic.util import to_tuple
from sqlalchemy import Connection, delete, update

from project.migrations.errors import MigrationError
from project.migrations.ledger import LEDGER, Applied, write_tips


@dataclass(frozen=True, kw_only=True)
class Squash:
    """One revision and those that it replaces, in the order in which they apply."""

    revision: str
    stem: str
    replaces: tuple[str, ...]


def squashes_in(scripts: Iterable[Script]) -> list[Squash]:
    """The squashes among revision files. Raises MigrationError if two replace the same revision."""
    found: list[Squash] = []
    owners: dict[str, str] = {}
    for script in scripts:
        replaces = tuple(getattr(script.module, "replaces", None) or ())
        for revision in replaces:
            if owners.setdefault(revision, script.revision) != script.revision:
                raise MigrationError(f"{owners[revision]} and {script.revision} both replace {revision}; delete one")
        if replaces:
            found.append(Squash(revision=script.revision, stem=Path(script.path).stem, replaces=replaces))
    return found


def as_squashed(rows: Sequence[Applied], squashes: Iterable[Squash]) -> list[Applied]:
    """`rows` with each squash that is applied as a whole in the place of the last revision it replaces."""
    result = list(rows)
    for squash in squashes:
        mine = [row for row in result if row.revision in squash.replaces]
        if len(mine) == len(squash.replaces):
            others = {row.revision for row in mine[:-1]}
            result = [row for row in result if row.revision not in others]
            result[result.index(mine[-1])] = _one_for_all(squash, mine)
            result = [_led_to(row, dict.fromkeys(squash.replaces, squash.revision)) for row in result]
    return result


def in_force(scripts: Sequence[Script], squashes: Iterable[Squash], applied: Collection[str]) -> list[Script]:
    """The scripts of the graph, given what `as_squashed` says is applied: of each squash either the one or the others.

    Raises MigrationError for a database that has some of the others, if the files of the rest are gone.
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
    return [_redirected(script, to, kept) for script in scripts if script.revision in kept]


def is_half_applied(squash: Squash, applied: Collection[str]) -> bool:
    """Whether a database has some of what a squash replaces, and so does not have the squash."""
    return squash.revision not in applied and any(revision in applied for revision in squash.replaces)


def record_squashes(connection: Connection, rows: Sequence[Applied], squashes: Iterable[Squash]) -> None:
    """Let both tables name each squash of which `rows` has every part, in the place of the parts.

    `connection` must not be in a transaction, and is in none afterwards; the caller has the lock.
    """
    for squash in squashes:
        after = as_squashed(rows, [squash])
        if len(after) == len(rows):
            continue
        old = {row.revision: row for row in rows}
        last = [name for name in old if name in squash.replaces][-1]  # its place in the order is the squash's
        for row in after:
            before = row.revision if row.revision in old else last
            if row != old[before]:
                connection.execute(update(LEDGER).where(LEDGER.c.revision == before).values(_values(row)))
        connection.execute(delete(LEDGER).where(LEDGER.c.revision.in_(squash.replaces)))
        write_tips(connection, after)
        rows = after
    connection.commit()


def _values(row: Applied) -> dict[str, str]:
    return {
        "revision": row.revision,
        "down_revisions": json.dumps(row.down_revisions),
        "depends_on": json.dumps(row.depends_on),
    }


def _one_for_all(squash: Squash, rows: Sequence[Applied]) -> Applied:
    down = dict.fromkeys(name for row in rows for name in row.down_revisions if name not in squash.replaces)
    needs = dict.fromkeys(name for row in rows for name in row.depends_on if name not in squash.replaces)
    return replace(rows[-1], revision=squash.revision, down_revisions=tuple(down), depends_on=tuple(needs))


def _led_to(row: Applied, to: Mapping[str, str]) -> Applied:
    down = tuple(dict.fromkeys(to.get(name, name) for name in row.down_revisions))
    return replace(row, down_revisions=down, depends_on=tuple(dict.fromkeys(to.get(n, n) for n in row.depends_on)))


def _see_that_the_rest_has_files(squash: Squash, files: Collection[str], applied: Collection[str]) -> None:
    lost = [name for name in squash.replaces if name not in applied and name not in files]
    if lost:
        has = [name for name in squash.replaces if name in applied]
        raise MigrationError(
            f"{squash.revision} replaces {len(squash.replaces)} migrations, of which this database has "
            f"{' and '.join(has)} and not {' and '.join(lost)}, whose files are gone; first migrate it with a release "
            "that still has them"
        )


def _redirected(script: Script, to: Mapping[str, str], kept: Collection[str]) -> Script:
    def lead(names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(_full(name, to, kept) for name in names))

    down, needs = to_tuple(script.down_revision, default=()), to_tuple(script.dependencies, default=())
    if lead(down) == down and lead(needs) == needs:
        return script
    module = ModuleType(script.revision)
    module.__dict__.update(vars(script.module), down_revision=lead(down) or None, depends_on=lead(needs) or None)
    return Script(module, script.revision, script.path)


def _full(name: str, to: Mapping[str, str], kept: Collection[str]) -> str:
    """What to read for a name in a file, which may be the beginning of an id, as Alembic has it."""
    if name in to or any(revision.startswith(name) for revision in kept):
        return to.get(name, name)
    found = {target for revision, target in to.items() if revision.startswith(name)}
    return found.pop() if len(found) == 1 else name
