"""People who use Conduit as its clients do."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import httpx
import pytest
from dotenv import dotenv_values
from fastapi import FastAPI

from dovetail.testing.fixtures import make_client
from tests.settings import BASE_DIR

PASSWORD = "password123"
Join = Callable[[str], Awaitable[httpx.AsyncClient]]


@pytest.fixture(autouse=True)
def of_site(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set what `manage.py` reads from site.env."""
    for name, value in dotenv_values(BASE_DIR / "site.env").items():
        monkeypatch.setenv(name, str(value))


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
