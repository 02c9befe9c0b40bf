"""Rules that ask the own table of notes, each in another way: the person of a note has one of the viewer's."""

from collections.abc import Callable, Mapping

import pytest
from sqlalchemy import Boolean, ColumnElement, func, literal_column, select, true
from sqlalchemy.orm import aliased

from tests.guarded.models import Keeper, Note
from tests.guarded.policies import Notes, Numbered

OTHER = aliased(Note)
SQL = "EXISTS (SELECT 1 FROM guarded_note AS one WHERE one.person_id = guarded_note.person_id AND one.owner_id = {})"
RULES: Mapping[str, Callable[[int], ColumnElement[bool]]] = {
    "exists": lambda viewer: (
        select(OTHER.id).where(OTHER.person_id == Note.person_id, OTHER.owner_id == viewer).exists()
    ),
    "exists another": lambda viewer: (
        select(OTHER.id)
        .where(OTHER.person_id == Note.person_id, OTHER.owner_id == viewer, OTHER.id != Note.id)
        .exists()
    ),
    "in": lambda viewer: Note.person_id.in_(select(Note.person_id).where(Note.owner_id == viewer)),
    "has": lambda viewer: Note.person.has(
        select(OTHER.id).where(OTHER.person_id == Keeper.id, OTHER.owner_id == viewer).exists()
    ),
    "join": lambda viewer: Note.person_id.in_(
        select(Keeper.id).join(OTHER, OTHER.person_id == Keeper.id).where(OTHER.owner_id == viewer)
    ),
    "count": lambda viewer: (
        select(func.count()).where(OTHER.person_id == Note.person_id, OTHER.owner_id == viewer).scalar_subquery() > 0
    ),
    "text": lambda viewer: literal_column(SQL.format(viewer), Boolean),
}
NOTES = ("/api/notes", "/api/loud_notes")  # which are read by a compiled statement, and by the ORM


def follow(monkeypatch: pytest.MonkeyPatch, asked: str, rule: Callable[[int], ColumnElement[bool]]) -> None:
    """Let everything be done to all notes, but the action `asked` as the rule says."""
    monkeypatch.setattr(Notes, "where", lambda _, viewer, action: rule(viewer) if action == asked else true())
    monkeypatch.setattr(Numbered, "viewer_values", lambda *_: None)  # nothing is remembered of the other rule
