"""Tags on posts, right under concurrency: never a duplicate, never a deadlock."""

from collections.abc import Collection, Iterable
from typing import Any, cast

from sqlalchemy import ClauseElement, Dialect, delete, select, true, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.database.column_types import later_than
from dovetail.errors import FieldError, InvalidInputError, NotFoundError
from dovetail.resources.sql.arrays import members
from dovetail.resources.sql.statements import Statement
from plugins.blog.models import Post, Tag, post_tags
from plugins.blog.tag_names import normalize_tag_name


def _find(dialect: Dialect) -> ClauseElement:
    names = members("names", Tag.name.type, dialect)
    return select(Tag.name, Tag.id).where(Tag.name.in_(select(names.c.value)))


def _make(dialect: Dialect) -> ClauseElement:
    names = members("names", Tag.name.type, dialect)
    rows = (
        select(names.c.value).where(true()).order_by(names.c.value)
    )  # WHERE: SQLite takes ON CONFLICT for a join's ON
    made = insert_into(dialect, Tag).from_select(["name"], rows).on_conflict_do_nothing()
    return cast("ClauseElement", made.returning(Tag.name, Tag.id))


_FIND, _MAKE = Statement(_find), Statement(_make, writes=True)


async def find_tags(session: AsyncSession, names: Collection[str]) -> dict[str, int]:
    """The key of the tag of each name, made where there is none.

    Raises InvalidInputError for a name that no tag can have.
    """
    wanted = {name: _normal(name) for name in names}
    keys = await _find_or_make(session, sorted(set(wanted.values())))
    return {name: keys[normal] for name, normal in wanted.items()}


async def get_or_create_tags(session: AsyncSession, names: Iterable[str]) -> list[Tag]:
    """The tags of these names, made where there are none, sorted by name and each once.

    Raises InvalidInputError for a name that no tag can have.
    """
    keys = await find_tags(session, set(names))
    by_name = select(Tag).where(Tag.id.in_(keys.values())).order_by(Tag.name)
    return list(await session.scalars(by_name)) if keys else []


async def _find_or_make(session: AsyncSession, names: list[str]) -> dict[str, int]:
    # Looking first spares sequences and locks in the common case; the insert is what is right under concurrency. It
    # waits for a transaction that is making the same tag, and the look after it finds that one's row. Sorted: two
    # transactions that make the same tags in different order would wait for each other for ever.
    keys: dict[str, int] = {}
    for statement in (_FIND, _MAKE, _FIND):
        missing = [name for name in names if name not in keys]
        if missing:
            keys |= {row[0]: row[1] for row in await statement.fetch(session, names=missing)}
    return keys


async def attach_tag(session: AsyncSession, post: Post, name: str) -> tuple[Tag, bool]:
    """Let a post, which is locked, carry a tag beside those it has; answer the tag and whether that is new.

    Everybody locks the post first and makes tags then, so that no two wait for each other. Raises InvalidInputError for
    a name that no tag can have.
    """
    key = (await find_tags(session, [name]))[name]
    links = insert_into(session.get_bind().dialect, post_tags).values(post_id=post.id, tag_id=key)
    new = await session.scalar(links.on_conflict_do_nothing().returning(post_tags.c.tag_id))
    if new is not None:
        await _touch(session, post)
    return Tag(id=key, name=_normal(name)), new is not None


async def detach_tag(session: AsyncSession, post: Post, tag_id: int) -> None:
    """Take a tag off a post, which is locked. Raises NotFoundError if the post does not carry it."""
    links = delete(post_tags).where(post_tags.c.post_id == post.id, post_tags.c.tag_id == tag_id)
    if await session.scalar(links.returning(post_tags.c.tag_id)) is None:
        raise NotFoundError(f"Post {post.id} does not carry a tag {tag_id}.")
    await _touch(session, post)


def _normal(name: str) -> str:
    try:
        return normalize_tag_name(name)
    except ValueError as error:
        raise InvalidInputError(errors=[FieldError(pointer="/tags", detail=str(error))]) from None


async def _touch(session: AsyncSession, post: Post) -> None:
    # A post's tags are part of what it answers, so a client that asks what changed is to see it.
    await session.execute(update(Post).where(Post.id == post.id).values(updated_at=later_than("updated_at")))


def insert_into(dialect: Dialect, table: Any) -> Any:
    """An INSERT that can take ON CONFLICT DO NOTHING, which both databases know, each in a dialect of its own."""
    return {"postgresql": postgresql.insert, "sqlite": sqlite.insert}[dialect.name](table)
