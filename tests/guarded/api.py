"""The same rules on resources that are read by a compiled statement, and by the ORM."""

from collections.abc import Collection

from fastapi import APIRouter
from pydantic import MISSING, Field, computed_field
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.api.schemas import Schema
from dovetail.errors import InvalidInputError
from dovetail.resources.resource import Resource
from tests.guarded.models import Keeper, Label, Note
from tests.guarded.policies import LABELS, NOTES, PEOPLE


class PersonRead(Schema):
    id: int
    name: str
    phone: str


class LabelRead(Schema):
    id: int
    name: str


class NoteRead(Schema):
    id: int
    title: str
    owner_id: int
    is_locked: bool
    grade: int
    person_id: int | None
    person: PersonRead | None
    labels: list[LabelRead]


class LoudNoteRead(NoteRead):
    @computed_field  # type: ignore[prop-decorator]  # pydantic's own way to write it
    @property
    def shout(self) -> str:
        return self.title.upper()


class NoteWrite(Schema):
    title: str
    owner_id: int
    is_public: bool = False
    is_locked: bool = False
    grade: int = 0
    person_id: int | None = None
    labels: list[str] = Field(default_factory=list)


class NoteUpdate(Schema):
    title: str | MISSING = MISSING
    owner_id: int | MISSING = MISSING
    is_public: bool | MISSING = MISSING
    is_locked: bool | MISSING = MISSING
    grade: int | MISSING = MISSING
    person_id: int | MISSING | None = MISSING
    labels: list[str] | MISSING = MISSING


async def find_labels(session: AsyncSession, names: Collection[str]) -> dict[str, int]:
    found = {one.name: one.id for one in await session.scalars(select(Label).where(Label.name.in_(names)))}
    if missing := sorted(set(names) - found.keys()):
        raise InvalidInputError(f"There is no {missing[0]}.")
    return found


def note_resource(read: type[NoteRead], name: str) -> Resource:
    return Resource(
        model=Note,
        read=read,
        create=NoteWrite,
        update=NoteUpdate,
        replace=NoteWrite,
        policy=NOTES,
        name=name,
        filters={
            "title": "exact",
            "grade": ("exact", "gt"),
            "person__name": "exact",
            "person__phone": "exact",
            "labels__name": "exact",
        },
        ordering=("title", "grade", "id", "person__name", "person__phone"),
        search=("title", "person__name", "person__phone"),
        links={"labels": find_labels},
    )


notes, loud_notes = note_resource(NoteRead, "note"), note_resource(LoudNoteRead, "loud_note")
people = Resource(model=Keeper, read=PersonRead, policy=PEOPLE, plural="people", without={"delete", "bulk_delete"})
labels = Resource(model=Label, read=LabelRead, policy=LABELS, without={"delete", "bulk_delete"})
router = APIRouter(tags=["guarded"])
for resource in (notes, loud_notes, people, labels):
    router.include_router(resource.router)
