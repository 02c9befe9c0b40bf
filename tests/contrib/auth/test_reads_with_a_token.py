"""A read with a token takes the fast path, and whatever changes about its user counts from the very next request on."""

import logging
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import delete, event, insert, select, true, update

from dovetail.contrib.auth.access import CurrentUser, StaffUser, UserPolicy
from dovetail.contrib.auth.accounts.access_tokens import loaded_values
from dovetail.contrib.auth.models import User
from dovetail.contrib.auth.sessions.models import Session
from dovetail.resources.resource import Resource
from dovetail.resources.spec import MAXIMUM_VIEWERS
from plugins.blog.api import posts
from plugins.blog.models import Post, Tag
from plugins.blog.policies import PostPolicy
from plugins.blog.schemas import TagRead
from tests.contract.usual import without_fast_path

on_postgresql = pytest.mark.parametrize("database_kind", ["postgresql"])


@pytest.fixture
async def drafts(make_user, session):
    """A draft of each of two users: the key of the draft by the name of its author."""
    found = {}
    for name in ("ada", "bob"):
        session.add(
            post := Post(title=f"A draft of {name}", content="x", author_id=(await make_user(username=name)).id)
        )
        await session.commit()
        found[name] = post.id
    return found


@pytest.fixture
async def clients(drafts, session, client_for):
    """A client of each author."""
    return {name: await client_for(await user_named(session, name)) for name in drafts}


async def user_named(session: Any, name: str) -> User:
    user = await session.scalar(select(User).where(User.username == name).execution_options(populate_existing=True))
    user.remember_permissions(())
    await session.commit()  # on SQLite nobody else could write
    return user


async def seen_by(client: Any, drafts: dict[str, int]) -> set[str]:
    """Whose drafts a client sees, of one object each, and in the list."""
    found = {name for name, key in drafts.items() if (await client.get(f"/api/posts/{key}")).status_code == 200}
    listed = (await client.get("/api/posts")).raise_for_status().json()["items"]
    assert {item["id"] for item in listed} == {drafts[name] for name in found}
    return found


async def test_a_read_with_a_new_token_costs_two_statements_and_no_transaction(
    clients, drafts, count_statements, caplog
):
    caplog.set_level(logging.DEBUG, "dovetail.database")
    for path in (f"/api/posts/{drafts['ada']}?fields=title", "/api/posts?limit=20&offset=0"):
        caplog.clear()
        with count_statements() as statements:
            assert (await clients["ada"].get(path)).status_code == 200
        token, read = statements
        assert "auth_session" in token
        assert "auth_user" in token
        assert "blog_post" in read
        with count_statements() as statements:
            assert (await clients["ada"].get(path)).status_code == 200
        (both,) = statements
        assert "auth_session" in both
        assert "blog_post" in both
        assert [record for record in caplog.records if record.name == "dovetail.database"] == []


async def test_cached_permissions_are_never_shared_between_users(client, clients, drafts):
    for _ in range(3):
        for name in ("ada", "bob", "ada", "ada", "bob"):
            assert await seen_by(clients[name], drafts) == {name}
        assert await seen_by(client, drafts) == set()


async def test_a_token_that_is_revoked_is_refused_by_the_next_read(clients, drafts, session):
    assert await seen_by(clients["ada"], drafts) == {"ada"}
    await session.execute(delete(Session).where(Session.user_id == (await user_named(session, "ada")).id))
    await session.commit()
    answer = await clients["ada"].get(f"/api/posts/{drafts['ada']}")
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, 'Bearer error="invalid_token"')
    assert answer.headers["cache-control"] == "no-store"
    assert await seen_by(clients["bob"], drafts) == {"bob"}


@pytest.mark.parametrize(
    ("changes", "sees"),
    [
        ({"is_superuser": True}, ["ada", "bob"]),
        ({"is_superuser": False}, ["ada"]),
        ({"full_name": "Ada Lovelace"}, ["ada"]),
    ],
    ids=str,
)
async def test_a_user_who_changes_sees_what_they_may_from_the_next_read_on(clients, drafts, session, changes, sees):
    assert await seen_by(clients["ada"], drafts) == {"ada"}
    for values in (changes, {"is_superuser": False}, changes):
        await session.execute(update(User).where(User.username == "ada").values(values))
        await session.commit()
        assert await seen_by(clients["ada"], drafts) == (set(sees) if values is changes else {"ada"})
        assert await seen_by(clients["bob"], drafts) == {"bob"}


async def test_a_user_who_is_deactivated_is_refused_by_the_next_read(clients, drafts, session):
    for is_active, status in ((True, 200), (False, 401), (True, 200), (False, 401)):
        await session.execute(update(User).where(User.username == "ada").values(is_active=is_active))
        await session.commit()
        assert (await clients["ada"].get(f"/api/posts/{drafts['ada']}")).status_code == status
        assert (await clients["ada"].get("/api/posts")).status_code == status


