"""The worlds by REST."""

from fastapi import APIRouter

from dovetail.api.schemas import Schema
from dovetail.resources.resource import Resource
from tests.contract.worlds import policies
from tests.contract.worlds.models import Folder, Label, Note


class NamedRead(Schema):
    id: int
    name: str


class NoteRead(Schema):
    id: int
    title: str
    score: int
    owner_id: int
    is_open: bool
    folder: NamedRead | None
    labels: list[NamedRead]


class NoteCreate(Schema):
    title: str = "new"
    score: int = 0
    owner_id: int
    is_open: bool = False
    folder_id: int | None = None


class NoteUpdate(Schema):
    title: str = ""
    score: int = 0
    owner_id: int = 0
    is_open: bool = False
    folder_id: int | None = None


notes = Resource(
    model=Note,
    read=NoteRead,
    create=NoteCreate,
    update=NoteUpdate,
    policy=policies.NOTES,
    filters={"folder__name": "exact", "labels__name": "exact", "score": ("exact", "gte")},
    ordering=("id", "score", "title"),
    default_ordering="id",
    search=("title", "folder__name"),
    unindexed=("score", "title", "folder__name", "labels__name", "search"),
)
folders = Resource(model=Folder, read=NamedRead, policy=policies.FOLDERS, default_ordering="id", ordering=("id",))
labels = Resource(model=Label, read=NamedRead, policy=policies.LABELS, default_ordering="id", ordering=("id",))

router = APIRouter(prefix="/worlds", tags=["worlds"])
for resource in (notes, folders, labels):
    router.include_router(resource.router)
