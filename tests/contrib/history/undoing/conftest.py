"""A post with comments, of which changes are undone."""

import pytest

from dovetail.database.unit_of_work import Database
from plugins.blog.models import Post, Tag
from plugins.comments.models import Comment


@pytest.fixture
async def post(boss, database: Database) -> int:
    """A post with a tag and two comments."""
    async with database.unit_of_work() as session:
        made = Post(title="Tea", content="Hot.", author_id=boss.id, view_count=3, tags=[Tag(name="x")])
        session.add(made)
        await session.flush()
        session.add_all([Comment(post_id=made.id, author_id=boss.id, content=one) for one in ("a", "b")])
    return made.id
