"""Of objects that a page only names, it reads what their names need, and no long texts."""

import re
from operator import attrgetter

import pytest

from dovetail.contrib.auth.models import User
from plugins.blog.models import Post
from plugins.comments.models import Comment

TEXT = re.compile(r"blog_post(_\d)?\.content( AS \w+)?\s*(,|FROM)")  # no part of an expression
BEGINNING = attrgetter("content")  # a function whose code tells nothing


@pytest.fixture
async def comment(session) -> Comment:
    author = User(username="ann", email="ann@example.org", hashed_password="!")
    comment = Comment(content="Well", post=Post(title="Bees", content="Many bees", author=author), author=author)
    session.add(comment)
    await session.commit()
    return comment


def addresses(comment: Comment) -> dict[str, str]:
    """Return pages that name a post, each with where its name stands there."""
    return {
        f"/comments/comment/?post={comment.post_id}": '<option value="{}" selected>',
        "/comments/comment/lookup/?name=post": '"text":"',
        f"/comments/comment/lookup/?name=post&key={comment.post_id}": '"text":"',
        "/comments/comment/lookup/?name=post&for=filter&as=page": ">",
        f"/comments/comment/{comment.id}/": ">",
        f"/auth/user/delete/?pks={comment.author_id}": ">",
        f"/blog/post/delete/?pks={comment.post_id}": ">",
        f"/palette?recent=blog/post:{comment.post_id}": '"text":"',
        "/palette?term=bees": '"text":"',
    }


async def read_post(office, count_statements, address: str, expected: str) -> list[str]:
    """Return the statements that read posts for a page that shows what is expected."""
    with count_statements() as statements:
        page = await office.client.get(f"{office.root}{address}")
    assert (page.status_code, expected in page.text) == (200, True), (address, page.text)
    return [one for one in statements if "FROM blog_post" in one or "JOIN blog_post" in one]


async def test_a_page_that_names_a_post_does_not_read_its_text(office, comment, count_statements):
    for address, place in addresses(comment).items():
        found = await read_post(office, count_statements, address, f"{place.format(comment.post_id)}Bees")
        assert found, address
        assert not any(map(TEXT.search, found)), (address, found)


async def test_a_name_may_read_any_column_and_relation(office, session, comment, count_statements, monkeypatch):
    monkeypatch.setattr(Post, "__str__", lambda post: f"{post.author.username}: {BEGINNING(post)}")
    monkeypatch.setattr(Comment, "__str__", lambda comment: f"On {comment.post}, in reply to {comment.parent}")
    second = Comment(content="Hm", post_id=comment.post_id, author_id=comment.author_id, parent_id=comment.id)
    session.add(second)
    await session.commit()
    for address, place in addresses(comment).items():
        await read_post(office, count_statements, address, f"{place.format(comment.post_id)}ann: Many bees")
    change, remove = f"/comments/comment/{second.id}/change/", "/comments/comment/delete/"
    for address in (change, f"/comments/comment/{second.id}/", f"{remove}?pks={second.id}", "/comments/comment/"):
        page = await office.client.get(f"{office.root}{address}")
        told = "On ann: Many bees, in reply to On ann: Many bees, in reply to None"
        assert (page.status_code, told in page.text) == (200, True), (address, page.text)
    exported = (await office.client.get(f"{office.root}/comments/comment/export/csv/")).text
    assert "ann: Many bees" in exported
    assert (await office.submit(change, {"content": "Ah"})).status_code == 303
    ants = {"title": "Ants", "content": "Few", "author": str(comment.author_id)}
    assert (await office.submit("/blog/post/add/", ants)).status_code == 303
    assert (await office.submit(f"{remove}?pks={comment.id}&pks={second.id}", {})).status_code == 303


async def test_a_page_is_read_twice_only_until_the_columns_of_its_names_are_known(
    office, comment, count_statements, monkeypatch
):
    chip = f"/comments/comment/?post={comment.post_id}"
    monkeypatch.setattr(Post, "__str__", lambda post: f"{BEGINNING(post)}!")
    counts = [len(await read_post(office, count_statements, chip, ">Many bees!")) for _ in range(3)]
    assert counts[0] > counts[1] == counts[2]
