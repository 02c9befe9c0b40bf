"""Tags over HTTP: attach, detach, list."""

import itertools

from sqlalchemy import func, select

from plugins.blog.models import Tag, post_tags
from tests.once import asks_no_database


async def names(client, path="/api/tags"):
    return [tag["name"] for tag in (await client.get(path)).json()["items"]]


async def test_attaching_makes_the_tag_once_and_answers_it(author, session, make_post):
    first, second = await make_post(), await make_post()
    made = await author.client.post(f"/api/posts/{first.id}/tags", json={"name": " Async  Python"})
    reused = await author.client.post(f"/api/posts/{second.id}/tags", json={"name": "async python"})
    assert (made.status_code, reused.status_code) == (201, 201)
    assert made.json() == reused.json()
    assert made.json()["name"] == "async python"
    assert (await session.scalar(select(func.count()).select_from(Tag))) == 1


async def test_attaching_twice_is_harmless(author, session, make_post):
    post = await make_post()
    first = await author.client.post(f"/api/posts/{post.id}/tags", json={"name": "x"})
    again = await author.client.post(f"/api/posts/{post.id}/tags", json={"name": "X"})
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert len((await session.execute(select(post_tags))).all()) == 1


async def test_detaching_leaves_the_tag_and_a_second_time_finds_nothing(author, staff, make_post):
    post = await make_post(tags=["kept", "gone"])
    gone = next(tag.id for tag in post.tags if tag.name == "gone")
    assert (await author.client.delete(f"/api/posts/{post.id}/tags/{gone}")).status_code == 204
    assert (await author.client.delete(f"/api/posts/{post.id}/tags/{gone}")).status_code == 404
    assert (await author.client.delete(f"/api/posts/{post.id}/tags/{2**63 - 1}")).status_code == 404
    left = (await author.client.get(f"/api/posts/{post.id}")).json()["tags"]
    assert [tag["name"] for tag in left] == ["kept"]
    assert await names(author.client) == ["kept"]
    assert await names(staff.client) == ["gone", "kept"]
    assert (await staff.client.get("/api/tags/gone/posts")).json()["items"] == []


async def test_only_who_may_change_the_post_may_change_its_tags(other, staff, make_post):
    post, draft = await make_post(tags=["a"]), await make_post(is_published=False, tags=["a"])
    tag = post.tags[0].id
    for target, status in ((post, 403), (draft, 404)):
        assert (await other.client.post(f"/api/posts/{target.id}/tags", json={"name": "b"})).status_code == status
        assert (await other.client.delete(f"/api/posts/{target.id}/tags/{tag}")).status_code == status
    assert (await staff.client.post(f"/api/posts/{draft.id}/tags", json={"name": "b"})).status_code == 201
    assert (await staff.client.delete(f"/api/posts/{post.id}/tags/{tag}")).status_code == 204


NO_NAMES = [{}, {"name": ""}, {"name": " "}, {"name": None}, {"name": 1}, {"name": "x" * 51}, {"name": "x", "id": 1}]


@asks_no_database
async def test_a_tag_without_a_proper_name_is_refused(author, make_post):
    post = await make_post()
    for body in NO_NAMES:
        answer = await author.client.post(f"/api/posts/{post.id}/tags", json=body)
        assert answer.status_code == 422, body
        assert ("id" if "id" in body else "name") in answer.text, body


async def test_the_tags_are_listed_in_pages_by_name(client, make_post):
    await make_post(tags=["b", "c", "ab", "50%"])
    assert await names(client) == ["50%", "ab", "b", "c"]
    assert await names(client, "/api/tags?ordering=-name&limit=2&offset=1") == ["b", "ab"]
    assert await names(client, "/api/tags?name__icontains=B") == ["ab", "b"]
    assert await names(client, "/api/tags?name__icontains=%25") == ["50%"]
    assert (await client.get("/api/tags?count=true")).json()["total"] == 4
    assert (await client.get("/api/tags?name=b")).status_code == 422


NAMES = [
    ("c#", "c%23"),
    ("a/b", "a%2Fb"),
    ("a/posts", "a/posts"),
    ("100%", "100%25"),
    ("日本", "日本"),
    ("py", "%20PY%20"),
    ("what?", "what%3F"),
]


async def test_the_posts_of_a_tag_are_found_whatever_its_name_and_spelling(client, make_post):
    for name, path in NAMES:
        wanted = [(await make_post(tags=[name])).id, (await make_post(tags=[name, "more"])).id]
        await make_post(tags=["more"])
        first = (await client.get(f"/api/tags/{path}/posts?limit=1&count=true")).json()
        assert first["total"] == 2, name
        second = (await client.get(first["next"])).json()
        assert [post["id"] for post in first["items"] + second["items"]] == wanted[::-1], name


UNKNOWN = ["unknown", "x" * 300, "%E2%80%8B"]


async def test_the_posts_of_an_unknown_tag_are_not_found(client):
    for name in UNKNOWN:
        assert (await client.get(f"/api/tags/{name}/posts")).status_code == 404, name


async def test_the_posts_of_a_tag_can_be_filtered_further(client, make_post, other):
    await make_post(title="One", tags=["x", "y"])
    await make_post(title="Two", tags=["x"], author=other.user)
    path = "/api/tags/x/posts"
    assert [post["title"] for post in (await client.get(f"{path}?tags__name=y")).json()["items"]] == ["One"]
    assert [p["title"] for p in (await client.get(f"{path}?author_id={other.user.id}")).json()["items"]] == ["Two"]


async def test_a_tag_of_hidden_drafts_only_is_as_hidden_as_they_are(client, author, other, staff, make_post):
    await make_post(is_published=False, tags=["secret", "shared"])
    await make_post(tags=["shared"])
    for who in (client, other.client):
        assert await names(who) == ["shared"]
        assert (await who.get("/api/tags?count=true")).json()["total"] == 1
        assert (await who.get("/api/tags/secret/posts")).status_code == 404
        assert len((await who.get("/api/tags/shared/posts")).json()["items"]) == 1
    for who in (author.client, staff.client):
        assert await names(who) == ["secret", "shared"]
        assert len((await who.get("/api/tags/secret/posts")).json()["items"]) == 1
        assert len((await who.get("/api/tags/shared/posts")).json()["items"]) == 2


async def test_a_tag_of_a_hidden_draft_cannot_be_distinguished_from_a_missing_one(client, author, other, make_post):
    await make_post(is_published=False, tags=["secret"])
    own = await make_post(tags=["old"], author=other.user)
    keys = []
    for name in ("one", "secret", "two"):
        answer = await other.client.post(f"/api/posts/{own.id}/tags", json={"name": name})
        assert answer.status_code == 201
        keys.append(answer.json()["id"])
        assert (await other.client.delete(f"/api/posts/{own.id}/tags/{keys[-1]}")).status_code == 204
    assert min(abs(a - b) for a, b in itertools.pairwise(sorted([*keys, own.tags[0].id]))) > 1_000
    assert 0 < min(keys) <= max(keys) <= 2**48
    for who in (client, other.client):
        assert await names(who) == ["old"]
        assert {(await who.get(f"/api/tags/{name}/posts")).status_code for name in ("one", "secret")} == {404}
    assert await names(author.client) == ["old", "secret"]
