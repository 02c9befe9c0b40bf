"""The history by the API: who reads which lines, and what an undo takes back or refuses."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest
from sqlalchemy import update

from dovetail.contrib.auth.models import User
from dovetail.contrib.auth.permissions import grants
from dovetail.contrib.auth.tokens.personal import make_token
from dovetail.contrib.history.models import RecordedChange
from dovetail.database.unit_of_work import Database
from plugins.blog.models import Post
from plugins.comments.models import Comment, CommentStatus
from tests.contrib.history.undoing.test_undo import last
from tests.walking import pages

NEW = {"title": "First", "content": "Text.", "tags": ["x", "y"]}


@pytest.fixture
async def people(make_user, client_for) -> dict[str, httpx.AsyncClient]:
    """Who writes a post, who may not see drafts, and a superuser."""
    return {name: await client_for(await make_user(username=name)) for name in ("ada", "eve")} | {
        "root": await client_for(await make_user(username="root", is_superuser=True))
    }


async def number_of(database: Database, action: str, model: str = "blog.post") -> int:
    return (await last(database, model, action)).id


async def test_users_who_may_view_an_object_can_page_through_its_changes_latest_first(people):
    ada, eve, root = (people[name] for name in ("ada", "eve", "root"))
    post = (await ada.post("/api/posts", json=NEW)).json()["id"]
    await ada.patch(f"/api/posts/{post}", json={"title": "Second", "tags": ["x"]})
    address = f"/api/history/objects/blog.post/{post}"
    found = (await ada.get(address)).json()["items"]
    assert [one["action"] for one in found] == ["change"] * (len(found) - 1) + ["add"]
    changed = next(one for one in found if "title" in one["after"])
    assert (changed["before"], changed["after"]) == ({"title": "First"}, {"title": "Second"})
    assert (changed["actor_name"], changed["door"]) == ("ada", "rest")
    assert "address" not in changed

    seen = [answer.json()["items"] async for answer in pages(ada.get, f"{address}?limit=2")]
    assert [one for page in seen for one in page] == found
    assert len(seen[0]) == 2

    assert (await eve.get(address)).status_code == 404  # a draft of somebody else
    assert [(await root.get(address)).json()["items"]] == [found]
    for wrong in ("blog.nosuch/1", "auth.session/1", "blog.post/1000000", "blog.post/x", f"blog.post/{2**70}"):
        answer = await ada.get(f"/api/history/objects/{wrong}")
        assert answer.status_code == 404, wrong
        assert answer.headers["content-type"] == "application/problem+json"

    await ada.delete(f"/api/posts/{post}")
    assert (await ada.get(address)).status_code == 404
    assert (await root.get(address)).json()["items"][0]["action"] == "delete"


async def test_a_parameter_that_is_unknown_does_not_return_the_beginning_of_a_feed_or_history(people):
    root = people["root"]
    post = (await root.post("/api/posts", json=NEW)).json()["id"]
    for address in ("/api/history/feed?position=x", f"/api/history/objects/blog.post/{post}?after=1"):
        answer = await root.get(address)
        assert (answer.status_code, answer.json()["errors"][0]["type"]) == (422, "extra_forbidden")


async def test_hidden_fields_are_left_out_of_an_objects_changes(people, make_user, client_for, database):
    clerk = await make_user(username="clerk", is_staff=True)
    async with database.unit_of_work() as session:
        await grants.grant(session, await session.get_one(User, clerk.id), ["auth.view_user"])
        person = await session.get_one(User, clerk.id)
        person.hashed_password, person.bio = "!", "New"
    client = await client_for(clerk)
    found = (await client.get(f"/api/history/objects/auth.user/{clerk.id}")).json()["items"]
    assert {"bio": "New"} in [one["after"] for one in found]
    assert not any("hashed_password" in one[side] for one in found for side in ("before", "after"))


async def test_the_list_of_all_changes_is_for_superusers(people):
    post = (await people["ada"].post("/api/posts", json=NEW)).json()["id"]
    query = {"model": "blog.post", "action": "add", "door": "rest"}
    (found,) = (await people["root"].get("/api/history", params=query)).json()["items"]
    assert (found["object_key"], found["after"]["title"]) == (str(post), "First")
    assert found["address"]
    assert (await people["ada"].get("/api/history", params=query)).status_code == 403


async def test_an_undo_deletes_added_objects_and_restores_deleted_ones_with_their_cascades(people, database, changes):
    ada = people["ada"]
    await people["root"].post("/api/posts", json=NEW)  # which makes the tags
    post = (await ada.post("/api/posts", json=NEW)).json()
    added = await ada.post(f"/api/history/{await number_of(database, 'add')}/undo")
    assert (added.status_code, added.json()) == (200, {"changes": 3}), added.json()["detail"]
    post = (await ada.post("/api/posts", json=NEW)).json()
    await ada.delete(f"/api/posts/{post['id']}")
    deleted = await number_of(database, "delete")
    await changes()

    assert (await people["eve"].post(f"/api/history/{deleted}/undo")).status_code == 404
    answer = await ada.post(f"/api/history/{deleted}/undo")
    assert (answer.status_code, answer.json()) == (200, {"changes": 3})
    back = (await ada.get(f"/api/posts/{post['id']}")).json()
    assert (back["title"], [tag["name"] for tag in back["tags"]]) == ("First", ["x", "y"])
    lines = await changes()
    assert {(line.door, line.via.partition(", ")[2]) for line in lines} == {("rest", f"undoes change {deleted}")}

    answer = await ada.post(f"/api/history/{lines[-1].id}/undo")
    assert answer.json() == {"changes": 3}
    assert (await ada.get(f"/api/posts/{post['id']}")).status_code == 404


async def test_an_undo_is_refused_with_the_reason_and_then_writes_nothing(people, database, changes):
    ada = people["ada"]
    path = f"/api/posts/{(await ada.post('/api/posts', json=NEW)).json()['id']}"
    await ada.patch(path, json={"title": "Second", "content": "Other."})
    second = await number_of(database, "change")
    await ada.patch(path, json={"title": "Third"})
    await changes()

    refused = await ada.post(f"/api/history/{second}/undo")
    assert (refused.status_code, refused.headers["content-type"]) == (409, "application/problem+json")
    number = path.rpartition("/")[2]
    assert refused.json()["detail"] == f"This cannot be undone: title of blog.post {number} was changed since."
    assert await changes() == []

    async with database.unit_of_work() as session:
        old = update(RecordedChange).where(RecordedChange.id == second)
        await session.execute(old.values(created_at=datetime.now(UTC) - timedelta(days=31)))
    assert "older than 30 days" in (await ada.post(f"/api/history/{second}/undo")).json()["detail"]
    assert (await ada.post("/api/history/1000000/undo")).status_code == 404
    assert await changes() == []


async def test_nobody_can_undo_without_the_permission_for_the_opposite_change(people, make_user, client_for, database):
    ada, eve = people["ada"], people["eve"]
    post = (await ada.post("/api/posts", json=NEW | {"is_published": True})).json()["id"]
    await ada.patch(f"/api/posts/{post}", json={"title": "Second"})
    changed = await number_of(database, "change")
    refused = await eve.post(f"/api/history/{changed}/undo")  # she may read it, as everybody
    assert (refused.status_code, refused.json()["detail"]) == (
        403,
        "blog.post 1: To change what others wrote takes the permission blog.change_post.",
    )
    clerk = await make_user(username="clerk", is_staff=True)
    async with database.unit_of_work() as session:
        await grants.grant(session, await session.get_one(User, clerk.id), ["auth.view_user", "auth.change_user"])
        (await session.get_one(User, clerk.id)).bio = "New"
    refused = await (await client_for(clerk)).post(
        f"/api/history/{await number_of(database, 'change', 'auth.user')}/undo"
    )
    assert refused.status_code == 403
    assert "only a superuser may undo changes of accounts" in refused.json()["detail"]


async def test_a_refused_undo_names_no_object_that_the_user_may_not_view(people, database):
    ada, root = people["ada"], people["root"]
    post = (await ada.post("/api/posts", json=NEW | {"is_published": True})).json()
    added, author = await number_of(database, "add"), (await root.get("/api/users/me")).json()["id"]
    async with database.unit_of_work() as session:
        comment = Comment(post_id=post["id"], author_id=author, content="spam", status=CommentStatus.PENDING)
        session.add(comment)
    refused = await ada.post(f"/api/history/{added}/undo")
    began = f"This cannot be undone: blog.post {post['id']} would be deleted, and"
    assert (refused.status_code, refused.json()["detail"]) == (
        409,
        f"{began} an object of comments.comment refers to it.",
    )
    assert (await root.post(f"/api/history/{added}/undo")).json()["detail"] == (
        f"{began} comments.comment {comment.id} refers to it."
    )
    draft = (await root.post("/api/posts", json=NEW)).json()["id"]
    async with database.unit_of_work() as session:
        for number in (post["id"], draft):
            (await session.get_one(Post, number)).title = "Changed together"
            await session.flush()
    line = await last(database, "blog.post", "change", post["id"])
    refused = await ada.post(f"/api/history/{line.id}/undo")
    assert (refused.status_code, refused.json()["detail"].partition(":")[0]) == (403, "an object of blog.post")


async def test_a_token_with_scopes_can_neither_read_an_objects_history_nor_undo(people, database, client):
    ada = people["ada"]
    post = (await ada.post("/api/posts", json=NEW)).json()["id"]
    async with database.unit_of_work() as session:
        user = await session.get_one(User, 1)
        token = (
            await make_token(session, user, name="ci", scopes=["blog.change_post"], lifetime=timedelta(days=1))
        ).token
    limited = {"Authorization": f"Bearer {token}"}
    assert (await client.get(f"/api/history/objects/blog.post/{post}", headers=limited)).status_code == 403
    assert (
        await client.post(f"/api/history/{await number_of(database, 'add')}/undo", headers=limited)
    ).status_code == 403
    assert (await client.post("/api/history/1/undo")).status_code == 401
