"""Posts over HTTP: writing, reading, changing, removing."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select, update

from plugins.blog.models import Post, Tag
from tests.once import asks_no_database

ALL = {
    "id",
    "title",
    "content",
    "is_published",
    "view_count",
    "created_at",
    "updated_at",
    "author_id",
    "author",
    "tags",
}


async def test_a_new_post_belongs_to_who_sent_it_and_answers_everything(author):
    answer = await author.client.post("/api/posts", json={"title": "  Hello ", "content": "World", "tags": ["B", "a"]})
    assert answer.status_code == 201
    post = answer.json()
    assert set(post) == ALL
    assert post["title"] == "Hello"
    assert post["is_published"] is False
    assert post["view_count"] == 0
    assert post["author_id"] == author.user.id
    assert post["author"] == {"id": author.user.id, "username": "ada", "full_name": "Ada Lovelace"}
    assert [tag["name"] for tag in post["tags"]] == ["a", "b"]
    assert abs(datetime.now(UTC) - datetime.fromisoformat(post["created_at"])) < timedelta(minutes=5)
    assert post["created_at"].endswith("Z")
    assert post == (await author.client.get(f"/api/posts/{post['id']}")).json()


async def test_writing_needs_a_user(client, make_post):
    post = await make_post()
    for method, path in [
        ("POST", "/api/posts"),
        ("PATCH", f"/api/posts/{post.id}"),
        ("DELETE", f"/api/posts/{post.id}"),
        ("POST", f"/api/posts/{post.id}/tags"),
        ("DELETE", f"/api/posts/{post.id}/tags/1"),
    ]:
        answer = await client.request(method, path, json={"title": "x", "content": "y", "name": "z"})
        assert answer.status_code == 401, (method, path)
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")


async def test_only_staff_write_in_the_name_of_another(author, other, staff):
    body = {"title": "t", "content": "c", "author_id": other.user.id}
    assert (await author.client.post("/api/posts", json=body)).status_code == 403
    assert (await other.client.post("/api/posts", json=body)).status_code == 201
    written = await staff.client.post("/api/posts", json=body)
    assert written.status_code == 201
    assert written.json()["author"]["username"] == "grace"
    unknown = await staff.client.post("/api/posts", json=body | {"author_id": 2**62})
    assert unknown.status_code == 409
    assert [error["pointer"] for error in unknown.json()["errors"]] == ["/author_id"]


async def test_a_draft_is_hidden_from_all_but_its_author_and_staff(client, author, other, staff, make_post):
    draft = await make_post(title="Draft", is_published=False)
    published = await make_post(title="Published")
    for who, ids in [
        (client, [published.id]),
        (other.client, [published.id]),
        (author.client, [published.id, draft.id]),
        (staff.client, [published.id, draft.id]),
    ]:
        page = (await who.get("/api/posts?count=true")).json()
        assert [post["id"] for post in page["items"]] == ids
        assert page["total"] == len(ids)
        assert (await who.get(f"/api/posts/{draft.id}")).status_code == (200 if draft.id in ids else 404)


async def test_only_the_author_and_staff_change_a_post(author, other, staff, make_post):
    post, draft = await make_post(), await make_post(is_published=False)
    assert (await other.client.patch(f"/api/posts/{post.id}", json={"title": "x"})).status_code == 403
    assert (await other.client.delete(f"/api/posts/{post.id}")).status_code == 403
    assert (await other.client.patch(f"/api/posts/{draft.id}", json={"title": "x"})).status_code == 404
    assert (await other.client.delete(f"/api/posts/{draft.id}")).status_code == 404
    assert (await author.client.patch(f"/api/posts/{post.id}", json={"title": "mine"})).json()["title"] == "mine"
    assert (await staff.client.patch(f"/api/posts/{draft.id}", json={"title": "ours"})).json()["title"] == "ours"


async def test_a_patch_changes_what_it_names_and_nothing_else(author, make_post):
    post = await make_post(title="Before", content="Text", tags=["kept"])
    before = (await author.client.get(f"/api/posts/{post.id}")).json()
    after = (await author.client.patch(f"/api/posts/{post.id}", json={"is_published": False})).json()
    assert after == before | {"is_published": False, "updated_at": after["updated_at"]}
    assert (await author.client.patch(f"/api/posts/{post.id}", json={})).json() == after
    tagged = (await author.client.patch(f"/api/posts/{post.id}", json={"tags": ["Two", "one", "one "]})).json()
    assert [tag["name"] for tag in tagged["tags"]] == ["one", "two"]
    assert (await author.client.patch(f"/api/posts/{post.id}", json={"tags": []})).json()["tags"] == []


@pytest.mark.parametrize(
    "change",
    [("PATCH", "", {"title": "New"}), ("PATCH", "", {"tags": ["x"]}), ("POST", "/tags", {"name": "x"})],
)
async def test_every_change_moves_updated_at_and_leaves_created_at(author, session, make_post, change):
    method, path, body = change
    post = await make_post()
    long_ago = datetime(2020, 1, 1, tzinfo=UTC)
    await session.execute(update(Post).values(created_at=long_ago, updated_at=long_ago))
    await session.commit()
    assert (await author.client.request(method, f"/api/posts/{post.id}{path}", json=body)).is_success
    after = (await author.client.get(f"/api/posts/{post.id}")).json()
    assert datetime.fromisoformat(after["updated_at"]) > datetime.now(UTC) - timedelta(minutes=5)
    assert datetime.fromisoformat(after["created_at"]) == long_ago


async def test_a_removed_post_is_gone_and_its_tags_stay(author, session, make_post):
    post = await make_post(tags=["python"])
    assert (await author.client.delete(f"/api/posts/{post.id}")).status_code == 204
    assert (await author.client.get(f"/api/posts/{post.id}")).status_code == 404
    assert (await author.client.delete(f"/api/posts/{post.id}")).status_code == 404
    assert (await session.scalars(select(Tag.name))).all() == ["python"]


async def test_of_twenty_clients_that_delete_a_post_one_succeeds(author, session, make_post):
    post = await make_post(tags=["a", "b"])
    answers = await asyncio.gather(*(author.client.delete(f"/api/posts/{post.id}") for _ in range(20)))
    assert sorted(answer.status_code for answer in answers) == [204] + [404] * 19


TOO_LONG = "x" * 201


BAD_FIELDS = [
    ("title", ""),
    ("title", "   "),
    ("title", "\x1d"),
    ("title", TOO_LONG),
    ("title", None),
    ("title", 5),
    ("title", ["x"]),
    ("content", ""),
    ("content", " \n\t"),
    ("content", "x" * 100_001),
    ("content", None),
    ("content", {}),
    ("is_published", None),
    ("is_published", "yes"),
    ("is_published", 1),
    ("tags", None),
    ("tags", "python"),
    ("tags", [""]),
    ("tags", ["  "]),
    ("tags", [None]),
    ("tags", [3]),
    ("tags", ["x" * 51]),
    ("tags", ["bell\x07"]),
    ("tags", ["zero\u200bwidth"]),
    ("tags", [f"tag{n}" for n in range(21)]),
    ("view_count", 1000),
    ("id", 5),
    ("created_at", "2020-01-01T00:00:00Z"),
    ("colour", "red"),
]


@asks_no_database
async def test_a_bad_field_is_refused_by_name_in_both_create_and_update(author, session, make_post):
    post = await make_post(title="Kept")
    for field, value in BAD_FIELDS:
        for answer in (
            await author.client.post("/api/posts", json={"title": "t", "content": "c"} | {field: value}),
            await author.client.patch(f"/api/posts/{post.id}", json={"title": "Changed"} | {field: value}),
        ):
            assert answer.status_code == 422, (field, value, answer.text)
            assert field in answer.text, (field, value)
    assert (await session.scalars(select(Post.title))).all() == ["Kept"]
    assert (await session.scalar(select(func.count()).select_from(Tag))) == 0


NO_AUTHOR_IDS = [0, -1, 2**63, "1", True, 1.5, []]


@asks_no_database
async def test_an_author_id_that_is_no_id_is_refused(staff):
    for author_id in NO_AUTHOR_IDS:
        answer = await staff.client.post("/api/posts", json={"title": "t", "content": "c", "author_id": author_id})
        assert answer.status_code == 422, author_id
        assert "author_id" in answer.text, author_id


@asks_no_database
@pytest.mark.parametrize("missing", ["title", "content"])
async def test_a_new_post_needs_title_and_content(author, missing):
    body = {"title": "t", "content": "c"}
    del body[missing]
    answer = await author.client.post("/api/posts", json=body)
    assert answer.status_code == 422
    assert missing in answer.text


NO_OBJECTS = [b"", b"null", b"[]", b"{", b'"text"', b"\xff"]


@asks_no_database
async def test_a_body_that_is_no_object_is_refused(author, make_post):
    post = await make_post()
    headers = {"Content-Type": "application/json"}
    for body in NO_OBJECTS:
        for method, path in [
            ("POST", "/api/posts"),
            ("PATCH", f"/api/posts/{post.id}"),
            ("POST", f"/api/posts/{post.id}/tags"),
        ]:
            answer = await author.client.request(method, path, content=body, headers=headers)
            assert answer.status_code in {400, 422}, (method, path, body, answer.text)


NO_IDS = ["0", "-1", str(2**63), "9" * 400, "abc", "1.5"]


async def test_an_id_that_is_no_id_is_the_clients_mistake(author):
    for post_id in NO_IDS:
        for method, path in [
            ("GET", f"/api/posts/{post_id}"),
            ("PATCH", f"/api/posts/{post_id}"),
            ("DELETE", f"/api/posts/{post_id}"),
            ("POST", f"/api/posts/{post_id}/tags"),
            ("DELETE", f"/api/posts/1/tags/{post_id}"),
        ]:
            body = {"name": "x"} if path.endswith("tags") else {"title": "x"}
            answer = await author.client.request(method, path, json=body if method != "GET" else None)
            assert answer.status_code in {404, 422}, (method, path, answer.text)


async def test_text_comes_back_as_it_went_in(author):
    content = "\tIndented\n\n<script>alert(1)</script> “é” 🐍 \u202e\n"
    sent = {"title": "Ünïcödé 🐍 & <b>", "content": content, "tags": ["Straße", "日本語", "c#", "a/b", "100%"]}
    post = (await author.client.post("/api/posts", json=sent)).json()
    assert post["title"] == sent["title"]
    assert post["content"] == content
    assert [tag["name"] for tag in post["tags"]] == sorted(["straße", "日本語", "c#", "a/b", "100%"])
