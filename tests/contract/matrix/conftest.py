"""The site with rows in every table of its plugins, and with somebody of every role."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import false, insert, inspect, select
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.routing import BaseRoute, Mount

from config.settings import Settings
from dovetail.contrib.admin.mounting.views import load_views
from dovetail.contrib.admin.views import ModelAdmin
from dovetail.contrib.admin.web.cookies import Cookies
from dovetail.contrib.auth.models import Group, User, groups_permissions, users_groups, users_permissions
from dovetail.contrib.auth.permissions.held import load_permissions
from dovetail.contrib.auth.rules.model_policies import ModelPolicy, model_policies
from dovetail.contrib.auth.sessions.models import Session, SessionKind
from dovetail.database.unit_of_work import Database
from dovetail.errors import NotAuthenticatedError, PermissionDeniedError
from dovetail.plugin import context_of
from dovetail.settings import SETTINGS
from dovetail.signing import hash_token
from dovetail.testing.fixtures import make_client, running
from plugins.blog.models import Post, Tag
from plugins.comments.models import Comment, CommentStatus
from project.application import create_app
from tests.contract.matrix.filling import fill
from tests.contract.matrix.rest_doors import rest_doors
from tests.contract.matrix.roles import Role, Roles, make_roles
from tests.contract.usual import without_fast_path

AUTHOR, READER = 1, 2
MOST_ROWS = 9


@dataclass(frozen=True)
class Matrix:
    """A site, the models of its plugins, who asks, and a client for each of them."""

    app: FastAPI
    models: list[ModelPolicy]
    roles: Roles
    clients: Mapping[int | None, httpx.AsyncClient]  # with a token, for REST
    office_clients: Mapping[int | None, httpx.AsyncClient]  # with a cookie, for the back office
    views: list[type[ModelAdmin]]

    @property
    def database(self) -> Database:
        """The database of the site."""
        database: Database = self.app.state.database
        return database

    @property
    def office_routes(self) -> Sequence[BaseRoute]:
        """The routes of the back office."""
        (mount,) = [route for route in self.app.routes if isinstance(route, Mount) and route.name == "admin"]
        return mount.routes

    async def truth(self, session: AsyncSession, model_policy: ModelPolicy, role: Role, action: str) -> frozenset[int]:
        """Return the keys of the rows on which the declared rule lets somebody do something; they have to see them."""
        user = None if role.key is None else await session.get_one(User, role.key)
        if user is not None:
            await load_permissions(session, user)
        (key,) = inspect(model_policy.model).primary_key
        try:
            conditions = [model_policy.policy.where(user, one) for one in {"view", action}]
        except (NotAuthenticatedError, PermissionDeniedError):
            conditions = [false()]
        return frozenset(await session.scalars(select(key).where(*conditions)))

    async def rows(self, session: AsyncSession, model_policy: ModelPolicy) -> list[int]:
        """Return the keys of the rows of a model that every door is asked for; of many, the first ones."""
        (key,) = inspect(model_policy.model).primary_key
        return list(await session.scalars(select(key).order_by(key).limit(MOST_ROWS)))


@pytest.fixture
async def matrix(
    make_settings: Callable[..., Settings], database_url: str, database_kind: str
) -> AsyncIterator[Matrix]:
    """Give the matrix: each road on one database, for roads/ compares both on both."""
    app = create_app(make_settings(database_url=database_url))
    if database_kind == "sqlite":
        app = without_fast_path(app)
    async with running(app), AsyncExitStack() as stack:
        database: Database = app.state.database
        async with database.unit_of_work() as session:
            context = context_of(session)
            views = [view for view in load_views(context) if issubclass(view, ModelAdmin)]
            shown = {view.model for view in views} | {door.spec.model for door in rest_doors(app)}
            models = [one for one in model_policies(context) if one.model in shown and _is_numbered(one.model)]
            roles = make_roles(models)
            await _add_people(session, roles)
            await _add_rows(session)
            for one in models:
                await fill(session, one.model)
        cookie = Cookies(SETTINGS.get(app).secret_key, secure=False).session
        clients: dict[int | None, httpx.AsyncClient] = {}
        desks: dict[int | None, httpx.AsyncClient] = {}
        for role in roles:
            token = token_of(role.key or 0)
            sent = {} if role.key is None else {"Authorization": f"Bearer {token}"}
            clients[role.key] = await stack.enter_async_context(make_client(app, sent))
            desks[role.key] = desk = await stack.enter_async_context(make_client(app))
            if role.key is not None:  # the first request gets it another token, for rights were gained
                desk.cookies.set(cookie, f"desk-{token}", domain="testserver.local", path="/")
        yield Matrix(app, models, roles, clients, desks, views)


def token_of(key: int) -> str:
    """Return the token of a user."""
    return f"the-token-of-{key}"


def _is_numbered(model: type[object]) -> bool:
    """Return True for a model whose rows are known by a number, as these doors are asked for them."""
    keys = inspect(model).primary_key
    return len(keys) == 1 and keys[0].type.python_type is int


async def _add_people(session: AsyncSession, roles: Roles) -> None:
    later = datetime.now(UTC) + timedelta(days=1)
    for role in roles:
        if role.key is None:
            continue
        user = User(
            id=role.key,
            username=f"user{role.key}",
            email=f"user{role.key}@example.org",
            hashed_password="!",
            is_staff=role.is_staff,
            is_superuser=role.is_superuser,
        )
        session.add(user)
        token = token_of(role.key)
        session.add(Session(user_id=role.key, token_hash=hash_token(token), expires_at=later))
        desk = hash_token(f"desk-{token}")
        session.add(Session(user_id=role.key, token_hash=desk, kind=SessionKind.OFFICE, expires_at=later))
        await session.flush()
        if role.by_group:
            group = Group(name=role.name)
            session.add(group)
            await session.flush()
            await session.execute(insert(users_groups).values(user_id=role.key, group_id=group.id))
            links, holder = groups_permissions, {"group_id": group.id}
        else:
            links, holder = users_permissions, {"user_id": role.key}
        for name in role.permissions:
            await session.execute(insert(links).values(permission_name=name, **holder))


async def _add_rows(session: AsyncSession) -> None:
    """Add posts, tags and comments in every state, of two users."""
    for number in range(1, 7):
        author = (AUTHOR, READER)[number % 2]
        post = Post(title=f"post {number}", content="Text.", author_id=author, is_published=number > 2)
        post.tags = [Tag(name=f"tag {number}")]
        session.add(post)
        await session.flush()
        for status in CommentStatus:
            session.add(Comment(post_id=post.id, author_id=AUTHOR, content="So.", status=status))
    session.add(Tag(name="free"))
    await session.flush()
