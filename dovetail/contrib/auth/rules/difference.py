"""Compare two snapshots of rules: which rows and fields each role gained or lost.

A role is an anonymous user, a user, a user with one permission or flag that a rule checks, a superuser, or a group with
its permissions.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from dovetail.contrib.auth.rules.snapshot import FIELDS, NOBODY, USER, Said, Shown, ShownTree, Snapshot, on

ALL, NONE = "true", "false"  # as conditions on rows


@dataclass(frozen=True)
class Role:
    """A kind of viewer, with its permissions and flags."""

    name: str
    has: frozenset[str] | None  # None for an anonymous user
    is_superuser: bool = False
    group: str | None = None

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class Difference:
    """A rule that treats a role differently than before."""

    model: str
    what: str  # an action, or one of FIELDS
    role: Role
    rules: tuple[Said | None, Said | None]  # before and after

    @property
    def before(self) -> Shown:
        """The rows or fields before."""
        return _result(self.rules[0], self.what, self.role)

    @property
    def after(self) -> Shown:
        """The rows or fields now."""
        return _result(self.rules[1], self.what, self.role)

    def as_sql(self, dialect: str) -> tuple[Shown | None, Shown | None]:
        """Return both conditions as SQL of a dialect; None for a version whose snapshot does not have it."""
        before, after = (_evaluate(rule, self.what, self.role, on(dialect)) for rule in self.rules)
        return before, after

    def __str__(self) -> str:
        gain = {True: "gained", False: "lost", None: "changed"}[self.is_gain]
        return f"{self.model}: {self.what}: {self.role} {gain}\n  - {_written(self.before)}\n  + {_written(self.after)}"

    @property
    def is_gain(self) -> bool | None:
        """Return True if the role gained access, False if it lost access; None if both or unknown."""
        if isinstance(self.before, list) and isinstance(self.after, list):
            before, after = set(self.before), set(self.after)
            return None if before - after and after - before else after < before
        if self.before == NONE or self.after == ALL:
            return True
        return False if self.after == NONE or self.before == ALL else None


def roles_of(*snapshots: Snapshot, groups: Mapping[str, Collection[str]] | None = None) -> list[Role]:
    """Return the roles for which these snapshots may differ; `groups` has the permissions of groups, by name."""
    asked = {question for one in snapshots for tree in _trees(one) for question in _questions(tree)}
    return [
        Role("somebody unknown", None),
        Role("a user", frozenset()),
        *(Role(f"a user with {name}", frozenset({name})) for name in sorted(asked)),
        Role("a superuser", frozenset(asked), is_superuser=True),
        *(Role(f"the group {name}", frozenset(held), group=name) for name, held in sorted((groups or {}).items())),
    ]


def differences(before: Snapshot, after: Snapshot, roles: Collection[Role]) -> Iterator[Difference]:
    """Yield the differences for each role. A model that is new or gone has no rows and fields in one of them."""
    for model in sorted({*before, *after}):
        old, new = before.get(model, {}), after.get(model, {})
        for what in dict.fromkeys([*new, *old]):
            for role in roles:
                found = Difference(model, what, role, (old.get(what), new.get(what)))
                if found.before != found.after:
                    yield found


def _result(rule: Said | None, what: str, role: Role) -> Shown:
    shown = _evaluate(rule, what, role)
    return NONE if shown is None else shown


def _evaluate(rule: Said | None, what: str, role: Role, end: str = "") -> Shown | None:
    if rule is None:
        return [] if what in FIELDS else NONE
    tree = rule.get((NOBODY if role.has is None else USER) + end)
    while isinstance(tree, dict):
        tree = tree["yes" if role.has is not None and tree["ask"] in role.has else "no"]  # type: ignore[assignment]  # a branch: it holds two trees
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
