"""Find or create tags, and add them to posts or remove them, without duplicates or deadlocks under concurrency."""

from collections.abc import Collection, Iterable

from sqlalchemy import delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.errors import FieldError, InvalidInputError, NotFoundError
from dovetail.resources.resource import find_or_make
from plugins.blog.models import Post, Tag, post_tags
from plugins.blog.tag_names import normalize_tag_name


async def find_tags(session: AsyncSession, names: Collection[str]) -> dict[str, int]:
    """Return the keys of the tags with these names, by name; missing tags are created.

    Raise InvalidInputError for an invalid name.
    """
    wanted = {name: _normal(name) for name in names}
    keys = await find_or_make(session, Tag.name, wanted.values())
    return {name: keys[normal] for name, normal in wanted.items()}


async def get_or_create_tags(session: AsyncSession, names: Iterable[str]) -> list[Tag]:
    """Return the tags with these names, without duplicates, sorted by name; missing tags are created.

    Raise InvalidInputError for an invalid name.
    """
    keys = await find_tags(session, set(names))
    by_name = select(Tag).where(Tag.id.in_(keys.values())).order_by(Tag.name)
    return list(await session.scalars(by_name)) if keys else []


async def attach_tag(session: AsyncSession, post: Post, name: str) -> tuple[Tag, bool]:
    """Add a tag to a locked post; return (the tag, whether the post did not have it before).

    To avoid deadlocks, all code locks the post before it creates tags. Raise InvalidInputError for an invalid name.
    """
    key = (await find_tags(session, [name]))[name]
    is_new = await _link(session, post, key)
    if is_new:
        await _touch(session, post)
    return Tag(id=key, name=_normal(name)), is_new


async def detach_tag(session: AsyncSession, post: Post, tag_id: int) -> None:
    """Remove a tag from a locked post. Raise NotFoundError if the post does not have it."""
    links = delete(post_tags).where(post_tags.c.post_id == post.id, post_tags.c.tag_id == tag_id)
    if await session.scalar(links.returning(post_tags.c.tag_id)) is None:
        raise NotFoundError(f"Post {post.id} does not have a tag {tag_id}.")
    await _touch(session, post)


async def _link(session: AsyncSession, post: Post, key: int) -> bool:
    # Both databases support ON CONFLICT DO NOTHING, but SQLAlchemy has a separate insert() for each.
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    link = insert(post_tags).values(post_id=post.id, tag_id=key).on_conflict_do_nothing()
    return await session.scalar(link.returning(post_tags.c.tag_id)) is not None


def _normal(name: str) -> str:
    try:
        return normalize_tag_name(name)
    except ValueError as error:
        raise InvalidInputError(errors=[FieldError(pointer="/tags", detail=str(error))]) from None


async def _touch(session: AsyncSession, post: Post) -> None:
    # Tags are part of a post's representation, so `updated_at` and the ETag have to change with them.
    await session.execute(update(Post).where(Post.id == post.id).values(Post.touched()))
