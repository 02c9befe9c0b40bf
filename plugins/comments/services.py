"""Services that write comments. They flush and never commit: the unit of work commits at the end of the request."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.contrib.auth.models import User
from dovetail.errors import FieldError, InvalidInputError
from plugins.blog.models import Post
from plugins.comments.models import Comment, CommentStatus
from plugins.comments.policies import COMMENTS, MODERATE
from plugins.comments.schemas import CommentCreate, CommentUpdate


async def write_comment(
    session: AsyncSession, user: User, post: Post, data: CommentCreate, *, auto_approve: bool
) -> Comment:
    """Create a comment or reply; it needs approval, unless a moderator wrote it or `auto_approve` is set.

    Raise InvalidInputError if the parent is not on the post, or is itself a reply.
    """
    if data.parent_id is not None:
        await _check_parent(session, user, post, data.parent_id)
    approved = auto_approve or user.has_perm(MODERATE)
    status = CommentStatus.APPROVED if approved else CommentStatus.PENDING
    comment = Comment(post_id=post.id, author_id=user.id, status=status, **data.model_dump())
    session.add(comment)
    await session.flush()
    return comment


def update_comment(comment: Comment, data: CommentUpdate, user: User, *, auto_approve: bool) -> None:
    """Set the status of a comment or change its text; a changed text needs approval again."""
    changes = data.model_dump(exclude_unset=True)
    stays_approved = auto_approve and comment.status is CommentStatus.APPROVED
    if changes.get("content", comment.content) != comment.content and not (user.has_perm(MODERATE) or stays_approved):
        changes["status"] = CommentStatus.PENDING
    for name, value in changes.items():
        setattr(comment, name, value)


async def _check_parent(session: AsyncSession, user: User, post: Post, parent_id: int) -> None:
    # Locked, so that a parent that is being deleted is either not found, or its deletion waits for this transaction.
    statement = select(Comment).where(Comment.id == parent_id, Comment.post_id == post.id, COMMENTS.of_post(user))
    parent = (await session.scalars(statement.with_for_update(read=True, key_share=True))).one_or_none()
    if parent is None:
        raise _bad_parent(f"There is no comment {parent_id} on this post.")
    if parent.parent_id is not None:
        raise _bad_parent(f"Comment {parent_id} is a reply itself; reply to comment {parent.parent_id}.")


def _bad_parent(detail: str) -> InvalidInputError:
    return InvalidInputError(errors=[FieldError(pointer="/parent_id", detail=detail)])
