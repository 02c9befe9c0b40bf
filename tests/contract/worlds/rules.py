"""Random rules, each with two meanings: SQL, as a policy says it, and Python, as somebody reads it aloud.

The Python knows neither SQLAlchemy nor the framework: it is what the framework is compared with.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import TypeAlias

from sqlalchemy import ColumnElement, and_, false, not_, or_, true

from dovetail.contrib.auth.models import User
from tests.contract.worlds.models import Folder, Label, Note

ACTIONS = ("view", "add", "change", "delete")
PERMISSIONS = tuple(f"worlds.{verb}_{model}" for model in ("note", "folder", "label") for verb in ACTIONS)


@dataclass(frozen=True)
class Person:
    """Somebody who asks, as the oracle knows them."""

    id: int
    is_staff: bool
    is_superuser: bool
    permissions: frozenset[str]

    def has(self, permission: str) -> bool:
        return self.is_superuser or permission in self.permissions


@dataclass
class FolderRow:
    """A folder as the oracle knows it."""

    id: int
    owner_id: int
    is_open: bool
    name: str


@dataclass
class LabelRow:
    """A label as the oracle knows it."""

    id: int
    owner_id: int
    is_open: bool
    name: str


@dataclass
class NoteRow:
    """A note as the oracle knows it."""

    id: int
    owner_id: int
    is_open: bool
    title: str
    score: int
    folder: FolderRow | None
    labels: list[LabelRow] = field(default_factory=list)


Row: TypeAlias = FolderRow | LabelRow | NoteRow
Model: TypeAlias = type[Folder] | type[Label] | type[Note]
Sql: TypeAlias = Callable[[Model, User | None], ColumnElement[bool]]
Spoken: TypeAlias = Callable[[Row, Person | None], bool]


@dataclass(frozen=True)
class Rule:
    """A rule in both meanings; `words` shows it when worlds differ."""

    sql: Sql
    spoken: Spoken
    words: str

    def __repr__(self) -> str:
        return self.words


EVERY = Rule(lambda model, viewer: true(), lambda row, person: True, "all")
NONE = Rule(lambda model, viewer: false(), lambda row, person: False, "none")
OPEN = Rule(lambda model, viewer: model.is_open.is_(True), lambda row, person: row.is_open, "open")
OWN = Rule(
    lambda model, viewer: false() if viewer is None else model.owner_id == viewer.id,
    lambda row, person: person is not None and row.owner_id == person.id,
    "own",
)


def random_rule(random: Random, *, of_note: bool, depth: int = 2) -> Rule:
    """Return a rule for notes, or for folders and labels."""
    kinds = [_leaf] * 3 + ([_both, _either, _not, _permitted, _staff, _known, _in_folder, _labelled] if depth else [])
    return random.choice(kinds)(random, of_note, depth - 1)


def _leaf(random: Random, of_note: bool, depth: int) -> Rule:
    rules = [EVERY, NONE, OPEN, OPEN, OWN, OWN]
    if of_note:
        low = random.randint(0, 3)
        rules.append(
            Rule(lambda model, viewer: Note.score >= low, lambda row, person: _score(row) >= low, f"score >= {low}")
        )
    return random.choice(rules)


def _score(row: Row) -> int:
    assert isinstance(row, NoteRow)
    return row.score


def _both(random: Random, of_note: bool, depth: int) -> Rule:
    one, two = (random_rule(random, of_note=of_note, depth=depth) for _ in range(2))
    return Rule(
        lambda model, viewer: and_(one.sql(model, viewer), two.sql(model, viewer)),
        lambda row, person: one.spoken(row, person) and two.spoken(row, person),
        f"({one} and {two})",
    )


def _either(random: Random, of_note: bool, depth: int) -> Rule:
    one, two = (random_rule(random, of_note=of_note, depth=depth) for _ in range(2))
    return Rule(
        lambda model, viewer: or_(one.sql(model, viewer), two.sql(model, viewer)),
        lambda row, person: one.spoken(row, person) or two.spoken(row, person),
        f"({one} or {two})",
    )


def _not(random: Random, of_note: bool, depth: int) -> Rule:
    one = random_rule(random, of_note=of_note, depth=depth)
    return Rule(
        lambda model, viewer: not_(one.sql(model, viewer)),
        lambda row, person: not one.spoken(row, person),
        f"not {one}",
    )


def _permitted(random: Random, of_note: bool, depth: int) -> Rule:
    name = random.choice(PERMISSIONS)
    one, two = (random_rule(random, of_note=of_note, depth=depth) for _ in range(2))
    return Rule(
        lambda model, viewer: (one if viewer is not None and viewer.has_perm(name) else two).sql(model, viewer),
        lambda row, person: (one if person is not None and person.has(name) else two).spoken(row, person),
        f"({one} if {name} else {two})",
    )


def _staff(random: Random, of_note: bool, depth: int) -> Rule:
    one, two = (random_rule(random, of_note=of_note, depth=depth) for _ in range(2))
    return Rule(
        lambda model, viewer: (one if viewer is not None and viewer.is_staff else two).sql(model, viewer),
        lambda row, person: (one if person is not None and person.is_staff else two).spoken(row, person),
        f"({one} if staff else {two})",
    )


def _known(random: Random, of_note: bool, depth: int) -> Rule:
    one, two = (random_rule(random, of_note=of_note, depth=depth) for _ in range(2))
    return Rule(
        lambda model, viewer: (two if viewer is None else one).sql(model, viewer),
        lambda row, person: (two if person is None else one).spoken(row, person),
        f"({one} if known else {two})",
    )


def _in_folder(random: Random, of_note: bool, depth: int) -> Rule:
    if not of_note:
        return _leaf(random, of_note, depth)
    one = random_rule(random, of_note=False, depth=depth)

    def spoken(row: Row, person: Person | None) -> bool:
        assert isinstance(row, NoteRow)
        return row.folder is not None and one.spoken(row.folder, person)

    return Rule(lambda model, viewer: Note.folder.has(one.sql(Folder, viewer)), spoken, f"in folder {one}")


def _labelled(random: Random, of_note: bool, depth: int) -> Rule:
    if not of_note:
        return _leaf(random, of_note, depth)
    one = random_rule(random, of_note=False, depth=depth)

    def spoken(row: Row, person: Person | None) -> bool:
        assert isinstance(row, NoteRow)
        return any(one.spoken(label, person) for label in row.labels)

    return Rule(lambda model, viewer: Note.labels.any(one.sql(Label, viewer)), spoken, f"with label {one}")


@dataclass(frozen=True)
class FieldRule:
    """Fields that may not be read, or written: of strangers, of users, and the permission that frees of them."""

    unknown: frozenset[str]
    users: frozenset[str]
    frees: str

    def of_viewer(self, viewer: User | None) -> frozenset[str]:
        """Return the fields, as a policy says it."""
        if viewer is None:
            return self.unknown
        return frozenset() if viewer.has_perm(self.frees) else self.users

    def spoken(self, person: Person | None) -> frozenset[str]:
        """Return the fields, as somebody reads it aloud."""
        if person is None:
            return self.unknown
        return frozenset() if person.has(self.frees) else self.users


def random_fields(random: Random, names: tuple[str, ...]) -> FieldRule:
    """Return a rule for fields, most often one that bars none."""
    barred = [frozenset(name for name in names if random.random() < 0.25) for _ in range(2)]
    return FieldRule(*barred, random.choice(PERMISSIONS))
