"""Compare two snapshots: which rows and fields each role gained or lost between them.

A role is somebody unknown, a user, a user with one permission or flag that a rule asks for, a superuser, or a group
with all that it gives.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from dovetail.contrib.auth.rules.snapshot import FIELDS, NOBODY, USER, Shown, ShownTree, Snapshot

ALL, NONE = "true", "false"  # as conditions on rows


@dataclass(frozen=True)
class Role:
    """A kind of viewer: the permissions and flags that they have."""

    name: str
    has: frozenset[str] | None  # None: somebody unknown


@dataclass(frozen=True)
class Difference:
    """A rule by which a role may do otherwise than before."""

    model: str
    what: str  # an action, or which fields
    role: str
    before: Shown
    after: Shown

    def __str__(self) -> str:
        gain = {True: "gained", False: "lost", None: "changed"}[self.is_gain]
        return f"{self.model}: {self.what}: {self.role} {gain}\n  - {_written(self.before)}\n  + {_written(self.after)}"

    @property
    def is_gain(self) -> bool | None:
        """Return True if the role may do more than before, False if it may do less; None if the rule tells neither."""
        if isinstance(self.before, list) and isinstance(self.after, list):
            before, after = set(self.before), set(self.after)
            return None if before - after and after - before else after < before
        if self.before == NONE or self.after == ALL:
            return True
        return False if self.after == NONE or self.before == ALL else None


def roles_of(*snapshots: Snapshot, groups: Mapping[str, Collection[str]] | None = None) -> list[Role]:
    """Return the roles in which these snapshots may differ; `groups` has the permissions of groups, by name."""
    asked = {question for one in snapshots for tree in _trees(one) for question in _questions(tree)}
    return [
        Role("somebody unknown", None),
        Role("a user", frozenset()),
        *(Role(f"a user with {name}", frozenset({name})) for name in sorted(asked)),
        Role("a superuser", frozenset(asked)),
        *(Role(f"the group {name}", frozenset(held)) for name, held in sorted((groups or {}).items())),
    ]


def differences(before: Snapshot, after: Snapshot, roles: Collection[Role]) -> Iterator[Difference]:
    """Yield what the roles may do otherwise after than before. A model that is new, or gone, has no rows and fields."""
    for model in sorted({*before, *after}):
        old, new = before.get(model, {}), after.get(model, {})
        for what in dict.fromkeys([*new, *old]):
            for role in roles:
                pair = [_says(one.get(what), what, role) for one in (old, new)]
                if pair[0] != pair[1]:
                    yield Difference(model, what, role.name, *pair)


def _says(rule: Mapping[str, ShownTree] | None, what: str, role: Role) -> Shown:
    if rule is None:
        return [] if what in FIELDS else NONE
    tree = rule[NOBODY if role.has is None else USER]
    while isinstance(tree, dict):
        tree = tree["yes" if role.has is not None and tree["ask"] in role.has else "no"]  # type: ignore[assignment]  # a branch holds two trees
    return tree


def _written(shown: Shown) -> str:
    if isinstance(shown, list):
        return ", ".join(shown) or "none"
    return {ALL: "all rows", NONE: "no row"}.get(shown, f"rows where {' '.join(shown.split())}")


def _trees(snapshot: Snapshot) -> Iterator[ShownTree]:
    for model in snapshot.values():
        for rule in model.values():
            yield rule[USER]


def _questions(tree: object) -> Iterator[str]:
    if isinstance(tree, dict):
        yield tree["ask"]
        yield from _questions(tree["yes"])
        yield from _questions(tree["no"])
