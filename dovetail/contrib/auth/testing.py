"""Fixtures for tests that need users; `dovetail.testing.plugin` loads them for every site with this plugin."""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator
from contextlib import AsyncExitStack
from functools import cache
from itertools import count
from typing import TypeAlias

import httpx
import pytest
from fastapi import FastAPI
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from pwdlib.hashers.bcrypt import BcryptHasher
from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.contrib.auth.accounts import hashing
from dovetail.contrib.auth.mail.backends import EMAIL_SENDER, Outbox
from dovetail.contrib.auth.mail.dispatcher import MAIL_DISPATCHER
from dovetail.contrib.auth.models import User
from dovetail.contrib.auth.permissions.grants import grant
from dovetail.contrib.auth.sessions.log_in import Lifetime, log_in
from dovetail.contrib.auth.sessions.models import SessionKind
from dovetail.database.unit_of_work import Database

PASSWORD = "correct horse battery staple"  # noqa: S105 - for tests only
MakeUser: TypeAlias = Callable[..., Awaitable[User]]
ClientFor: TypeAlias = Callable[[User], Awaitable[httpx.AsyncClient]]


@pytest.fixture(scope="session", autouse=True)
def _cheap_hashing() -> Iterator[PasswordHash]:
    """Hash passwords with little work in tests; real hashing takes 0.2 s of a core for each.

    It is still more work than `cheap_hash` does, so that a login replaces such a hash as too weak.
    """
    costly = hashing.hasher
    hashing.hasher = PasswordHash((Argon2Hasher(time_cost=1, memory_cost=16, parallelism=1), BcryptHasher()))
    yield costly
    hashing.hasher = costly


@pytest.fixture
def costly_hashing(_cheap_hashing: PasswordHash, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hash passwords with the real amount of work, for a test of how they are stored."""
    monkeypatch.setattr(hashing, "hasher", _cheap_hashing)


@pytest.fixture
def make_user(database: Database) -> MakeUser:
    """Return a function that creates and commits a user: `await make_user(username="ada", is_superuser=True)`.

    Missing fields are generated; the password is PASSWORD unless `password` is given. Its hash is cheap. `permissions`
    are granted: `await make_user(permissions=["blog.add_post"])`; InvalidInputError is raised for unknown ones.
    """
    numbers = count(1)

    async def make(permissions: Collection[str] = (), **fields: object) -> User:
        name = fields.pop("username", None) or f"user{next(numbers)}"
        password = fields.pop("password", PASSWORD)
        fields.setdefault("email", f"{name}@example.org".lower())
        fields.setdefault("hashed_password", cheap_hash(password))
        fields.setdefault("is_staff", fields.get("is_superuser", False))  # as in `create_user`
        user = User(username=name, **fields)
        async with database.unit_of_work() as session:
            session.add(user)
            await session.flush()
            await grant(session, user, permissions)
        user.remember_permissions(permissions)
        return user

    return make


@pytest.fixture
async def client_for(app: FastAPI, database: Database) -> AsyncIterator[ClientFor]:
    """Return a function that creates an HTTP client with a bearer token of a user: `await client_for(user)`."""
    async with AsyncExitStack() as stack:

        async def make(user: User) -> httpx.AsyncClient:
            async with database.unit_of_work() as session:
                token = await new_token(session, user.id)
            client = httpx.AsyncClient(
                transport=httpx.ASGITransport(app, raise_app_exceptions=False),
                base_url="http://testserver",
                headers={"Authorization": f"Bearer {token}"},
            )
            return await stack.enter_async_context(client)

        yield make


@pytest.fixture
def outbox(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> Outbox:
    """Collect the e-mails that the application sends, and return the collection.

    The application sends them in the background; in a test with this fixture, clients wait for it after each response.
    """
    outbox = Outbox()
    EMAIL_SENDER.set(app, outbox)
    handle = httpx.ASGITransport.handle_async_request

    async def handle_and_send(transport: httpx.ASGITransport, request: httpx.Request) -> httpx.Response:
        response = await handle(transport, request)
        await MAIL_DISPATCHER.get(app).settle()
        return response

    monkeypatch.setattr(httpx.ASGITransport, "handle_async_request", handle_and_send)
    return outbox


async def new_token(
    session: AsyncSession, user_id: int, *, lifetime: int = 3600, kind: SessionKind = SessionKind.API
) -> str:
    """Log in a user for `lifetime` seconds and return the token."""
    user = await session.get_one(User, user_id)
    lasts = Lifetime(absolute=lifetime)
    logged_in = await log_in(
        session, user, connection=None, method="password", second_factor=True, kind=kind, lifetime=lasts
    )
    return logged_in.token


@cache
def cheap_hash(password: str) -> str:
    """Return a real Argon2 hash, made with as little work as possible; a login replaces it."""
    hasher = Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1)
    return PasswordHash((hasher,)).hash(password)
