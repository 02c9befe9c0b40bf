"""The comments' endpoints, below `/api`."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request, status

from plugins.blog.queries import get_post
from plugins.comments import queries, services
from plugins.comments.models import Comment
from plugins.comments.schemas import CommentCreate, CommentQuery, CommentRead, CommentThread, CommentUpdate
from plugins.comments.settings import CommentsSettings
from project.api.dependencies import plugin_settings
from project.api.pagination import paginate
from project.api.schemas import Id, Page
from project.contrib.auth.dependencies import CurrentUser, OptionalUser
from project.database.dependencies import SessionDep

router = APIRouter(tags=["comments"])

PathId = Annotated[Id, Path()]
CommentFilters = Annotated[CommentQuery, Query()]
SettingsDep = Annotated[CommentsSettings, Depends(plugin_settings("comments", CommentsSettings))]


@router.get("/posts/{post_id}/comments")
async def list_comments(
    post_id: PathId, query: CommentFilters, viewer: OptionalUser, session: SessionDep, request: Request
) -> Page[CommentThread]:
    """The approved comments on a post, oldest first, each with its replies; one's own and all for staff besides.

    Pages and `total` count comments, not replies.
    """
    post = await get_post(session, post_id, viewer)
    return await paginate(session, queries.threads_for(viewer, post.id, query), query, request, CommentThread)


@router.post("/posts/{post_id}/comments", status_code=status.HTTP_201_CREATED, response_model=CommentRead)
async def create_comment(
    post_id: PathId, data: CommentCreate, user: CurrentUser, session: SessionDep, settings: SettingsDep
) -> Comment:
    """Comment on a post, or reply to a comment on it. Others see it once a moderator has approved it."""
    post = await get_post(session, post_id, user)
    return await services.write_comment(session, user, post, data, auto_approve=settings.auto_approve)


@router.get("/comments/{comment_id}", response_model=CommentThread)
async def get_comment(comment_id: PathId, viewer: OptionalUser, session: SessionDep) -> Comment:
    """One comment with its replies."""
    return await queries.get_comment(session, comment_id, viewer)


@router.patch("/comments/{comment_id}", response_model=CommentRead)
async def update_comment(
    comment_id: PathId, data: CommentUpdate, user: CurrentUser, session: SessionDep, settings: SettingsDep
) -> Comment:
    """Change the text of a comment of one's own, which a moderator then reads again; staff set the `status`."""
    comment = await services.get_comment_to_change(session, comment_id, user)
    return await services.update_comment(session, comment, data, user, auto_approve=settings.auto_approve)


@router.delete("/comments/{comment_id}", status_code=status.HTTP_204_NO_CONTENT)
async def delete_comment(comment_id: PathId, user: CurrentUser, session: SessionDep) -> None:
    """Remove a comment of one's own, and the replies to it; staff remove all comments."""
    await services.delete_comment(session, await services.get_comment_to_change(session, comment_id, user))
