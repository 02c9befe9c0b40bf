"""Single posts, as a viewer may know of them."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.contrib.auth.models import User
from dovetail.errors import NotFoundError, PermissionDeniedError
from plugins.blog.models import Post
from plugins.blog.policies import POSTS


async def get_post(session: AsyncSession, post_id: int, viewer: User | None) -> Post:
    """Return a post as the database has it now.

    Raises NotFoundError for a post that is not there or that `viewer` may not know of.
    """
    visible = POSTS.where(viewer, "view")
    statement = select(Post).where(Post.id == post_id, visible).execution_options(populate_existing=True)
    post = (await session.scalars(statement)).one_or_none()
    if post is None:
        raise NotFoundError(f"There is no post {post_id}.")
    return post


async def get_post_to_change(session: AsyncSession, post_id: int, user: User) -> Post:
    """Return a post that `user` may change: an author their own, staff all. Nobody else changes it meanwhile.

    Raises NotFoundError if `user` may not know of it, PermissionDeniedError if it is somebody else's.
    """
    statement = select(Post, POSTS.where(user, "change")).where(Post.id == post_id, POSTS.where(user, "view"))
    # On PostgreSQL this is FOR NO KEY UPDATE, which lets others refer to the post; SQLite's writers take turns.
    locking = statement.with_for_update(key_share=True, of=Post).execution_options(populate_existing=True)
    found = (await session.execute(locking)).one_or_none()
    if found is None:
        raise NotFoundError(f"There is no post {post_id}.")
    post, is_allowed = found
    if not is_allowed:
        raise PermissionDeniedError(POSTS.explain(user, "change"))
    return post