async def test_a_user_with_the_id_of_a_deleted_one_sees_nothing_of_theirs(app, make_user, session, client_for):
    class OwnName(UserPolicy):
        remembers_viewers = True

        def where(self, viewer, action):
            return Tag.name == viewer.username

    app.include_router(Resource(model=Tag, read=TagRead, policy=OwnName(), name="word").router)
    session.add_all(Tag(name=name) for name in ("ada", "eve"))
    await session.commit()
    user = await make_user(username="ada", is_superuser=True)
    ada = await client_for(user)
    assert [one["name"] for one in (await ada.get("/words")).json()["items"]] == ["ada"]
    await session.execute(delete(User).where(User.id == user.id))
    same = {name: getattr(user, name) for name in ("id", "hashed_password", "created_at", "updated_at")}
    await session.execute(insert(User).values(username="eve", email=user.email, is_superuser=True, **same))
    await session.commit()
    eve = await client_for(await user_named(session, "eve"))
    assert [one["name"] for one in (await eve.get("/words")).json()["items"]] == ["eve"]
    assert (await ada.get("/words")).status_code == 401
    await session.execute(update(User).values(username="ada"))  # a new name alone, and not even a later `updated_at`
    await session.execute(update(User).values(updated_at=user.updated_at))
    await session.commit()
    assert [one["name"] for one in (await eve.get("/words")).json()["items"]] == ["ada"]


def test_the_policy_is_called_for_each_of_two_users_who_differ_in_one_column():
    then = datetime(2026, 1, 1, tzinfo=UTC)
    columns = User.__table__.columns.keys()
    values = dict.fromkeys(columns, "x") | {"id": 1, "created_at": then, "updated_at": then}
    values |= dict.fromkeys(("is_active", "is_verified", "is_staff", "is_superuser"), True)

    def known(*permissions: str, **changes: object):
        user = User(**values | changes)
        user.remember_permissions(permissions)
        return loaded_values(user)

    seen = {known(), known("blog.view_post"), known("blog.add_post")}
    for name in columns:
        value = values[name]
        other = not value if isinstance(value, bool) else value.replace(year=2027) if value is then else value * 2
        seen.add(known(**{name: other}))
    assert len(seen) == 3 + len(columns)


async def test_a_user_with_unloaded_columns_is_not_cached(make_user, session):
    user = await session.get_one(User, (await make_user()).id)
    assert loaded_values(user) is None
    user.remember_permissions(())
    assert loaded_values(user) is not None
    session.expire(user, ["is_superuser"])
    assert loaded_values(user) is None


def test_the_cache_of_viewers_is_bounded_and_evicts_correctly():
    def visible(number: int) -> Any:
        values = dict.fromkeys(User.__table__.columns.keys(), "x") | {"id": number, "is_superuser": False}
        user = User(**values)
        user.remember_permissions(())
        return posts.visibility(user).bind_values

    several = range(1, MAXIMUM_VIEWERS + 200)
    for _ in range(2):
        assert all(number in visible(number) for number in several)
    assert len(posts._seen) <= MAXIMUM_VIEWERS


@pytest.mark.parametrize("remembers", [True, False])
async def test_a_policy_is_called_again_for_equal_viewers_unless_it_allows_caching(
    clients, drafts, monkeypatch, remembers
):
    asked: list[User | None] = []
    where = PostPolicy.where

    def noting(self, viewer, action):
        asked.append(viewer)
        return where(self, viewer, action)

    monkeypatch.setattr(PostPolicy, "where", noting)
    monkeypatch.setattr(PostPolicy, "remembers_viewers", remembers)
    for _ in range(3):
        for client in clients.values():
            await client.get(f"/api/posts/{drafts['ada']}")
    assert len(asked) == (2 if remembers else 6)


async def test_one_compiled_statement_serves_all_viewers_whose_conditions_differ_in_values(clients, drafts, session):
    plans = posts.reader._plans
    for client in clients.values():
        await client.get(f"/api/posts/{drafts['ada']}")
        await client.get("/api/posts")
    compiled = len(plans)
    one, other = [posts.visibility(await user_named(session, name)) for name in drafts]
    assert one is not other
    assert one.template is other.template
    assert one.bind_values != other.bind_values
    for client in clients.values():
        await client.get(f"/api/posts/{drafts['bob']}")
        await client.get("/api/posts")
    assert len(plans) == compiled


class Words(UserPolicy):
    def where(self, viewer, action):
        return true()


class OfMembers(Words):
    reader = CurrentUser


