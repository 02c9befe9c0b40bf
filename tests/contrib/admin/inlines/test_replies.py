"""A moderator reads and moderates the replies to a comment in its form."""

import pytest
from sqlalchemy import select

from dovetail.contrib.admin.testing import read_form
from plugins.blog.models import Post
from plugins.comments.models import Comment, CommentStatus
from tests.contrib.admin.inlines.test_kinds_of_inlines import address

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite"])


async def test_replies_are_moderated_with_the_comment_and_none_is_written_or_deleted(app, office, boss, session):
    post = Post(title="A title", content="Text", author_id=boss.id)
    session.add(post)
    await session.flush()
    comment = Comment(content="A comment", post_id=post.id, author_id=boss.id)
    session.add(comment)
    await session.flush()
    session.add(Comment(content="A reply", post_id=post.id, author_id=boss.id, parent_id=comment.id))
    await session.commit()
    edit = address(app, "edit", comment.id, "comment", "comments")
    form = read_form((await office.get(edit)).text)
    assert [value for name, value in form.items() if name.endswith("-content")] == [["A reply"]]
    changes = {"reply-0-status": "approved", "reply-0-DELETE": "on"}
    assert (await office.submit(edit, {**changes, "reply-1-content": "Forged"})).status_code == 400
    assert (await office.submit(edit, changes)).status_code == 303
    found = [tuple(row) for row in await session.execute(select(Comment.content, Comment.status).order_by(Comment.id))]
    assert found == [("A comment", CommentStatus.PENDING), ("A reply", CommentStatus.APPROVED)]
