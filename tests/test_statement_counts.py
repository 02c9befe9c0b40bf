"""What every operation of the site costs in statements, on each database; an operation that is not listed fails.

BEGIN, COMMIT and savepoints of single requests are not among them; those of bulk requests are. So are the lines of the
history, which is among the site's plugins: one statement for each that changes rows by SQLAlchemy, and on PostgreSQL
another that locks what is deleted. What is asked of a single row has its line in its own statement on PostgreSQL.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import event, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.contrib.auth.accounts.one_time_tokens import create_one_time_token
from dovetail.contrib.auth.models import TokenPurpose, User
from dovetail.contrib.auth.permissions.grants import create_group
from dovetail.contrib.auth.providers.models import ConnectedLogin, ProviderLogin
from dovetail.contrib.auth.testing import PASSWORD
from dovetail.contrib.auth.tokens.personal import make_token
from dovetail.contrib.history.models import RecordedChange
from dovetail.settings import Settings
from dovetail.signing import Signer, hash_token
from plugins.blog.models import Post
from plugins.blog.services import create_post
from plugins.comments.models import Comment, CommentStatus
from tests.contrib.auth.factors.test_statement_counts import COUNTED as OF_FACTORS
from tests.contrib.auth.sessions.test_refreshing import COUNTED as OF_REFRESHING

NEW_PASSWORD = "another long passphrase"


@dataclass(frozen=True)
class Site:
    """A site with a post of ada's that carries two tags and has a comment, and those who ask."""

    anonymous: httpx.AsyncClient
    ada: httpx.AsyncClient
    staff: httpx.AsyncClient
    post: int
    other_post: int
    tag: int
    comment: int
    user: int
    group: int
    session: int
    token: int
    connected: int  # the login at a provider that opens ada's account
    change: int  # of the title of the post
    reset_token: str
    verify_token: str


Ask = Callable[[Site], Awaitable[httpx.Response]]


@dataclass(frozen=True)
class Cost:
    """What one request costs."""

    operation: str
    what: str
    sqlite: int
    postgresql: int
    ask: Ask


def new_post(**fields: Any) -> dict[str, Any]:
    return {"title": "A post", "content": "Text."} | fields


def bulk(count: int, **fields: Any) -> dict[str, Any]:
    return {"items": [new_post(**fields) for _ in range(count)]}


