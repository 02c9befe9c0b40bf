"""A small demo blog, so that a new site has something to look at."""

import tomllib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import exists, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.contrib.auth.models import User
from dovetail.contrib.auth.users import create_user
from plugins.blog.models import Post
from plugins.blog.services import create_post

CONTENT = Path(__file__).with_name("posts.toml")


async def has_posts(session: AsyncSession) -> bool:
    """Return whether there is a post; lock the table, so that two concurrent commands cannot both find none."""
    if session.get_bind().dialect.name == "postgresql":  # SQLite allows one writer at a time anyway
        await session.execute(text(f"LOCK TABLE {Post.__tablename__} IN SHARE ROW EXCLUSIVE MODE"))
    return bool(await session.scalar(select(exists().where(Post.id.is_not(None)))))


async def load_demo(session: AsyncSession) -> Sequence[Post]:
    """Write the demo's authors, who cannot log in, and its posts, oldest first.

    Existing users with these usernames are used as authors. Raise ConflictError if an author's e-mail address belongs
    to another user.
    """
    content = tomllib.loads(CONTENT.read_text(encoding="utf-8"))
    authors = {author["username"]: await _author(session, author) for author in content["authors"]}
    posts = sorted(content["posts"], key=lambda post: -post["days_ago"])
    return [await _post(session, authors, **post) for post in posts]


async def _author(session: AsyncSession, author: dict[str, Any]) -> User:
    same_name = select(User).where(func.lower(User.username) == author["username"])
    found = (await session.scalars(same_name)).one_or_none()
    return found or await create_user(session, password=None, **author)


async def _post(
    session: AsyncSession, authors: dict[str, User], *, author: str, days_ago: int, content: str, **fields: Any
) -> Post:
    post = await create_post(
        session, author=authors[author], content=content.strip(), **{"is_published": True} | fields
    )
    post.created_at = post.updated_at = datetime.now(UTC) - timedelta(days=days_ago)
    await session.flush()
    return post
