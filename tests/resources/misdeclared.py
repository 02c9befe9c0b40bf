"""Declarations that are wrong: test_signatures.py runs mypy on them, which has to report each line with a code."""

from collections.abc import Collection
from typing import Any

from pydantic import BaseModel
from sqlalchemy import ColumnElement, true
from sqlalchemy.ext.asyncio import AsyncSession
from typing_extensions import override

from dovetail.contrib.auth.access import StaffWrite, UserPolicy
from dovetail.contrib.auth.models import User
from dovetail.resources.resource import Resource
from plugins.blog import services, tagging
from plugins.blog.models import Post, Tag
from plugins.blog.policies import POSTS, PostPolicy
from plugins.blog.schemas import PostCreate, PostRead, PostUpdate, TagRead


class Wrong(UserPolicy[Post, PostCreate]):
    @override
    def wheer(self, viewer: User | None, action: str) -> ColumnElement[bool]:  # mypy: misc
        return true()

    @override
    def hidden(self, viewer: User) -> frozenset[str]:  # mypy: override
        return frozenset()

    @override
    def where(self, viewer: User | None) -> ColumnElement[bool]:  # mypy: override
        return true()

    @override
    def read_only(self, viewer: Tag | None) -> frozenset[str]:  # mypy: override
        return frozenset()


class Right(PostPolicy):
    @override
    def where(self, viewer: User | None, action: str) -> ColumnElement[bool]:
        return true()


async def created(session: AsyncSession, viewer: User, data: PostCreate) -> Post:
    return await services.create_post(session, author=viewer, title=data.title, content=data.content)


async def of_update(session: AsyncSession, viewer: User, data: PostUpdate) -> dict[str, Any]:
    return {}


async def swapped(session: AsyncSession, data: PostCreate, viewer: User) -> dict[str, Any]:
    return {}


async def updated(session: AsyncSession, viewer: User, item: Post, data: PostUpdate) -> None:
    item.title = "x"


async def deleted(session: AsyncSession, item: Post) -> None:
    await session.delete(item)


async def deleted_tag(session: AsyncSession, item: Tag) -> None:
    await session.delete(item)


async def listed(session: AsyncSession, names: Collection[str]) -> list[int]:
    return []


def not_async(session: AsyncSession, viewer: User, data: PostCreate) -> dict[str, Any]:
    return {}


def key_of(viewer: User) -> int:
    return viewer.id


def tag_key(tag: Tag) -> int:
    return tag.id


async def number_of_posts() -> int:
    return 0


right = Resource(
    model=Post,
    read=PostRead,
    create=PostCreate,
    update=PostUpdate,
    policy=Right(),
    create_with=created,
    update_with=updated,
    delete_with=deleted,
    links={"tags": tagging.find_tags},
)
BY_NAME = {"tags": Tag.name}
also_right = Resource(
    model=Post,
    read=PostRead,
    create=PostCreate,
    policy=StaffWrite(),
    links=BY_NAME,
    create_defaults={"author_id": key_of, "title": User.username},
)
read_only = Resource(model=Post, read=PostRead, policy=POSTS)

Resource(model=Post, read=PostRead, create=PostCreate, policy=POSTS, create_wiht=created)  # mypy: call-arg
Resource(model=Post, read=PostRead, create=PostCreate, policy=POSTS, create_with=of_update)  # mypy: arg-type
Resource(model=Post, read=PostRead, create=PostCreate, policy=POSTS, create_with=swapped)  # mypy: arg-type
Resource(model=Post, read=PostRead, create=PostCreate, policy=POSTS, create_with=not_async)  # mypy: arg-type
Resource(model=Post, read=PostRead, update=PostUpdate, policy=POSTS, update_with=deleted)  # mypy: arg-type
Resource(model=Post, read=PostRead, policy=POSTS, create_defaults={"author_id": tag_key})  # mypy: dict-item
Resource(model=Post, read=PostRead, policy=POSTS, delete_with=deleted_tag)  # mypy: arg-type
Resource(model=Post, read=PostRead, policy=POSTS, links={"tags": listed})  # mypy: dict-item
Resource(model=Post, read=PostRead, policy=PostPolicy)  # mypy: arg-type
Resource(model=Tag, read=TagRead, policy=POSTS)  # mypy: misc
Resource(model=Post, read=PostRead, create=PostUpdate, policy=POSTS)  # mypy: misc


async def use(session: AsyncSession, viewer: User) -> BaseModel | None:
    post = await right.lock(session, viewer, 1)
    post.titel = "x"  # mypy: attr-defined
    await also_right.lock(session, 1, 2)  # mypy: arg-type
    return None


async def of_tag(viewer: User) -> ColumnElement[bool]:
    return true()


right.add_list(right.router, "/tags/{name}/posts", name="list_tag_posts", where=of_tag)
right.add_list(right.router, "/posts/many", name="list_many", where=number_of_posts)  # mypy: arg-type
