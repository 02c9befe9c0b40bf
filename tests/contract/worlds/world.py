"""A random world: who there is, what they may do, what rows there are, and what the rules say; all from one seed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from random import Random
from typing import TypeVar

from sqlalchemy import ColumnElement

from dovetail.contrib.auth.models import User
from tests.contract.worlds.models import Folder, Label, Note
from tests.contract.worlds.rules import (
    ACTIONS,
    PERMISSIONS,
    FieldRule,
    FolderRow,
    LabelRow,
    Model,
    NoteRow,
    Person,
    Row,
    Rule,
    random_fields,
    random_rule,
)

T = TypeVar("T")
PEOPLE = (1, 2, 3, 4)  # the keys of users: the last is a superuser
GROUPS = (1, 2)
NOTES, FOLDERS, LABELS = 6, 3, 3
MODELS: dict[type[Row], Model] = {NoteRow: Note, FolderRow: Folder, LabelRow: Label}


@dataclass
class World:
    """What one seed makes."""

    seed: int
    own: dict[int, frozenset[str]] = field(default_factory=dict)  # permissions by user
    of_groups: dict[int, frozenset[str]] = field(default_factory=dict)
    groups: dict[int, frozenset[int]] = field(default_factory=dict)  # of a user
    staff: frozenset[int] = frozenset()
    folders: list[FolderRow] = field(default_factory=list)
    labels: list[LabelRow] = field(default_factory=list)
    notes: list[NoteRow] = field(default_factory=list)
    rules: dict[tuple[type[object], str], Rule] = field(default_factory=dict)
    fields: dict[str, FieldRule] = field(default_factory=dict)  # of notes: hidden, read_only

    @cached_property
    def people(self) -> Sequence[Person | None]:
        """Everybody who may ask; None is somebody unknown."""
        return [None, *(self._person(key) for key in PEOPLE)]

    def where(self, model: Model, viewer: User | None, action: str) -> ColumnElement[bool]:
        """Return what the rule says in SQL."""
        return self.rules[model, action].sql(model, viewer)

    def may(self, person: Person | None, action: str, row: Row) -> bool:
        """Return what the rule says in plain words."""
        return self.rules[MODELS[type(row)], action].spoken(row, person)

    def visible(self, person: Person | None, rows: Sequence[Row]) -> list[int]:
        """Return the keys of the rows that somebody may view."""
        return [row.id for row in rows if self.may(person, "view", row)]

    def told(self) -> Mapping[str, str]:
        """Return the rules in words, for whoever has to find out why doors differ."""
        return {f"{model.__name__} {action}": repr(rule) for (model, action), rule in self.rules.items()}

    def _person(self, key: int) -> Person:
        given = frozenset[str]().union(self.own[key], *(self.of_groups[group] for group in self.groups[key]))
        return Person(key, key in self.staff, key == PEOPLE[-1], given)


def make_world(seed: int) -> World:
    """Return the world of a seed."""
    random = Random(seed)
    world = World(seed)
    world.own = {key: _some(random, PERMISSIONS, 0.15) for key in PEOPLE}
    world.of_groups = {key: _some(random, PERMISSIONS, 0.3) for key in GROUPS}
    world.groups = {key: _some(random, GROUPS, 0.4) for key in PEOPLE}
    world.staff = _some(random, PEOPLE[:-1], 0.5) | {PEOPLE[-1]}
    world.folders = [
        FolderRow(key, random.choice(PEOPLE), random.random() < 0.5, f"folder {key}") for key in range(1, FOLDERS + 1)
    ]
    world.labels = [
        LabelRow(key, random.choice(PEOPLE), random.random() < 0.5, f"label {key}") for key in range(1, LABELS + 1)
    ]
    world.notes = [_note(random, key, world) for key in range(1, NOTES + 1)]
    for model in MODELS.values():
        for action in ACTIONS:
            world.rules[model, action] = random_rule(random, of_note=model is Note)
    world.fields["hidden"] = random_fields(random, ("score", "folder", "labels"))
    world.fields["read_only"] = random_fields(random, ("score", "owner_id", "folder_id"))
    return world


def _some(random: Random, things: Sequence[T], share: float) -> frozenset[T]:
    return frozenset(thing for thing in things if random.random() < share)


def _note(random: Random, key: int, world: World) -> NoteRow:
    folder = random.choice([None, *world.folders])
    note = NoteRow(key, random.choice(PEOPLE), random.random() < 0.5, f"note {key}", random.randint(0, 3), folder)
    note.labels = [label for label in world.labels if random.random() < 0.4]
    return note
