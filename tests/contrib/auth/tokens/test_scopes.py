"""Tokens with scopes: never more than these, never more than the owner, on both roads and at every door."""

from datetime import timedelta

import pytest
from fastapi import APIRouter, Depends
from pydantic import BaseModel
from sqlalchemy import update

from dovetail.contrib.auth.access import (
    CurrentUser,
    OptionalUser,
    StaffOnly,
    StaffUser,
    UserBeside,
    permission_required,
    takes_scopes,
)
from dovetail.contrib.auth.credentials.scopes import InsufficientScopeError
from dovetail.contrib.auth.models import User
from dovetail.contrib.auth.permissions.grants import grant, revoke
from dovetail.contrib.auth.sessions.use import USE_LOGS
from dovetail.contrib.auth.tokens.current import CurrentToken
from dovetail.contrib.auth.tokens.personal import make_token
from dovetail.errors import ConfigurationError
from dovetail.resources.resource import Resource
from plugins.blog.models import Post, Tag
from plugins.blog.schemas import TagRead
from tests.contrib.auth.helpers import bearer

POST = {"title": "A title", "content": "Some text"}
# For what asks the database for nothing that the others do not ask it for.
ON_ONE = pytest.mark.parametrize("database_kind", ["sqlite"])
VIA_FASTAPI = {"Idempotency-Key": "so that the fast road leaves it"}


@pytest.fixture
async def root(make_user):
    return await make_user(username="root", is_superuser=True)


@pytest.fixture
def limited(session):
    """Headers with a token of a user, which is limited to these scopes."""

    async def make(user, *scopes):
        made = await make_token(session, user, name="t", scopes=scopes, lifetime=timedelta(days=1))
        await session.commit()
        return bearer(made.token)

    return make


@pytest.fixture
async def draft(session, ada):
    post = Post(title="Draft", content="b", author_id=ada.id, is_published=False)
    session.add(post)
    await session.commit()
    return post.id


def scope_of(answer):
    assert answer.status_code == 403, (answer.status_code, answer.text)
    assert answer.json()["type"] == "urn:dovetail:problem:insufficient-scope"
    challenge = answer.headers["www-authenticate"]
    assert challenge.startswith('Bearer error="insufficient_scope"')
    return challenge.partition('scope="')[2].rstrip('"')


async def test_a_superusers_scoped_token_is_limited_to_its_scopes(client, root, limited, draft):
    token = await limited(root, "blog.view_post")
    assert (await client.get(f"/api/posts/{draft}", headers=token)).status_code == 200
    assert scope_of(await client.post("/api/posts", json=POST, headers=token)) == "blog.add_post"
    assert scope_of(await client.post("/api/posts", json=POST, headers=token | VIA_FASTAPI)) == "blog.add_post"
    assert scope_of(await client.patch(f"/api/posts/{draft}", json={"title": "x"}, headers=token)) == "blog.change_post"
    assert scope_of(await client.delete(f"/api/posts/{draft}", headers=token)) == "blog.delete_post"
    assert scope_of(await client.get("/api/users", headers=token)) == "auth.view_user"
    assert scope_of(await client.get("/api/users/1", headers=token)) == "auth.view_user"
    assert scope_of(await client.delete("/api/users/1", headers=token)) == "auth.delete_user"
    assert (
        scope_of(await client.post(f"/api/posts/{draft}/tags", json={"name": "x"}, headers=token)) == "blog.change_post"
    )


@ON_ONE
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PATCH", "/api/users/me"),
        ("GET", "/api/auth/sessions"),
        ("GET", "/api/auth/tokens"),
        ("POST", "/api/auth/logout-everybody"),
        ("DELETE", "/api/users/me/pending-email"),
    ],
)
async def test_endpoints_without_a_permission_refuse_tokens_with_scopes(client, root, limited, method, path):
    token = await limited(root, "blog.view_post", "auth.change_user", "auth.view_user")
    body = {"json": {"full_name": "Eve"}} if method == "PATCH" else {}
    assert scope_of(await client.request(method, path, headers=token, **body)) == ""


@ON_ONE
async def test_what_only_staff_may_see_of_the_site_is_closed_too(client, root, limited):
    token = await limited(root, "blog.view_post")
    assert (await client.get("/debug/pool", headers=token)).status_code == 403


@ON_ONE
async def test_every_token_can_read_its_own_user(client, root, limited):
    token = await limited(root, "blog.view_post")
    assert (await client.get("/api/users/me", headers=token)).json()["username"] == "root"
    assert (await client.get("/api/users/me/permissions", headers=token)).status_code == 200