class OfStaff(Words):
    reader = StaffUser


@pytest.fixture
async def readers(client, client_for, make_user):
    """Somebody unknown, a user and a member of staff."""
    return client, await client_for(await make_user()), await client_for(await make_user(is_superuser=True))


@pytest.mark.parametrize(("policy", "statuses"), [(OfMembers, (401, 200, 200)), (OfStaff, (401, 403, 200))])
async def test_reads_that_require_a_login_use_the_fast_path(app, readers, policy, statuses, caplog):
    app.include_router(Resource(model=Tag, read=TagRead, policy=policy(), name="word").router)
    caplog.set_level(logging.DEBUG, "dovetail.database")
    for one, status in zip(readers, statuses, strict=True):
        assert (await one.get("/words")).status_code == status
    assert [record for record in caplog.records if record.name == "dovetail.database"] == []


async def test_a_read_without_the_required_token_takes_no_connection(app, client, count_statements):
    app.include_router(Resource(model=Tag, read=TagRead, policy=OfMembers(), name="word").router)
    with count_statements() as statements:
        assert (await client.get("/words")).status_code == 401
    assert statements == []


@pytest.mark.parametrize("is_fast", [True, False])
async def test_the_body_of_a_read_is_examined_after_the_required_login(app, readers, is_fast):
    if not is_fast:
        without_fast_path(app)
    app.include_router(Resource(model=Tag, read=TagRead, policy=OfMembers(), name="word").router)
    nobody, member, _ = readers
    for body, statuses in ((b'{"a": "\\u0000"}', (401, 422)), (b"{}", (401, 200))):
        headers = {"Content-Type": "application/json"}
        found = [await one.request("GET", "/words", content=body, headers=headers) for one in (nobody, member)]
        assert tuple(answer.status_code for answer in found) == statuses, body


async def test_reading_an_unloaded_attribute_of_a_user_in_a_policy_fails(app, readers, caplog):
    class OfAuthors(Words):
        def where(self, viewer, action):
            return Tag.id.in_([post.id for post in viewer.posts]) if viewer else true()

    app.include_router(Resource(model=Tag, read=TagRead, policy=OfAuthors(), name="word").router)
    nobody, member, _ = readers
    assert (await nobody.get("/words")).status_code == 200
    assert (await member.get("/words")).status_code == 500
    assert "User.posts" in caplog.text


async def test_load_listeners_of_users_are_called_for_readers(clients, drafts):
    heard = []

    def note(user, _context):
        heard.append(user.username)

    event.listen(User, "load", note)
    try:
        assert await seen_by(clients["ada"], drafts) == {"ada"}
    finally:
        event.remove(User, "load", note)
    assert heard == ["ada"] * 3


@on_postgresql  # SQLite loses no connection
async def test_a_read_that_loses_its_connection_is_retried_without_authenticating_twice(
    clients, database, monkeypatch, count_statements
):
    path = "/api/posts?limit=5"  # the token has not come before, so it is looked up
    lost = []

    def lose(connection, _cursor, statement, *_):
        if "blog_post" in statement and not lost:
            lost.append(statement)
            connection.connection.driver_connection.terminate()

    monkeypatch.setattr(PostPolicy, "remembers_viewers", False)
    asked = []
    monkeypatch.setattr(PostPolicy, "hidden", lambda _self, viewer: asked.append(viewer) or frozenset())
    event.listen(database.engine.sync_engine, "before_cursor_execute", lose)
    try:
        with count_statements() as statements:
            assert (await clients["ada"].get(path)).status_code == 200
    finally:
        event.remove(database.engine.sync_engine, "before_cursor_execute", lose)
    assert len(lost) == len(asked) == 1
    assert ["auth_session" in statement for statement in statements] == [True, False, False]


async def test_rules_are_cached_separately_for_each_action(clients, drafts, monkeypatch):
    asked: list[str] = []
    where = PostPolicy.where

    def noting(self, viewer, action):
        asked.append(action)
        return where(self, viewer, action)

    monkeypatch.setattr(PostPolicy, "where", noting)
    for number in range(3):
        mine = await clients["ada"].patch(f"/api/posts/{drafts['ada']}", json={"title": f"x {number}"})
        theirs = await clients["bob"].patch(f"/api/posts/{drafts['ada']}", json={"title": "y"})
        made = await clients["ada"].post("/api/posts", json={"title": "new", "content": "x"})
        gone = await clients["ada"].delete(made.headers["Location"])
        assert [one.status_code for one in (mine, theirs, made, gone)] == [200, 404, 201, 204]
    # For ada to change and to be answered, to add, and to delete; for bob to change.
    assert Counter(asked) == {"view": 3, "change": 2, "add": 1, "delete": 1}