POST, LIST = "/api/posts/{0.post}", "/api/posts"
KEY = {"Idempotency-Key": "once"}
SOME = ["blog.view_post", "blog.add_tag"]
COSTS = [
    Cost("get_liveness", "anonymous", 0, 0, lambda s: s.anonymous.get("/health/live")),
    Cost("get_readiness", "anonymous", 2, 3, lambda s: s.anonymous.get("/health/ready")),
    Cost("get_pool", "staff", 1, 1, lambda s: s.staff.get("/debug/pool")),
    # Accounts: an INSERT in a savepoint, and the token that confirms the address.
    Cost(
        "register",
        "anonymous",
        7,
        7,
        lambda s: s.anonymous.post(
            "/api/auth/register", json={"username": "eve", "email": "eve@example.org", "password": PASSWORD}
        ),
    ),
    Cost(
        "login",
        "and a hash that is renewed",
        13,
        13,
        lambda s: s.anonymous.post("/api/auth/login", data={"username": "ada", "password": PASSWORD}),
    ),
    Cost("list_sessions", "ada", 2, 2, lambda s: s.ada.get("/api/auth/sessions")),
    Cost("end_session", "the current one", 3, 3, lambda s: s.ada.delete(f"/api/auth/sessions/{s.session}")),
    Cost("remove_user_factors", "staff", 5, 5, lambda s: s.staff.delete(f"/api/users/{s.user}/factors")),
    Cost("logout_everywhere", "ada", 7, 7, lambda s: s.ada.post("/api/auth/logout-everywhere")),
    Cost("logout_everybody", "staff", 4, 4, lambda s: s.staff.post("/api/auth/logout-everybody")),
    Cost("prove_with_password", "ada", 7, 7, lambda s: s.ada.post("/api/auth/prove", json={"password": PASSWORD})),
    Cost("list_tokens", "ada", 3, 3, lambda s: s.ada.get("/api/auth/tokens")),
    Cost("create_token", "ada", 12, 12, lambda s: s.ada.post("/api/auth/tokens", json={"name": "ci", "scopes": SOME})),
    Cost("get_csrf_token", "who came by a token", 1, 1, lambda s: s.ada.get("/api/auth/csrf")),
    Cost("revoke_token", "ada", 6, 6, lambda s: s.ada.delete(f"/api/auth/tokens/{s.token}")),
    Cost("list_user_tokens", "staff", 3, 3, lambda s: s.staff.get(f"/api/users/{s.user}/tokens")),
    Cost("revoke_user_tokens", "staff", 3, 3, lambda s: s.staff.delete(f"/api/users/{s.user}/tokens")),
    Cost("list_user_sessions", "staff", 3, 3, lambda s: s.staff.get(f"/api/users/{s.user}/sessions")),
    Cost("end_user_sessions", "staff", 7, 7, lambda s: s.staff.delete(f"/api/users/{s.user}/sessions")),
    Cost("logout", "ada", 3, 3, lambda s: s.ada.post("/api/auth/logout")),
    Cost(
        "forgot_password",
        "of somebody",
        2,
        2,
        lambda s: s.anonymous.post("/api/auth/forgot-password", json={"email": "ada@example.org"}),
    ),
    Cost(
        "forgot_password",
        "of nobody",
        2,
        2,
        lambda s: s.anonymous.post("/api/auth/forgot-password", json={"email": "nobody@example.org"}),
    ),
    Cost(
        "reset_password",
        "anonymous",
        29,
        29,
        lambda s: s.anonymous.post("/api/auth/reset-password", json={"token": s.reset_token, "password": NEW_PASSWORD}),
    ),
    Cost(
        "request_verify_token",
        "of somebody",
        2,
        2,
        lambda s: s.anonymous.post("/api/auth/request-verify-token", json={"email": "ada@example.org"}),
    ),
    Cost(
        "verify",
        "anonymous",
        10,
        10,
        lambda s: s.anonymous.post("/api/auth/verify", json={"token": s.verify_token}),
    ),
    # Logins at providers: the provider is asked between two transactions.
    Cost("list_providers", "anonymous", 0, 0, lambda s: s.anonymous.get("/api/auth/providers")),
    Cost("start_provider_login", "anonymous", 3, 3, lambda s: s.anonymous.get("/api/auth/providers/corner/login")),
    Cost(
        "finish_provider_login",
        "refused there",
        2,
        2,
        lambda s: s.anonymous.get("/api/auth/providers/corner/callback?state=a-state&error=access_denied"),
    ),
    Cost("log_in_by_provider", "ada", 5, 5, lambda s: s.anonymous.post("/api/auth/providers/token")),
    Cost("list_connected_logins", "ada", 2, 2, lambda s: s.ada.get("/api/auth/connected-logins")),
    Cost("connect_login", "ada", 9, 9, lambda s: s.ada.post("/api/auth/connected-logins")),
    Cost("disconnect_login", "ada", 8, 8, lambda s: s.ada.delete(f"/api/auth/connected-logins/{s.connected}")),
    Cost("get_me", "ada", 2, 2, lambda s: s.ada.get("/api/users/me")),
    Cost("cancel_email_change", "ada", 2, 2, lambda s: s.ada.delete("/api/users/me/pending-email")),
    Cost("update_me", "ada", 7, 7, lambda s: s.ada.patch("/api/users/me", json={"bio": "x"})),
    Cost("list_groups", "staff", 3, 3, lambda s: s.staff.get("/api/groups")),
    Cost("get_group", "staff", 3, 3, lambda s: s.staff.get(f"/api/groups/{s.group}")),
    Cost(
        "create_group", "staff", 12, 11, lambda s: s.staff.post("/api/groups", json={"name": "x", "permissions": SOME})
    ),
    Cost("update_group", "staff", 9, 9, lambda s: s.staff.patch(f"/api/groups/{s.group}", json={"name": "x"})),
    Cost("delete_group", "staff", 6, 5, lambda s: s.staff.delete(f"/api/groups/{s.group}")),
    Cost("list_permissions", "staff", 2, 2, lambda s: s.staff.get("/api/permissions")),
    Cost("get_my_permissions", "ada", 3, 3, lambda s: s.ada.get("/api/users/me/permissions")),
    Cost("get_user_permissions", "staff", 4, 4, lambda s: s.staff.get(f"/api/users/{s.user}/permissions")),
    Cost(
        "set_user_permissions",
        "staff",
        17,
        17,
        lambda s: s.staff.put(f"/api/users/{s.user}/permissions", json={"groups": ["readers"], "permissions": SOME}),
    ),
    Cost("list_users", "staff", 2, 2, lambda s: s.staff.get("/api/users")),
    Cost("list_users", "counted", 3, 3, lambda s: s.staff.get("/api/users?count=true")),
    Cost(
        "create_user",
        "staff",
        9,  # with a savepoint and its release
        9,
        lambda s: s.staff.post("/api/users", json={"username": "eve", "email": "eve@example.org"}),
    ),
    Cost("get_user", "staff", 2, 2, lambda s: s.staff.get(f"/api/users/{s.user}")),
    Cost("start_reset", "staff", 4, 4, lambda s: s.staff.post(f"/api/users/{s.user}/reset-password")),
    Cost("update_user", "staff", 7, 7, lambda s: s.staff.patch(f"/api/users/{s.user}", json={"bio": "x"})),
    # With what the user was answered to an Idempotency-Key, a statement of its own as no foreign key leads there.
    Cost("delete_user", "staff", 6, 5, lambda s: s.staff.delete(f"/api/users/{s.user}")),
    # Posts: the token, and what the resource does.
    Cost("list_posts", "anonymous", 1, 1, lambda s: s.anonymous.get(LIST)),
    Cost("list_posts", "ada", 2, 2, lambda s: s.ada.get(LIST)),
    Cost("list_posts", "counted", 2, 2, lambda s: s.anonymous.get(f"{LIST}?count=true")),
    Cost("list_posts", "by cursor", 1, 1, lambda s: s.anonymous.get(f"{LIST}?cursor=")),
    Cost("get_post", "anonymous", 1, 1, lambda s: s.anonymous.get(POST.format(s))),
    Cost("get_post", "ada", 2, 2, lambda s: s.ada.get(POST.format(s))),
    # A create takes one besides that of the token. SQLite takes one more each for the links and the history, as it
    # cannot write two tables in one statement. The INSERT finds the tags itself, and writes nothing where one is not
    # there: it is made then, behind a look for the others, and the INSERT runs once more.
    Cost("create_post", "without tags", 3, 2, lambda s: s.ada.post(LIST, json=new_post())),
    Cost("create_post", "with tags", 4, 2, lambda s: s.ada.post(LIST, json=new_post(tags=["one", "two"]))),
    Cost("create_post", "with new tags", 8, 6, lambda s: s.ada.post(LIST, json=new_post(tags=["new", "newer"]))),
    # The answer is looked for before the turn among its retries, which PostgreSQL gives by a lock.
    Cost("create_post", "with a key", 7, 7, lambda s: s.ada.post(LIST, json=new_post(), headers=KEY)),
    Cost("update_post", "a column", 3, 2, lambda s: s.ada.patch(POST.format(s), json={"title": "x"})),
    Cost("update_post", "nothing", 3, 3, lambda s: s.ada.patch(POST.format(s), json={})),
    Cost("update_post", "the same tags", 5, 5, lambda s: s.ada.patch(POST.format(s), json={"tags": ["one", "two"]})),
    Cost("update_post", "other tags", 12, 12, lambda s: s.ada.patch(POST.format(s), json={"tags": ["new", "two"]})),
    Cost("delete_post", "ada", 3, 2, lambda s: s.ada.delete(POST.format(s))),
    Cost("bulk_create_posts", "two", 6, 6, lambda s: s.ada.post(f"{LIST}/bulk", json=bulk(2))),
    Cost("bulk_create_posts", "fifty", 6, 6, lambda s: s.ada.post(f"{LIST}/bulk", json=bulk(50))),
    Cost(
        "bulk_create_posts",
        "fifty with new tags",
        11,
        11,
        lambda s: s.ada.post(f"{LIST}/bulk", json=bulk(50, tags=["new", "one"])),
    ),
    Cost(
        "bulk_create_posts",
        "fifty with twenty tags each",
        11,
        11,
        lambda s: s.ada.post(f"{LIST}/bulk", json=bulk(50, tags=[f"tag {number}" for number in range(20)])),
    ),
    Cost(
        "bulk_update_posts",
        "two, each its own",
        7,
        7,
        lambda s: s.ada.patch(
            f"{LIST}/bulk", json={"items": [{"id": key, "title": f"x {key}"} for key in (s.post, s.other_post)]}
        ),
    ),
    Cost(
        "bulk_update_posts",
        "two",
        7,
        7,
        lambda s: s.ada.patch(
            f"{LIST}/bulk", json={"items": [{"id": key, "title": "x"} for key in (s.post, s.other_post)]}
        ),
    ),
    Cost(
        "bulk_delete_posts",
        "two",
        6,
        7,
        lambda s: s.ada.delete(f"{LIST}/bulk", params={"ids": f"{s.post},{s.other_post}"}),
    ),
    Cost("list_tags", "anonymous", 1, 1, lambda s: s.anonymous.get("/api/tags")),
    Cost("list_tags", "ada", 2, 2, lambda s: s.ada.get("/api/tags")),
    Cost("list_tag_posts", "anonymous", 2, 2, lambda s: s.anonymous.get("/api/tags/one/posts")),
    Cost("list_tag_posts", "ada", 3, 3, lambda s: s.ada.get("/api/tags/one/posts")),
    Cost("attach_tag", "there already", 4, 4, lambda s: s.ada.post(f"{POST.format(s)}/tags", json={"name": "one"})),
    Cost("attach_tag", "new", 8, 8, lambda s: s.ada.post(f"{POST.format(s)}/tags", json={"name": "new"})),
    Cost("detach_tag", "ada", 5, 6, lambda s: s.ada.delete(f"{POST.format(s)}/tags/{s.tag}")),
    # Comments
    Cost("list_comments", "anonymous", 2, 2, lambda s: s.anonymous.get(f"{POST.format(s)}/comments")),
    Cost("list_comments", "ada", 3, 3, lambda s: s.ada.get(f"{POST.format(s)}/comments")),
    Cost("get_comment", "anonymous", 1, 1, lambda s: s.anonymous.get(f"/api/comments/{s.comment}")),
    Cost("get_comment", "ada", 2, 2, lambda s: s.ada.get(f"/api/comments/{s.comment}")),
    Cost("create_comment", "ada", 5, 5, lambda s: s.ada.post(f"{POST.format(s)}/comments", json={"content": "x"})),
    Cost(
        "create_comment",
        "a reply",
        6,
        6,
        lambda s: s.ada.post(f"{POST.format(s)}/comments", json={"content": "x", "parent_id": s.comment}),
    ),
    Cost(
        "update_comment", "its text", 5, 5, lambda s: s.ada.patch(f"/api/comments/{s.comment}", json={"content": "y"})
    ),
    Cost(
        "update_comment",
        "moderation",
        5,
        5,
        lambda s: s.staff.patch(f"/api/comments/{s.comment}", json={"status": "rejected"}),
    ),
    Cost("delete_comment", "ada", 3, 2, lambda s: s.ada.delete(f"/api/comments/{s.comment}")),
    # The history: of an object the tags that its lines name are looked at too. An undo looks at the rows, who may write
    # them, and what stands in the way.
    Cost("list_changes", "staff", 2, 2, lambda s: s.staff.get("/api/history")),
    Cost("read_feed", "staff", 2, 2, lambda s: s.staff.get("/api/history/feed")),
    Cost("list_object_changes", "ada", 4, 4, lambda s: s.ada.get(f"/api/history/objects/blog.post/{s.post}")),
    Cost("undo_change", "a title", 13, 14, lambda s: s.ada.post(f"/api/history/{s.change}/undo")),
]


