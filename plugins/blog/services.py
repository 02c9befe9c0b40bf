"""Services that write posts. They flush and never commit: the unit of work commits at the end of the request."""

from collections.abc import Iterable

from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.contrib.auth.models import User
from plugins.blog.models import Post
from plugins.blog.tagging import get_or_create_tags


async def create_post(
    session: AsyncSession,
    *,
    author: User,
    title: str,
    content: str,
    is_published: bool = False,
    tags: Iterable[str] = (),
) -> Post:
    """Create a post, with tags of these names, which are created if missing. Raise InvalidInputError for a bad name."""
    found = await get_or_create_tags(session, tags)
    post = Post(author=author, title=title, content=content, is_published=is_published, tags=found)
    session.add(post)
    await session.flush()
    return post
