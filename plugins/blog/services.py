"""What can be done to posts. Services flush and never commit: the unit of work does, at the edge."""

from collections.abc import Iterable

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from plugins.blog.models import Post
from plugins.blog.queries import get_post
from plugins.blog.schemas import PostCreate, PostUpdate
from plugins.blog.tagging import get_or_create_tags, set_tags
from project.contrib.auth.models import User
from project.errors import FieldError, InvalidInputError, NotFoundError, PermissionDeniedError


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
    """Create a post as `user` asks for it.

    Raises PermissionDeniedError if it names another author and `user` is not staff, InvalidInputError if that author
    does not exist.
    """
    author = await _author(session, user, data.author_id)
    post = await create_post(session, author=author, **data.model_dump(exclude={"author_id"}))
    return await get_post(session, post.id, author)


async def get_post_to_change(session: AsyncSession, post_id: int, user: User) -> Post:
    """A post that `user` may change: an author their own, staff all.

    Raises NotFoundError if `user` may not know of it, PermissionDeniedError if it is somebody else's.
    """
    post = await get_post(session, post_id, user)
    if not (user.is_staff or post.author_id == user.id):
        raise PermissionDeniedError("Only its author and staff may change a post.")
    return post


async def update_post(session: AsyncSession, post: Post, data: PostUpdate, user: User) -> Post:
    """Change what `data` names and leave the rest."""
    changes = data.model_dump(exclude_unset=True)
    # Tags come first: whoever changes a post locks tags before the post, so that no two wait for each other.
    if "tags" in changes:
        await set_tags(session, post, changes.pop("tags"))
    for name, value in changes.items():
        setattr(post, name, value)
    await session.flush()
    return await get_post(session, post.id, user)


async def delete_post(session: AsyncSession, post: Post) -> None:
    """Remove a post; the database removes what hangs on it. Raises NotFoundError if it went away meanwhile."""
    # Not session.delete(): that deletes the tags' links one by one and trips over one that is gone already.
    deleted = await session.scalars(delete(Post).where(Post.id == post.id).returning(Post.id))
    if deleted.one_or_none() is None:
        raise NotFoundError(f"There is no post {post.id}.")


async def _author(session: AsyncSession, user: User, author_id: int | None) -> User:
    if author_id is None or author_id == user.id:
        return user
    if not user.is_staff:
        raise PermissionDeniedError("Only staff may write a post in another author's name; leave author_id out.")
    author = await session.get(User, author_id)
    if author is None:
        raise InvalidInputError(errors=[FieldError(pointer="/author_id", detail=f"There is no user {author_id}.")])
    return author
