"""The API of the history below `/api/history`: list changes and undo them.

The policies of the models decide what a user may see and undo. A token with scopes can only list all changes: the
history of an object and an undo could concern any model, which no scope covers.
"""

from typing import Annotated

import orjson
from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BeforeValidator, Field, JsonValue
from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.api.schemas import Id, Page, PathId, Schema, UTCTime
from dovetail.contrib.auth.access import CurrentUser
from dovetail.contrib.history.exact_numbers import marked_values, unmarked
from dovetail.contrib.history.feed import MAXIMUM_POSITION, START, read_history
from dovetail.contrib.history.keeping.positions import POSITION
from dovetail.contrib.history.models import MAXIMUM_MODEL, ChangeAction, ChangeSource, RecordedChange
from dovetail.contrib.history.policies import CHANGES
from dovetail.contrib.history.reading import Reader
from dovetail.contrib.history.recording.log import history_log
from dovetail.contrib.history.undoing.rights import PolicyAuthorizer
from dovetail.contrib.history.undoing.undo import undo
from dovetail.database.session import SessionDep
from dovetail.errors import PermissionDeniedError
from dovetail.resources.policies.registered import POLICIES
from dovetail.resources.resource import Resource
from dovetail.translation.texts import gettext

MAXIMUM_KEY = 500  # characters
MAXIMUM_PAGE = 500  # changes of the feed
Values = Annotated[dict[str, JsonValue], BeforeValidator(marked_values), Field(examples=[{"title": "Hello"}])]


class ChangeRead(Schema):
    """A change of an object."""

    id: Id
    created_at: UTCTime
    action: ChangeAction
    model: Annotated[str, Field(examples=["blog.post"])]
    object_key: Annotated[str, Field(examples=["1"])]
    before: Annotated[Values, Field(description="The fields before the change; empty for an added object.")]
    after: Annotated[Values, Field(description="The fields after the change; empty for a deleted object.")]
    door: Annotated[ChangeSource, Field(description="The entry point through which the change was made.")]
    via: Annotated[str, Field(description="The session, token or command that made it.", examples=["session 12"])]
    actor_id: Annotated[int | None, Field(description="The user who made it; null if no user did.")]
    actor_name: Annotated[str, Field(examples=["ada"])]

    def model_dump_json(self, **options: object) -> str:
        """Return the change as JSON, with all digits of its numbers."""
        return unmarked(super().model_dump_json(**options))  # type: ignore[arg-type]  # passed on as they are


class RecordedChangeRead(ChangeRead):
    """A change of any object."""

    address: Annotated[str, Field(description="The address of the client.", examples=["203.0.113.7"])]
    request_id: str


class FeedQuery(Schema):
    """The page of the feed to return; other parameters are refused, since without `after` the feed begins anew."""

    after: Annotated[
        str,
        Field(
            max_length=MAXIMUM_POSITION,
            pattern=f"^({POSITION.pattern})?$",
            description="The `position` of the page before.",
        ),
    ] = START
    limit: Annotated[int, Field(ge=1, le=MAXIMUM_PAGE)] = 100


class ObjectQuery(Schema):
    """The changes of an object to return."""

    limit: Annotated[int, Field(ge=1, le=100)] = 20
    before: Annotated[Id | None, Field(description="Return only changes older than the change with this id.")] = None


class FeedRead(Schema):
    """Changes in the order of commits."""

    items: list[RecordedChangeRead]
    position: Annotated[str, Field(description="The position after the last item, to pass as `after`.")]


class Undone(Schema):
    """The answer to an undo."""

    changes: Annotated[int, Field(description="How many changes were undone, in one transaction.", ge=0)]


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
    # Only superusers filter by these, and rarely.
    unindexed=("object_key", "action", "door", "actor_id", "created_at__gte", "created_at__lt"),
    without={"retrieve", "delete", "bulk_delete"},
)
router = APIRouter(tags=["history"])
router.include_router(changes.router)


@router.get("/history/feed", response_model=FeedRead, responses={410: {"description": "Changes were purged unread"}})
async def read_feed(user: CurrentUser, session: SessionDep, query: Annotated[FeedQuery, Query()]) -> Response:
    """Return the next changes in the order of commits, to superusers: whoever keeps the position misses none.

    The answer is 410 if changes after the position were purged before they were read, or if the position is not of this
    history. Without `after`, the feed begins at the earliest change that is kept.
    """
    if not user.is_superuser:
        raise PermissionDeniedError(gettext("Only superusers may read the feed of all changes."))
    page = await read_history(session, after=query.after, limit=query.limit)
    items = [orjson.Fragment(RecordedChangeRead.model_validate(one).model_dump_json().encode()) for one in page.changes]
    return Response(orjson.dumps({"items": items, "position": page.position}), media_type="application/json")


@router.get("/history/objects/{model}/{object_key:path}", response_model=Page[ChangeRead])
async def list_object_changes(  # noqa: PLR0917 - of FastAPI
    model: Annotated[str, Path(max_length=MAXIMUM_MODEL, examples=["blog.post"])],
    object_key: Annotated[str, Path(max_length=MAXIMUM_KEY, description="`12`, or `3;7` of two parts.")],
    user: CurrentUser,
    session: SessionDep,
    request: Request,
    query: Annotated[ObjectQuery, Query()],
) -> Response:
    """Return the changes of an object, latest first, to users who may view it.

    Fields and related objects that the policies hide are left out. Only superusers see the history of a deleted object,
    and the changes before an earlier object with the same key was deleted.
    """
    reader = _reader(session, request, user)
    found = await reader.changes(model, object_key, limit=query.limit, before=query.before)
    following = request.url.include_query_params(before=found.last) if found.has_more else None
    page = {
        "items": [orjson.Fragment(ChangeRead.model_validate(one).model_dump_json()) for one in found.lines],
        "total": None,
        "next": None if following is None else str(following),
        "previous": None,
    }
    return Response(orjson.dumps(page), media_type="application/json")


@router.post("/history/{change_id}/undo", responses={409: {"description": "Something stands in the way"}})
async def undo_change(change_id: PathId, user: CurrentUser, session: SessionDep, request: Request) -> Undone:
    """Undo a change together with all other changes of its transaction: either all of them or none.

    The user needs the permissions for the opposite changes. The undo is refused, with the reason, if an object was
    changed since, if something refers to an object that would be deleted, or if the change is too old.
    """
    change = await _reader(session, request, user).change(change_id)
    authorizer = PolicyAuthorizer(user, POLICIES.get(request.app))
    return Undone(changes=await undo(session, history_log(session), change, authorizer))


def _reader(session: AsyncSession, request: Request, user: CurrentUser) -> Reader:
    return Reader(session, history_log(session).recorded, POLICIES.get(request.app), user)
