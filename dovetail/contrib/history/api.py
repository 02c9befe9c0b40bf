"""Read the history and undo changes by the API: `/api/history`.

The policies of the models decide what one may see and undo. A token with scopes opens none of it but the list of all
changes, since a change may be one of any model.
"""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from pydantic import Field, JsonValue
from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.api.schemas import Id, Page, PathId, Schema, UTCTime
from dovetail.contrib.auth.access import CurrentUser
from dovetail.contrib.history.models import MAXIMUM_MODEL, ChangeAction, ChangeDoor, RecordedChange
from dovetail.contrib.history.policies import CHANGES
from dovetail.contrib.history.reading import Reader
from dovetail.contrib.history.recording.log import history_log
from dovetail.contrib.history.undoing.rights import PolicyJudge
from dovetail.contrib.history.undoing.undo import undo
from dovetail.database.session import SessionDep
from dovetail.resources.policies.registered import POLICIES
from dovetail.resources.resource import Resource

MAXIMUM_KEY = 500  # characters
Pictured = Annotated[dict[str, JsonValue], Field(examples=[{"title": "Hello"}])]


class ChangeRead(Schema):
    """A change of an object."""

    id: Id
    created_at: UTCTime
    action: ChangeAction
    model: Annotated[str, Field(examples=["blog.post"])]
    object_key: Annotated[str, Field(examples=["1"])]
    before: Annotated[Pictured, Field(description="The fields as they were; none of what was added.")]
    after: Annotated[Pictured, Field(description="The fields as they were then; none of what was deleted.")]
    door: Annotated[ChangeDoor, Field(description="By which way the change came.")]
    via: Annotated[str, Field(description="By which session, token or command.", examples=["session 12"])]
    actor_id: Annotated[int | None, Field(description="The user who made it; null for nobody known.")]
    actor_name: Annotated[str, Field(examples=["ada"])]


class RecordedChangeRead(ChangeRead):
    """A change of any object."""

    address: Annotated[str, Field(description="The address of the client.", examples=["203.0.113.7"])]
    request_id: str


class Undone(Schema):
    """The answer to an undo."""

    changes: Annotated[int, Field(description="How many changes were taken back, in one transaction.", ge=0)]


changes = Resource(
    model=RecordedChange,
    read=RecordedChangeRead,
    name="change",
    plural="changes",
    path="history",
    policy=CHANGES,
    filters={
        **dict.fromkeys(("model", "object_key", "action", "door", "actor_id"), "exact"),
        "created_at": ("gte", "lt"),
    },
    ordering=("id",),
    default_ordering="-id",
    # Superusers look for them, and seldom.
    unindexed=("object_key", "action", "door", "actor_id", "created_at__gte", "created_at__lt"),
    without={"retrieve", "delete", "bulk_delete"},
)
router = APIRouter(tags=["history"])
router.include_router(changes.router)


@router.get("/history/objects/{model}/{object_key:path}")
async def list_object_changes(  # noqa: PLR0917 - of FastAPI
    model: Annotated[str, Path(max_length=MAXIMUM_MODEL, examples=["blog.post"])],
    object_key: Annotated[str, Path(max_length=MAXIMUM_KEY, description="`12`, or `3;7` of two parts.")],
    user: CurrentUser,
    session: SessionDep,
    request: Request,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    before: Annotated[Id | None, Query(description="The change from which to go back.")] = None,
) -> Page[ChangeRead]:
    """Return the changes of an object, the latest first, to whoever may view it.

    Of a field or a related object that the policies hide nothing is told. The history of an object that is gone, and
    what was before another one with its key was deleted, is for superusers.
    """
    reader = _reader(session, request, user)
    found = await reader.changes(model, object_key, limit=limit, before=before)
    following = request.url.include_query_params(before=found.last) if found.has_more else None
    return Page(
        items=[ChangeRead.model_validate(one, from_attributes=True) for one in found.lines],
        total=None,
        next=None if following is None else str(following),
        previous=None,
    )


@router.post("/history/{change_id}/undo", responses={409: {"description": "Something stands in the way"}})
async def undo_change(change_id: PathId, user: CurrentUser, session: SessionDep, request: Request) -> Undone:
    """Take back a change, with all that was done in its transaction: the whole of it, or nothing.

    It takes the right to make the opposite changes. What was changed since, what refers to what would be deleted, and
    what is older than the site keeps for undoing, is refused with the reason.
    """
    change = await _reader(session, request, user).change(change_id)
    judge = PolicyJudge(user, POLICIES.get(request.app))
    return Undone(changes=await undo(session, history_log(session), change, judge))


def _reader(session: AsyncSession, request: Request, user: CurrentUser) -> Reader:
    return Reader(session, history_log(session).recorded, POLICIES.get(request.app), user)
