"""People who use Conduit as its clients do."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import httpx
import pytest
from fastapi import FastAPI

from dovetail.testing.fixtures import make_client

PASSWORD = "password123"
Join = Callable[[str], Awaitable[httpx.AsyncClient]]


@pytest.fixture
async def join(app: FastAPI, client: httpx.AsyncClient) -> AsyncIterator[Join]:
    """Register somebody, and return a client that sends their token."""
    async with AsyncExitStack() as stack:

        async def register(username: str) -> httpx.AsyncClient:
            sent = {"username": username, "email": f"{username}@example.org", "password": PASSWORD}
            answer = await client.post("/api/users", json={"user": sent})
            assert answer.status_code == 201, answer.text
            headers = {"Authorization": f"Token {answer.json()['user']['token']}"}
            return await stack.enter_async_context(make_client(app, headers))

        yield register


def article(title: str, *tags: str) -> dict[str, object]:
    """Return the body of a new article."""
    return {"article": {"title": title, "description": f"On {title}.", "body": f"{title}!", "tagList": list(tags)}}