async def test_a_scope_allows_nothing_that_the_owner_may_not_do_now(client, ada, root, limited, session):
    post = Post(title="Other", content="b", author_id=root.id, is_published=True)
    session.add(post)
    await session.commit()
    token, change = await limited(ada, "blog.change_post"), {"title": "New"}
    path = f"/api/posts/{post.id}"
    assert (await client.patch(path, json=change, headers=token)).json()["type"].endswith("permission-denied")
    await grant(session, ada, ["blog.change_post"])
    await session.commit()
    assert (await client.patch(path, json=change, headers=token)).status_code == 200
    await revoke(session, ada, ["blog.change_post"])
    await session.commit()
    assert (await client.patch(path, json=change, headers=token)).status_code == 403
    await session.execute(update(User).where(User.id == root.id).values(is_superuser=False))
    await session.commit()
    token = await limited(root, "auth.view_user")
    assert (await client.get("/api/users", headers=token)).json()["type"].endswith("permission-denied")


@ON_ONE
async def test_a_scope_lets_the_owner_do_with_their_own_what_everybody_may(client, ada, limited):
    token = await limited(ada, "blog.add_post")
    assert (await client.post("/api/posts", json=POST, headers=token)).status_code == 201
    assert (await client.post("/api/posts", json=POST, headers=token | VIA_FASTAPI)).status_code == 201


async def test_a_token_that_manages_users_can_grant_only_its_scopes(client, root, ada, limited):
    token, path = await limited(root, "auth.view_user", "auth.change_user"), f"/api/users/{ada.id}"
    assert (await client.patch(path, json={"full_name": "Ada"}, headers=token)).status_code == 200
    assert (await client.patch(path, json={"is_superuser": True}, headers=token)).status_code == 403
    given = {"groups": [], "permissions": ["blog.delete_post"]}
    assert (await client.put(f"{path}/permissions", json=given, headers=token)).status_code == 403
    given = {"groups": [], "permissions": ["auth.view_user"]}
    assert (await client.put(f"{path}/permissions", json=given, headers=token)).status_code == 200


@ON_ONE
async def test_a_token_that_manages_users_changes_its_owner_and_takes_no_rights_of_theirs(
    client, root, make_user, limited, session
):
    staff = await make_user(username="staff", is_staff=True)
    await grant(session, staff, ["auth.view_user", "auth.change_user"])
    whole = {"full_name": "New", "is_staff": True, "is_superuser": False}
    token = await limited(staff, "auth.view_user", "auth.change_user")
    assert (await client.patch(f"/api/users/{staff.id}", json=whole, headers=token)).status_code == 200
    token = await limited(root, "auth.view_user", "auth.change_user")
    assert (await client.patch(f"/api/users/{root.id}", json=whole, headers=token)).status_code == 409
    assert (await client.patch(f"/api/users/{root.id}", json={"full_name": "New"}, headers=token)).status_code == 200
    found = await session.get_one(User, root.id, populate_existing=True)
    assert (found.full_name, found.is_superuser) == ("New", True)


async def test_a_token_is_not_shown_the_answer_that_another_one_was_given_under_the_same_key(
    client, ada, limited, client_for
):
    browser, key = await client_for(ada), {"Idempotency-Key": "k"}
    assert (await browser.post("/api/posts", json=POST, headers=key)).status_code == 201
    first, second = await limited(ada, "blog.view_post"), await limited(ada, "blog.add_post")
    assert scope_of(await client.post("/api/posts", json=POST, headers=first | key)) == "blog.add_post"
    answer = await client.post("/api/posts", json=POST, headers=second | key)
    assert (answer.status_code, "idempotency-replayed" in answer.headers) == (201, False)


@ON_ONE
async def test_a_staff_policy_is_as_wide_as_the_scopes(app, client, root, limited, session):
    app.include_router(Resource(model=Tag, read=TagRead, policy=StaffOnly(), name="word").router)
    session.add(Tag(name="one"))
    await session.commit()
    assert scope_of(await client.get("/words", headers=await limited(root, "blog.view_post"))) == "blog.view_tag"
    assert (await client.get("/words", headers=await limited(root, "blog.view_tag"))).status_code == 200
    assert (await client.get("/words", headers=await limited(root, "blog.change_tag"))).status_code == 200


