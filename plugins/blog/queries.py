"""Single posts, as a viewer may know of them."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.contrib.auth.models import User
from dovetail.errors import NotFoundError
from plugins.blog.models import Post
from plugins.blog.policies import POSTS


async def get_post(session: AsyncSession, post_id: int, viewer: User | None, *, lock: bool = False) -> Post:
    """Return a post as the database has it now; with `lock`, nobody else changes it before the transaction ends.

    Raises NotFoundError for a post that is not there or that `viewer` may not know of.
    """
    statement = select(Post).where(Post.id == post_id, POSTS.rows(viewer)).execution_options(populate_existing=True)
    if lock:
        # On PostgreSQL this is FOR NO KEY UPDATE, which lets others refer to the post; SQLite's writers take turns.
        statement = statement.with_for_update(key_share=True)
    post = (await session.scalars(statement)).one_or_none()
    if post is None:
        raise NotFoundError(f"There is no post {post_id}.")
    return post


async def get_post_to_change(session: AsyncSession, post_id: int, user: User) -> Post:
    """Return a post, locked, that `user` may change: an author their own, staff all.

    Raises NotFoundError if `user` may not know of it, PermissionDeniedError if it is somebody else's.
    """
    post = await get_post(session, post_id, user, lock=True)
    POSTS.may_update(user, post)
    return post
