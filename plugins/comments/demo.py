"""Add comments to the blog's demo."""

import tomllib
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncSession

from plugins.blog.models import Post
from plugins.comments.models import Comment, CommentStatus

CONTENT = Path(__file__).with_name("demo.toml")


async def add_comments(session: AsyncSession, posts: Sequence[Post]) -> None:
    """Add comments to the demo's posts, in the names of its authors."""
    by_title = {post.title: post for post in posts}
    authors = {post.author.username: post.author_id for post in posts}
    for comment in tomllib.loads(CONTENT.read_text(encoding="utf-8"))["comments"]:
        post = by_title[comment["on"]]
        status = CommentStatus(comment.get("status", CommentStatus.APPROVED))
        parent = Comment(
            post_id=post.id, author_id=authors[comment["author"]], content=comment["content"], status=status
        )
        session.add(parent)
        await session.flush()
        session.add_all(
            Comment(
                post_id=post.id,
                author_id=authors[reply["author"]],
                content=reply["content"],
                status=CommentStatus.APPROVED,
                parent_id=parent.id,
            )
            for reply in comment.get("replies", ())
        )
    await session.flush()