@ON_ONE
async def test_endpoints_are_closed_to_scopes_unless_they_name_some(app, client, root, limited):
    router = APIRouter()
    for name, dependency in {
        "current": CurrentUser,
        "optional": OptionalUser,
        "staff": StaffUser,
        "beside": UserBeside,
    }.items():

        def plain(user):
            return user.username

        def marked(user):
            return user.username

        plain.__annotations__ = marked.__annotations__ = {"user": dependency}
        router.get(f"/{name}")(plain)
        router.get(f"/{name}-marked")(takes_scopes("blog.view_post")(marked))

    @router.get("/permitted")
    async def permitted(user: User = Depends(permission_required("blog.view_post"))) -> bool:  # noqa: B008 - it is made wrong
        return user.is_superuser

    app.include_router(router)
    for scopes, status in ((["blog.view_post"], 200), (["blog.view_tag"], 403)):
        token = await limited(root, *scopes)
        for name in ("current", "optional", "staff", "beside"):
            assert scope_of(await client.get(f"/{name}", headers=token)) == ""
            assert (await client.get(f"/{name}-marked", headers=token)).status_code == status
        answer = await client.get("/permitted", headers=token)
        assert answer.status_code == status
        assert answer.json() is False or status == 403


@ON_ONE
async def test_what_the_owner_is_permitted_besides_is_not_permitted_to_the_token(app, client, ada, limited, session):
    router = APIRouter()

    @router.get("/mine")
    @takes_scopes("blog.view_post")
    async def mine(user: CurrentUser) -> list[str]:
        return [
            *sorted(user.permissions),
            *(name for name in ("blog.view_post", "blog.view_tag") if user.has_perm(name)),
        ]

    app.include_router(router)
    await grant(session, ada, ["blog.view_post", "blog.view_tag"])
    token = await limited(ada, "blog.view_post", "blog.add_tag")
    assert (await client.get("/mine", headers=token)).json() == ["blog.view_post", "blog.view_post"]


class PostTitle(BaseModel):
    title: str


class TagWithPosts(BaseModel):
    name: str
    posts: list[PostTitle]


async def test_of_related_objects_that_no_scope_names_a_token_sees_what_everybody_sees(
    app, client, root, limited, session
):
    app.include_router(Resource(model=Tag, read=TagWithPosts, policy=StaffOnly(), name="word").router)
    tag = Tag(name="one")
    for title, is_published in (("Draft", False), ("Out", True)):
        session.add(Post(title=title, content="b", author_id=root.id, is_published=is_published, tags=[tag]))
    await session.commit()
    for scopes, titles in ((["blog.view_tag"], ["Out"]), (["blog.view_tag", "blog.view_post"], ["Draft", "Out"])):
        (word,) = (await client.get("/words", headers=await limited(root, *scopes))).json()["items"]
        assert sorted(post["title"] for post in word["posts"]) == titles, scopes


def test_a_refusal_names_the_required_scope():
    assert str(InsufficientScopeError()).endswith("; this takes one without scopes, or a login.")
    assert str(InsufficientScopeError("shop.add_order")).endswith("; this takes one with the scope shop.add_order.")


def test_an_endpoint_that_takes_scopes_names_one():
    with pytest.raises(ConfigurationError, match="names no permission"):
        takes_scopes()


async def test_a_token_with_scopes_takes_the_one_statement_that_a_login_takes(  # noqa: PLR0917 - fixtures
    app, client, root, limited, client_for, count_statements
):
    browser, token = await client_for(root), await limited(root, "blog.view_post", "blog.change_post", "blog.add_post")
    draft = (await browser.post("/api/posts", json=POST)).json()["id"]
    for method, path, body in (
        ("GET", f"/api/posts/{draft}", {}),
        ("GET", "/api/posts", {}),
        ("PATCH", f"/api/posts/{draft}", {"json": {"title": "x"}}),
    ):
        counts = []
        for asked, headers in ((browser, {}), (client, token)):
            await asked.request(method, path, headers=headers, **body)
            await USE_LOGS.get(app)[CurrentToken].write()
            await asked.request(method, path, headers=headers, **body)  # whose use is written down is remembered
            with count_statements() as statements:
                assert (await asked.request(method, path, headers=headers, **body)).status_code == 200
            counts.append(len(statements))
        assert counts[0] == counts[1], (method, path, statements)


@ON_ONE
async def test_a_token_with_a_wrong_checksum_takes_no_statement(client, root, limited, count_statements):
    token = await limited(root, "blog.view_post")
    wrong = {"Authorization": token["Authorization"][:-1] + ("a" if token["Authorization"][-1] != "a" else "b")}
    for path in ("/api/posts", "/api/users/me"):
        with count_statements() as statements:
            assert (await client.get(path, headers=wrong)).status_code == 401
        assert statements == []
