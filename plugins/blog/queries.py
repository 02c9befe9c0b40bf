"""Queries for single posts that a viewer may see."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.contrib.auth.models import User
from dovetail.errors import NotFoundError
from plugins.blog.models import Post
from plugins.blog.policies import POSTS


async def get_post(session: AsyncSession, post_id: int, viewer: User | None) -> Post:
    """Return a post, reloaded from the database.

    Raise NotFoundError if it does not exist or `viewer` may not see it.
    """
    visible = POSTS.where(viewer, "view")
    statement = select(Post).where(Post.id == post_id, visible).execution_options(populate_existing=True)
    post = (await session.scalars(statement)).one_or_none()
    if post is None:
        raise NotFoundError(f"There is no post {post_id}.")
    return post
