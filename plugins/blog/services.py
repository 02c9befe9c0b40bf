"""Change posts. Services flush and never commit: the unit of work does, at the edge."""

from collections.abc import Iterable

from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.contrib.auth.models import User
from dovetail.errors import FieldError, InvalidInputError
from plugins.blog.models import Post
from plugins.blog.schemas import PostCreate
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
    """Write a post; tags are named and made where there are none. Raises InvalidInputError for a tag's bad name."""
    found = await get_or_create_tags(session, tags)
    post = Post(author=author, title=title, content=content, is_published=is_published, tags=found)
    session.add(post)
    await session.flush()
    return post


async def new_post(session: AsyncSession, user: User, data: PostCreate) -> dict[str, object]:
    """Return the columns of a post as `user` asks for it. Raises InvalidInputError if its author does not exist."""
    author = await _author(session, user, data.author_id)
    return data.model_dump(exclude={"tags"}) | {"author_id": author.id}


async def _author(session: AsyncSession, user: User, author_id: int | None) -> User:
    if author_id is None or author_id == user.id:
        return user
    author = await session.get(User, author_id)
    if author is None:
        raise InvalidInputError(errors=[FieldError(pointer="/author_id", detail=f"There is no user {author_id}.")])
    return author
