"""What a viewer may read of the blog: every query starts here, so that no draft slips out by a side door."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import ColumnElement, Select, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload, selectinload
from sqlalchemy.sql.base import ExecutableOption

from plugins.blog.models import Post, Tag
from plugins.blog.schemas import PostQuery, TagQuery
from plugins.blog.tag_names import normalize_tag_name
from project.api.filters import contains, ordered
from project.contrib.auth.models import User
from project.errors import NotFoundError

LOOKUPS: dict[str, Callable[[Any], ColumnElement[bool]]] = {
    "author_id": lambda author_id: Post.author_id == author_id,
    "is_published": Post.is_published.is_,
    "tags__name": lambda name: Post.tags.any(Tag.name == name),
    "created_at__gte": lambda time: Post.created_at >= time,
    "created_at__lte": lambda time: Post.created_at <= time,
    "title__icontains": lambda text: contains(text, Post.title),
    "search": lambda text: contains(text, Post.title, Post.content),
}


def visible_to(viewer: User | None) -> ColumnElement[bool]:
    """Which posts `viewer` may know of: published ones, their own, and staff all."""
    if viewer is None:
        return Post.is_published.is_(True)
    return true() if viewer.is_staff else or_(Post.is_published.is_(True), Post.author_id == viewer.id)


def posts_for(viewer: User | None, query: PostQuery | None = None) -> Select[Post]:
    """The posts `viewer` may read, with all that PostRead answers, filtered and ordered by `query`."""
    statement = select(Post).where(visible_to(viewer)).options(*_with_author_and_tags())
    if query is None:
        return statement
    given = query.model_dump(include=set(LOOKUPS), exclude_none=True)
    conditions = [LOOKUPS[name](value) for name, value in given.items()]
    return ordered(statement.where(*conditions), query.ordering, Post)


async def get_post(session: AsyncSession, post_id: int, viewer: User | None) -> Post:
    """One post with its author and tags, as the database has it now.

    Raises NotFoundError for a post that is not there or that `viewer` may not know of.
    """
    statement = posts_for(viewer).where(Post.id == post_id).execution_options(populate_existing=True)
    post = (await session.scalars(statement)).one_or_none()
    if post is None:
        raise NotFoundError(f"There is no post {post_id}.")
    return post


def tags_for(viewer: User | None, query: TagQuery | None = None) -> Select[Tag]:
    """The tags `viewer` may know of: a tag that only hidden drafts carry would tell what they are about."""
    statement = select(Tag)
    if viewer is None or not viewer.is_staff:
        statement = statement.where(or_(Tag.posts.any(visible_to(viewer)), ~Tag.posts.any()))
    if query is None:
        return statement
    if query.name__icontains is not None:
        statement = statement.where(contains(query.name__icontains, Tag.name))
    return ordered(statement, query.ordering, Tag)


async def get_tag(session: AsyncSession, name: str, viewer: User | None) -> Tag:
    """The tag of this name, however it is spelt. Raises NotFoundError if `viewer` may not know of one."""
    try:
        statement = tags_for(viewer).where(Tag.name == normalize_tag_name(name))
    except ValueError:
        raise NotFoundError("There is no such tag.") from None
    tag = (await session.scalars(statement)).one_or_none()
    if tag is None:
        raise NotFoundError("There is no such tag.")
    return tag


def _with_author_and_tags() -> tuple[ExecutableOption, ...]:
    return joinedload(Post.author, innerjoin=True), selectinload(Post.tags)