@pytest.fixture
def settings(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The site's settings, with a provider that nobody asks: the addresses are here."""
    endpoints = ("authorization_endpoint", "token_endpoint", "userinfo_endpoint")
    corner = {"name": "corner", "kind": "oauth2", "client_id": "x", **dict.fromkeys(endpoints, "http://127.0.0.1:1/")}
    monkeypatch.setenv("AUTH_PROVIDERS", json.dumps([corner]))
    return settings


async def come_from_provider(session: AsyncSession, user: User, settings: Settings) -> tuple[int, str]:
    """Connect a login with `user`, let it and another one wait in two browsers, and return its key and the cookie."""
    of = {"issuer": "http://127.0.0.1:1/", "email": "ada@example.org", "provider": "corner"}
    connected = ConnectedLogin(user_id=user.id, subject="1", **of)
    session.add(connected)
    login = {"next": "/", "expires_at": datetime.now(UTC) + timedelta(hours=1), **of}
    for browser, state, subject in (("anonymous", "old", "1"), ("anonymous", "a-state", ""), ("ada", "other", "2")):
        hashes = {"state_hash": hash_token(state), "browser_hash": hash_token(browser)}
        session.add(ProviderLogin(subject=subject, email_verified=True, is_back=bool(subject), **hashes, **login))
    await session.flush()
    site = Signer(settings.secret_key, "dovetail.auth.cookies").signature(b"").hex()[:8]
    return connected.id, f"dovetail-login-{site}"


@pytest.fixture
async def site(client, make_user, client_for, database, settings) -> Site:
    ada = await make_user(username="ada", email="ada@example.org")
    root = await make_user(username="root", is_superuser=True)
    grace = await make_user(username="grace")
    async with database.unit_of_work() as session:
        author = await session.get_one(User, ada.id)
        fields = {"author": author, "content": "Text.", "is_published": True}
        post = await create_post(session, title="First", tags=["one", "two"], **fields)
        other = await create_post(session, title="Second", **fields)
        comment = Comment(content="Hm.", status=CommentStatus.APPROVED, post_id=post.id, author_id=ada.id)
        session.add(comment)
        group = await create_group(session, "readers")
        tokens = [
            await create_one_time_token(session, author, purpose, lifetime=3600)
            for purpose in (TokenPurpose.RESET_PASSWORD, TokenPurpose.VERIFY_EMAIL)
        ]
        made = await make_token(session, author, name="ci", scopes=SOME, lifetime=timedelta(days=1))
        connected, cookie = await come_from_provider(session, author, settings)
    async with database.unit_of_work() as session:
        (await session.get_one(Post, post.id)).title = "Changed"
        await session.flush()
        change = await session.scalar(select(func.max(RecordedChange.id)))
    clients = [await client_for(ada), await client_for(root)]
    client.cookies[cookie], clients[0].cookies[cookie] = "anonymous", "ada"
    return Site(
        anonymous=client,
        ada=clients[0],
        staff=clients[1],
        post=post.id,
        other_post=other.id,
        tag=post.tags[0].id,
        comment=comment.id,
        user=grace.id,
        group=group.id,
        token=made.row.id,
        session=1,  # that of ada's client, which logged in first
        connected=connected,
        change=change,
        reset_token=tokens[0],
        verify_token=tokens[1],
    )


@pytest.mark.parametrize("cost", COSTS, ids=lambda cost: f"{cost.operation}: {cost.what}")
async def test_an_operation_costs_as_many_statements_as_it_did(site, database_kind, count_statements, outbox, cost):
    with count_statements() as statements:
        answer = await cost.ask(site)
    assert answer.is_success or answer.is_redirect, answer.text
    assert len(statements) == getattr(cost, database_kind), "\n".join(statements)


@pytest.mark.parametrize("database_kind", ["sqlite"])  # the document is the same
async def test_every_operation_of_the_site_has_its_statements_counted(app):
    operations = {one["operationId"] for path in app.openapi()["paths"].values() for one in path.values()}
    assert {cost.operation for cost in COSTS} | set(OF_FACTORS) | set(OF_REFRESHING) == operations


WITHOUT_DATA = ["/", "/docs", "/openapi.json"]


async def test_a_page_without_data_asks_nothing(client, count_statements):
    for path in WITHOUT_DATA:
        with count_statements() as statements:
            assert (await client.get(path)).is_success, path
        assert statements == [], path


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_how_long_a_writer_that_has_waited_may_wait_yet_is_not_counted(database, count_statements):
    sent: list[str] = []

    def note(*arguments: Any) -> None:
        sent.append(arguments[2])

    async def write() -> None:
        async with database.unit_of_work() as session:
            await session.execute(text("PRAGMA busy_timeout"))  # a pragma that is asked for is counted

    event.listen(database.engine.sync_engine, "before_cursor_execute", note)
    try:
        with count_statements() as statements:
            async with database.unit_of_work() as session:
                await session.execute(text("SELECT 1"))
                waiting = asyncio.create_task(write())
                await asyncio.sleep(0.1)  # long enough to be worth telling SQLite
            await waiting
    finally:
        event.remove(database.engine.sync_engine, "before_cursor_execute", note)
    assert statements == ["SELECT 1", "PRAGMA busy_timeout"]
    assert [one for one in sent if one.startswith("PRAGMA busy_timeout=")]
