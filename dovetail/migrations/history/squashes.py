"""Squashes: revisions that replace several. A database has either the squash or what its `replaces` names.

Where none of them was applied, or all of them, the graph holds the one; where some were, it holds them, until the rest
is applied too. This imports neither Alembic nor SQLAlchemy.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from dovetail.migrations.history.applied import Applied


@dataclass(frozen=True, kw_only=True)
class Squash:
    """A revision and those that it replaces, in the order in which they apply."""

    revision: str
    name: str
    replaces: tuple[str, ...]


def as_squashed(rows: Sequence[Applied], squashes: Iterable[Squash]) -> list[Applied]:
    """Return `rows`, with each squash that is wholly applied in the place of the last revision that it replaces."""
    result = list(rows)
    for squash in squashes:
        mine = [row for row in result if row.revision in squash.replaces]
        if len(mine) == len(squash.replaces):
            others = {row.revision for row in mine[:-1]}
            result = [row for row in result if row.revision not in others]
            result[result.index(mine[-1])] = _one_for_all(squash, mine)
            result = [_led_to(row, dict.fromkeys(squash.replaces, squash.revision)) for row in result]
    return result


def is_half_applied(squash: Squash, applied: Collection[str]) -> bool:
    """Return True if a database has some of what a squash replaces, and not all."""
    count = sum(revision in applied for revision in squash.replaces)
    return squash.revision not in applied and 0 < count < len(squash.replaces)


def left_out(squashes: Iterable[Squash], applied: Collection[str]) -> set[str]:
    """Return the revisions that stay out of the graph: of each squash either itself or what it replaces."""
    found: set[str] = set()
    for squash in squashes:
        found |= {squash.revision} if is_half_applied(squash, applied) else set(squash.replaces)
    return found


def _one_for_all(squash: Squash, rows: Sequence[Applied]) -> Applied:
    down = dict.fromkeys(name for row in rows for name in row.down_revisions if name not in squash.replaces)
    needs = dict.fromkeys(name for row in rows for name in row.depends_on if name not in squash.replaces)
    return replace(rows[-1], revision=squash.revision, down_revisions=tuple(down), depends_on=tuple(needs))


def _led_to(row: Applied, to: Mapping[str, str]) -> Applied:
    down = tuple(dict.fromkeys(to.get(name, name) for name in row.down_revisions))
    return replace(row, down_revisions=down, depends_on=tuple(dict.fromkeys(to.get(n, n) for n in row.depends_on)))
