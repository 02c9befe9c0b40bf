"""People and posts for the tests of the blog and of what stands on it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.contrib.auth.models import User
from plugins.blog.models import Post
from plugins.blog.services import create_post

MakePost: TypeAlias = Callable[..., Awaitable[Post]]


@dataclass(frozen=True)
class Person:
    """A user and the client that sends the user's token."""

    user: User
    client: httpx.AsyncClient


@pytest.fixture
async def author(make_user, client_for) -> Person:
    user = await make_user(username="ada", full_name="Ada Lovelace")
    return Person(user, await client_for(user))


@pytest.fixture
async def other(make_user, client_for) -> Person:
    user = await make_user(username="grace")
    return Person(user, await client_for(user))


@pytest.fixture
async def staff(make_user, client_for) -> Person:
    user = await make_user(username="root", is_superuser=True)
    return Person(user, await client_for(user))


@pytest.fixture
def make_post(author: Person, session: AsyncSession) -> MakePost:
    """Write a post whose row is committed; it is ada's and published unless the test says otherwise."""

    async def make(**fields: Any) -> Post:
        fields = {"title": "A post", "content": "Text.", "is_published": True, "author": author.user} | fields
        fields["author"] = await session.merge(fields["author"], load=False)
        post = await create_post(session, **fields)
        await session.commit()
        return post

    return make
