"""Who may do what: each policy speaks of its own model only."""

from typing import Annotated

from fastapi import Depends
from sqlalchemy import ColumnElement, and_, false, or_, true
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import HTTPConnection

from dovetail.database.prepared_reads import ReadSource
from dovetail.errors import NotAuthenticatedError
from dovetail.resources.policy import Policy, Recognized
from tests.guarded.models import Keeper, Label, Note

STAFF = 0


class Limited(int):
    """Somebody who came by a token with scopes."""

    token_scopes: frozenset[str]


async def viewer(connection: HTTPConnection) -> int | None:
    number, scopes = connection.headers.get("X-Viewer"), connection.headers.get("X-Scopes")
    if not number or scopes is None:
        return int(number) if number else None
    limited = Limited(number)
    limited.token_scopes = frozenset(scopes.split())
    return limited


async def known_viewer(found: Annotated[int | None, Depends(viewer)]) -> int:
    if found is None:
        raise NotAuthenticatedError
    return found


class Numbered(Policy):
    """Its viewers are numbers in a header; 0 is staff."""

    reader = Annotated[int | None, Depends(viewer)]
    writer = Annotated[int, Depends(known_viewer)]
    remembers_anonymous = True

    async def recognize_reader(self, connection: HTTPConnection, source: ReadSource) -> Recognized[int | None] | None:
        return Recognized(await viewer(connection))

    async def recognize_writer(self, connection: HTTPConnection, session: AsyncSession) -> Recognized[int]:
        return Recognized(await known_viewer(await viewer(connection)))

    def viewer_values(self, viewer: int) -> int | None:
        return None if isinstance(viewer, Limited) else viewer

    def identity(self, viewer: int | None) -> str | None:
        return None if viewer is None else str(viewer)


class People(Numbered):
    """Known people for all; the telephone is the staff's."""

    def where(self, viewer: int | None, action: str) -> ColumnElement[bool]:
        if action != "view":
            return true() if viewer == STAFF else false()
        return true() if viewer == STAFF else Keeper.is_known.is_(True)

    def hidden(self, viewer: int | None) -> frozenset[str]:
        return frozenset() if viewer == STAFF else frozenset({"phone"})


class Labels(Numbered):
    """Open labels for all."""

    def where(self, viewer: int | None, action: str) -> ColumnElement[bool]:
        return true() if viewer == STAFF else Label.is_open.is_(True) if action == "view" else false()


class Notes(Numbered):
    """Public notes for all and one's own; a note that is locked is not changed, and nobody gives one away."""

    def where(self, viewer: int | None, action: str) -> ColumnElement[bool]:
        if viewer == STAFF:
            return true()
        if viewer is None:
            return Note.is_public.is_(True) if action == "view" else false()
        mine = Note.owner_id == viewer
        if action == "view":
            return or_(Note.is_public.is_(True), mine)
        return {"add": mine, "change": and_(mine, Note.is_locked.is_(False)), "delete": mine}.get(action, false())

    def explain(self, viewer: int | None, action: str) -> str:
        return f"You may not {action} this note."

    def hidden(self, viewer: int | None) -> frozenset[str]:
        return frozenset() if viewer == STAFF else frozenset({"grade"})

    def read_only(self, viewer: int | None) -> frozenset[str]:
        return frozenset() if viewer == STAFF else frozenset({"grade"})


PEOPLE, LABELS, NOTES = People(), Labels(), Notes()
