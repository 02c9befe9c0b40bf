"""How a database looks for comments."""

import pytest
from sqlalchemy import select, text

from plugins.comments.models import Comment, CommentStatus


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_sqlite_reads_no_comments_whole_for_the_replies_where_none_is_one(session, make_post, author):
    post = await make_post()
    values = {"post_id": post.id, "author_id": author.user.id, "status": CommentStatus.APPROVED}
    session.add_all([Comment(content="Nice.", **values) for _ in range(500)])
    await session.flush()
    await session.execute(text("ANALYZE"))
    statements = [
        select(Comment.id).where(Comment.parent_id == 2).order_by(Comment.created_at),
        select(Comment.id).where(Comment.parent_id.in_([2, 3])),
        select(Comment.id).where(Comment.parent_id == select(Comment.id).where(Comment.id == 2).scalar_subquery()),
    ]
    connection = await session.connection()
    for statement in statements:
        found = statement.compile(dialect=connection.dialect, compile_kwargs={"literal_binds": True})
        told = [step[-1] for step in await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {found}")]
        assert [one for one in told if one.startswith("SCAN comments_comment")] == [], (told, str(found))
        assert any("ix_comments_comment_replies" in one for one in told), told
