"""The comments' endpoints, below `/api`."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response, status
from sqlalchemy import and_, bindparam

from dovetail.api.schemas import Filter, Id, PathId
from dovetail.contrib.auth.access import CurrentUser, OptionalUser, takes_scopes
from dovetail.database.session import SessionDep, SourceDep
from dovetail.plugin import plugin_settings
from dovetail.resources.resource import ONCE, Resource
from plugins.blog.api import posts
from plugins.blog.queries import get_post
from plugins.comments import services
from plugins.comments.models import COMMENT_TEXT, Comment
from plugins.comments.policies import COMMENTS
from plugins.comments.schemas import CommentCreate, CommentRead, CommentThread, CommentUpdate
from plugins.comments.settings import CommentsSettings

comments = Resource(
    model=Comment,
    read=CommentThread,
    written=CommentRead,
    policy=COMMENTS,
    filters={"author_id": Filter("exact", type=Id), "status": "exact"},
    ordering=("created_at", "id"),
    default_ordering="created_at",
    search=COMMENT_TEXT,
    without={"list", "bulk_delete"},
)

SettingsDep = Annotated[CommentsSettings, Depends(plugin_settings("comments", CommentsSettings))]


async def on_post(post_id: PathId, viewer: OptionalUser, source: SourceDep) -> dict[str, object]:
    """Return the key of a post that the viewer may see. Raise NotFoundError otherwise."""
    return {"post_id": await posts.find_key(source, viewer, id=post_id)}


router = APIRouter(tags=["comments"])
router.include_router(comments.router)
comments.add_list(
    router,
    "/posts/{post_id}/comments",
    name="list_comments",
    # Only top-level comments; each contains its replies.
    where=and_(Comment.post_id == bindparam("post_id"), Comment.parent_id.is_(None)),
    values=on_post,
    description="The approved comments on a post, oldest first, each with its replies. Users also see their own "
    "comments, staff all of them. Pages and `total` count comments, not replies.",
)


@router.post(
    "/posts/{post_id}/comments",
    status_code=status.HTTP_201_CREATED,
    response_model=CommentRead,
    openapi_extra=ONCE,
)
@takes_scopes("comments.add_comment")
async def create_comment(
    *,
    post_id: PathId,
    data: CommentCreate,
    user: CurrentUser,
    session: SessionDep,
    settings: SettingsDep,
    request: Request,
) -> Response:
    """Comment on a post, or reply to a comment on it. Others see the comment after a moderator has approved it."""

    async def create() -> Response:
        post = await get_post(session, post_id, user)
        comment = await services.write_comment(session, user, post, data, auto_approve=settings.auto_approve)
        return await comments.respond(request, session, user, comment.id, status=status.HTTP_201_CREATED)

    return await comments.respond_once(request, session, user, create)


@router.patch("/comments/{comment_id}", response_model=CommentRead)
@takes_scopes("comments.change_comment")
async def update_comment(
    *,
    comment_id: PathId,
    data: CommentUpdate,
    user: CurrentUser,
    session: SessionDep,
    settings: SettingsDep,
    request: Request,
) -> Response:
    """Change the text of one's own comment, which then has to be approved again; staff may set the `status`."""
    action = "moderate" if data.model_fields_set == {"status"} else "change"
    comment = await comments.lock(session, user, comment_id, request, action=action)
    comments.check_fields(user, data)
    services.update_comment(comment, data, user, auto_approve=settings.auto_approve)
    return await comments.respond(request, session, user, comment_id, action=action)
