"""What a viewer may read of the comments."""

from sqlalchemy import ColumnElement, Select, and_, false, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload, selectinload

from plugins.blog import queries as blog
from plugins.comments.models import Comment, CommentStatus
from plugins.comments.schemas import CommentQuery
from project.api.filters import ordered
from project.contrib.auth.models import User
from project.errors import NotFoundError


def visible_to(viewer: User | None) -> ColumnElement[bool]:
    """Which comments on a post that `viewer` may read they may read too: approved ones, their own, and staff all.

    A reply to a comment that is not approved is hidden with it.
    """
    if viewer is not None and viewer.is_staff:
        return true()
    approved = Comment.status == CommentStatus.APPROVED
    parent_approved = or_(Comment.parent_id.is_(None), Comment.parent.has(approved))
    return or_(and_(approved, parent_approved), _written_by(viewer))


def threads_for(viewer: User | None, post_id: int, query: CommentQuery) -> Select[Comment]:
    """The comments on a post with the replies to them, filtered and ordered by `query`; replies are not filtered."""
    conditions = [Comment.post_id == post_id, Comment.parent_id.is_(None)]
    if query.author_id is not None:
        conditions.append(Comment.author_id == query.author_id)
    if query.status is not None:
        conditions.append(Comment.status == query.status)
    return ordered(_threads(viewer).where(*conditions), query.ordering, Comment)


async def get_comment(session: AsyncSession, comment_id: int, viewer: User | None) -> Comment:
    """One comment with its author and replies, as the database has it now.

    Raises NotFoundError for one that is not there, or that `viewer` may not know of; the comments on a hidden draft are
    as hidden as the draft.
    """
    statement = _threads(viewer).where(Comment.id == comment_id, Comment.post.has(blog.visible_to(viewer)))
    comment = (await session.scalars(statement.execution_options(populate_existing=True))).one_or_none()
    if comment is None:
        raise NotFoundError(f"There is no comment {comment_id}.")
    return comment


def _threads(viewer: User | None) -> Select[Comment]:
    replies = selectinload(Comment.replies.and_(_reply_visible_to(viewer)))
    author = joinedload(Comment.author, innerjoin=True)
    return select(Comment).where(visible_to(viewer)).options(author, replies.joinedload(Comment.author, innerjoin=True))


def _reply_visible_to(viewer: User | None) -> ColumnElement[bool]:
    # Below a comment that is seen already, so that nothing need be asked about the parent.
    if viewer is not None and viewer.is_staff:
        return true()
    return or_(Comment.status == CommentStatus.APPROVED, _written_by(viewer))


def _written_by(viewer: User | None) -> ColumnElement[bool]:
    return false() if viewer is None else Comment.author_id == viewer.id
