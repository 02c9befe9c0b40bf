"""Comments over HTTP: writing, replying, moderating, and who sees what."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select, update

from plugins.comments.models import Comment, CommentStatus
from tests.once import asks_no_database

FIELDS = {"id", "post_id", "parent_id", "content", "status", "created_at", "updated_at", "author_id", "author"}


@pytest.fixture
async def post(make_post):
    return await make_post()


@pytest.fixture
def make_comment(session, post, author):
    """Write a comment whose row is committed; it is ada's and approved unless the test says otherwise."""

    async def make(content="Nice.", **fields):
        defaults = {"post_id": post.id, "author_id": author.user.id, "status": CommentStatus.APPROVED}
        comment = Comment(content=content, **defaults | fields)
        session.add(comment)
        await session.commit()
        return comment

    return make


async def listed(client, post, query=""):
    answer = await client.get(f"/api/posts/{post.id}/comments?{query}")
    assert answer.status_code == 200, answer.text
    return [(item["content"], [reply["content"] for reply in item["replies"]]) for item in answer.json()["items"]]


async def test_a_new_comment_waits_for_a_moderator(client, other, staff, author, post):
    answer = await other.client.post(f"/api/posts/{post.id}/comments", json={"content": "  Nice.\n"})
    assert answer.status_code == 201
    comment = answer.json()
    assert set(comment) == FIELDS
    assert comment["content"] == "  Nice.\n"
    assert comment["status"] == "pending"
    assert (comment["post_id"], comment["parent_id"]) == (post.id, None)
    assert comment["author"] == {"id": other.user.id, "username": "grace", "full_name": ""}
    assert comment["created_at"].endswith("Z")
    for who, sees in [(client, False), (author.client, False), (other.client, True), (staff.client, True)]:
        assert len(await listed(who, post)) == sees
        assert (await who.get(f"/api/comments/{comment['id']}")).status_code == (200 if sees else 404)
    approved = await staff.client.patch(f"/api/comments/{comment['id']}", json={"status": "approved"})
    assert approved.json() == comment | {"status": "approved", "updated_at": approved.json()["updated_at"]}
    assert await listed(client, post) == [("  Nice.\n", [])]
    await staff.client.patch(f"/api/comments/{comment['id']}", json={"status": "rejected"})
    assert await listed(client, post) == []


