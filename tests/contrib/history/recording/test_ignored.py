"""A model whose changes the site ignores takes along what is written down all the same."""

import pytest

from plugins.comments.models import Comment


@pytest.fixture
def settings(settings, monkeypatch):
    monkeypatch.setenv("HISTORY_IGNORE", "blog.post")
    return settings


async def test_deletions_that_cascade_from_an_ignored_object_are_recorded(make_user, client_for, database, changes):
    ada = await make_user(username="ada", is_superuser=True)
    client = await client_for(ada)
    post = (await client.post("/api/posts", json={"title": "A", "content": "B"})).json()["id"]
    async with database.unit_of_work() as session:
        comment = Comment(post_id=post, author_id=ada.id, content="C")
        session.add(comment)
    await changes()
    assert (await client.delete(f"/api/posts/{post}")).status_code == 204
    assert [(row.action, row.model, row.object_key) for row in await changes()] == [
        ("delete", "comments.comment", str(comment.id))
    ]
