"""What can be done to posts. Services flush and never commit: the unit of work does, at the edge."""

from collections.abc import Iterable

from sqlalchemy.ext.asyncio import AsyncSession

from plugins.blog.models import Post
from plugins.blog.schemas import PostCreate, PostUpdate
from plugins.blog.tagging import get_or_create_tags, set_tags
from project.contrib.auth.models import User
from project.errors import FieldError, InvalidInputError


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


async def write_post(session: AsyncSession, user: User, data: PostCreate) -> Post:
    """Create a post as `user` asks for it. Raises InvalidInputError if the author it names does not exist."""
    author = await _author(session, user, data.author_id)
    return await create_post(session, author=author, **data.model_dump(exclude={"author_id"}))


async def update_post(session: AsyncSession, _user: User, post: Post, data: PostUpdate) -> None:
    """Change what `data` names of a post that is locked, and leave the rest."""
    changes = data.model_dump(exclude_unset=True)
    if "tags" in changes:
        await set_tags(session, post, changes.pop("tags"))
    for name, value in changes.items():
        setattr(post, name, value)


async def _author(session: AsyncSession, user: User, author_id: int | None) -> User:
    if author_id is None or author_id == user.id:
        return user
    author = await session.get(User, author_id)
    if author is None:
        raise InvalidInputError(errors=[FieldError(pointer="/author_id", detail=f"There is no user {author_id}.")])
    return author