async def test_a_comment_that_is_sent_again_with_its_idempotency_key_is_written_once(author, other, post):
    url, key = f"/api/posts/{post.id}/comments", {"Idempotency-Key": "a comment"}
    first = await author.client.post(url, json={"content": "Once."}, headers=key)
    again = await author.client.post(url, json={"content": "Once."}, headers=key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert again.headers["Location"] == first.headers["Location"]
    assert (await author.client.post(url, json={"content": "Twice."}, headers=key)).status_code == 422
    assert (await other.client.post(url, json={"content": "Mine."}, headers=key)).json()["content"] == "Mine."
    assert [content for content, _ in await listed(author.client, post)] == ["Once."]
    assert [content for content, _ in await listed(other.client, post)] == ["Mine."]


async def test_what_staff_write_is_approved_at_once(staff, client, post):
    answer = await staff.client.post(f"/api/posts/{post.id}/comments", json={"content": "Welcome."})
    assert answer.json()["status"] == "approved"
    assert await listed(client, post) == [("Welcome.", [])]


async def test_writing_needs_a_user(client, post, make_comment):
    comment = await make_comment()
    for method, path in [
        ("POST", f"/api/posts/{post.id}/comments"),
        ("PATCH", f"/api/comments/{comment.id}"),
        ("DELETE", f"/api/comments/{comment.id}"),
    ]:
        assert (await client.request(method, path, json={"content": "x"})).status_code == 401


async def test_only_staff_moderate(author, other, make_comment):
    comment = await make_comment(status=CommentStatus.PENDING)
    for who, status in [(author.client, 403), (other.client, 404)]:
        answer = await who.patch(f"/api/comments/{comment.id}", json={"status": "approved"})
        assert answer.status_code == status
    assert (await author.client.get(f"/api/comments/{comment.id}")).json()["status"] == "pending"


async def test_only_the_author_and_staff_change_or_remove_a_comment(author, other, staff, make_comment):
    comment = await make_comment()
    url = f"/api/comments/{comment.id}"
    assert (await other.client.patch(url, json={"content": "x"})).status_code == 403
    assert (await other.client.delete(url)).status_code == 403
    assert (await staff.client.patch(url, json={"content": "Tidied."})).json()["status"] == "approved"
    assert (await author.client.delete(url)).status_code == 204
    assert (await author.client.delete(url)).status_code == 404


async def test_a_text_its_author_changes_waits_for_a_moderator_again(author, make_comment):
    url = f"/api/comments/{(await make_comment('Same')).id}"
    assert (await author.client.patch(url, json={"content": "Same"})).json()["status"] == "approved"
    assert (await author.client.patch(url, json={})).json()["status"] == "approved"
    assert (await author.client.patch(url, json={"content": "Changed"})).json()["status"] == "pending"


class TestAutoApproval:
    @pytest.fixture
    def settings(self, make_settings, database_url, monkeypatch):
        monkeypatch.setenv("COMMENTS_AUTO_APPROVE", "true")
        return make_settings(database_url=database_url)

    async def test_everybody_sees_a_comment_at_once(self, client, other, post):
        await other.client.post(f"/api/posts/{post.id}/comments", json={"content": "Hi"})
        assert await listed(client, post) == [("Hi", [])]

    async def test_an_edit_stays_approved_but_brings_no_rejected_comment_back(self, author, make_comment):
        fine, spam = await make_comment(), await make_comment(status=CommentStatus.REJECTED)
        for comment, status in [(fine, "approved"), (spam, "pending")]:
            answer = await author.client.patch(f"/api/comments/{comment.id}", json={"content": "Changed"})
            assert answer.json()["status"] == status


async def test_updated_at_moves_with_a_change(author, session, make_comment):
    comment = await make_comment()
    long_ago = datetime(2020, 1, 1, tzinfo=UTC)
    await session.execute(update(Comment).values(created_at=long_ago, updated_at=long_ago))
    await session.commit()
    after = (await author.client.patch(f"/api/comments/{comment.id}", json={"content": "New"})).json()
    assert datetime.fromisoformat(after["created_at"]) == long_ago
    assert datetime.fromisoformat(after["updated_at"]) > datetime.now(UTC) - timedelta(minutes=5)


async def test_replies_stand_below_their_comment_oldest_first(client, staff, post, make_comment):
    parent, lonely = await make_comment("Parent"), await make_comment("Lonely")
    for content in ("One", "Two"):
        body = {"content": content, "parent_id": parent.id}
        assert (await staff.client.post(f"/api/posts/{post.id}/comments", json=body)).status_code == 201
    assert await listed(client, post) == [("Parent", ["One", "Two"]), ("Lonely", [])]
    one = (await client.get(f"/api/comments/{parent.id}")).json()
    assert [reply["content"] for reply in one["replies"]] == ["One", "Two"]
    assert one["replies"][0]["parent_id"] == parent.id
    assert lonely.parent_id is None


async def test_a_reply_is_seen_when_it_and_its_comment_are(  # noqa: PLR0917 - four who look, and what they look at
    client, author, other, staff, post, make_comment
):
    shown, hidden = await make_comment("Shown"), await make_comment("Hidden", status=CommentStatus.REJECTED)
    await make_comment("approved", parent_id=shown.id)
    await make_comment("hers", parent_id=shown.id, author_id=other.user.id, status=CommentStatus.PENDING)
    below = await make_comment("below", parent_id=hidden.id, author_id=staff.user.id)
    assert await listed(client, post) == [("Shown", ["approved"])]
    assert await listed(other.client, post) == [("Shown", ["approved", "hers"])]
    assert await listed(author.client, post) == [("Shown", ["approved"]), ("Hidden", ["below"])]
    assert await listed(staff.client, post) == [("Shown", ["approved", "hers"]), ("Hidden", ["below"])]
    assert (await client.get(f"/api/comments/{below.id}")).status_code == 404
    assert (await staff.client.get(f"/api/comments/{below.id}")).status_code == 200


async def test_a_reply_answers_a_comment_on_the_same_post_that_one_can_see(other, post, make_post, make_comment):
    elsewhere = await make_comment(post_id=(await make_post()).id)
    parent = await make_comment()
    reply = await make_comment(parent_id=parent.id)
    unseen = await make_comment(status=CommentStatus.PENDING)
    for parent_id, reason in [
        (elsewhere.id, "on this post"),
        (unseen.id, "on this post"),
        (2**63 - 1, "on this post"),
        (reply.id, f"reply to comment {parent.id}"),
    ]:
        body = {"content": "x", "parent_id": parent_id}
        answer = await other.client.post(f"/api/posts/{post.id}/comments", json=body)
        assert answer.status_code == 422
        assert "parent_id" in answer.text
        assert reason in answer.text


async def test_removing_a_comment_removes_the_replies_to_it(author, session, make_comment):
    parent = await make_comment()
    await make_comment(parent_id=parent.id)
    assert (await author.client.delete(f"/api/comments/{parent.id}")).status_code == 204
    assert await session.scalar(select(func.count()).select_from(Comment)) == 0


async def test_removing_a_post_removes_its_comments(author, session, post, make_comment):
    await make_comment(parent_id=(await make_comment()).id)
    assert (await author.client.delete(f"/api/posts/{post.id}")).status_code == 204
    assert await session.scalar(select(func.count()).select_from(Comment)) == 0


async def test_the_comments_on_a_draft_are_as_hidden_as_the_draft(  # noqa: PLR0917 - four who look
    client, author, other, staff, make_post, make_comment
):
    draft = await make_post(is_published=False)
    comment = await make_comment(post_id=draft.id, author_id=other.user.id)
    for who in (client, other.client):
        assert (await who.get(f"/api/posts/{draft.id}/comments")).status_code == 404
        assert (await who.get(f"/api/comments/{comment.id}")).status_code == 404
    assert (await other.client.post(f"/api/posts/{draft.id}/comments", json={"content": "x"})).status_code == 404
    assert (await other.client.patch(f"/api/comments/{comment.id}", json={"content": "x"})).status_code == 404
    for who in (author.client, staff.client):
        assert len(await listed(who, draft)) == 1
        assert (await who.get(f"/api/comments/{comment.id}")).status_code == 200


async def test_filters_order_and_pages(client, staff, other, post, make_comment):
    await make_comment("a")
    await make_comment("b", status=CommentStatus.PENDING)
    await make_comment("c", author_id=other.user.id)

    async def contents(who, query):
        return "".join(content for content, _ in await listed(who, post, query))

    assert await contents(staff.client, "status=pending") == "b"
    assert await contents(client, "status=pending") == ""
    assert await contents(staff.client, f"author_id={other.user.id}") == "c"
    assert await contents(staff.client, "ordering=-created_at") == "cba"
    assert await contents(staff.client, "ordering=id&limit=1&offset=1") == "b"
    page = (await client.get(f"/api/posts/{post.id}/comments?limit=1&count=true")).json()
    assert page["total"] == 2
    assert [item["content"] for item in (await client.get(page["next"])).json()["items"]] == ["c"]


@pytest.mark.parametrize("query", ["status=spam", "author_id=x", "ordering=content", "parent_id=1", "limit=0"])
async def test_a_bad_or_unknown_parameter_is_refused_by_name(client, post, query):
    answer = await client.get(f"/api/posts/{post.id}/comments?{query}")
    assert answer.status_code == 422
    assert query.partition("=")[0] in answer.text


@asks_no_database
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("content", ""),
        ("content", " \n"),
        ("content", None),
        ("content", 1),
        ("content", "x" * 5_001),
        ("author_id", 1),
        ("post_id", 1),
        ("colour", "red"),
    ],
)
async def test_a_bad_field_is_refused_by_name_in_both_create_and_update(author, post, make_comment, field, value):
    comment = await make_comment()
    for answer in (
        await author.client.post(f"/api/posts/{post.id}/comments", json={"content": "x"} | {field: value}),
        await author.client.patch(f"/api/comments/{comment.id}", json={field: value}),
    ):
        assert answer.status_code == 422
        assert field in answer.text


NO_IDS = [0, -1, 2**63, "1", True, 1.5]


@asks_no_database
async def test_a_parent_id_that_is_no_id_is_refused(author, post):
    for parent_id in NO_IDS:
        body = {"content": "x", "parent_id": parent_id}
        answer = await author.client.post(f"/api/posts/{post.id}/comments", json=body)
        assert answer.status_code == 422, parent_id
        assert "parent_id" in answer.text, parent_id


@asks_no_database
@pytest.mark.parametrize("status", ["spam", "", None, 1, "APPROVED"])
async def test_an_invalid_status_is_refused(staff, make_comment, status):
    comment = await make_comment()
    answer = await staff.client.patch(f"/api/comments/{comment.id}", json={"status": status})
    assert answer.status_code == 422
    assert "status" in answer.text


@pytest.mark.parametrize("comment_id", ["0", str(2**63), "x"])
async def test_an_id_that_is_no_id_is_the_clients_mistake(client, comment_id):
    assert (await client.get(f"/api/comments/{comment_id}")).status_code == 422
    assert (await client.get(f"/api/posts/{comment_id}/comments")).status_code == 422


async def test_a_list_costs_the_same_number_of_statements_whatever_its_size(
    client, post, make_comment, make_user, count_statements
):
    for _ in range(50):
        user = await make_user()
        parent = await make_comment(author_id=user.id)
        await make_comment(parent_id=parent.id, author_id=user.id)
    costs = []
    for limit in (1, 50):
        with count_statements() as statements:
            page = (await client.get(f"/api/posts/{post.id}/comments?limit={limit}")).json()
        assert [len(item["replies"]) for item in page["items"]] == [1] * limit
        costs.append(len(statements))
    assert costs == [2, 2]  # the post, and the comments with their replies, all with their authors
