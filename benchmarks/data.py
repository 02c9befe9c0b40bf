"""The blog that every contestant serves: 1,000 users, 50,000 posts of about 1 KB, 200 tags, three tags a post."""

import asyncio

import asyncpg

from config.settings import Settings
from dovetail.migrations.run.runner import migrate
from dovetail.registry import load_registry

STATEMENTS = (
    """INSERT INTO auth_user (username, email, hashed_password, full_name)
       SELECT 'user' || n, 'user' || n || '@example.org', '!', 'User ' || n FROM generate_series(1, {users}) n""",
    "INSERT INTO blog_tag (name) SELECT 'tag ' || n FROM generate_series(1, 200) n",
    """INSERT INTO blog_post (title, content, is_published, view_count, author_id, created_at, updated_at)
       SELECT 'Post ' || n, repeat('Some words about it. ', 48), n % {draft} <> 0, n % 97, 1 + n % {users},
              timestamptz '2026-01-01' + n * interval '1 minute', timestamptz '2026-01-01' + n * interval '1 minute'
       FROM generate_series(1, {posts}) n""",
    """INSERT INTO blog_post_tag (post_id, tag_id)
       SELECT n, 1 + (n * 7 + k * 31) % 200 FROM generate_series(1, {posts}) n, generate_series(0, 2) k""",
    """INSERT INTO auth_access_token (token_hash, user_id, expires_at)
       VALUES (encode(sha256('{token}'), 'hex'), 1, now() + interval '1 day')""",
    "VACUUM ANALYZE",
)
TOKEN = "benchmark"  # noqa: S105 - it guards nothing
DRAFT = 100  # every hundredth post is one


def fill(url: str, *, users: int = 1_000, posts: int = 50_000) -> None:
    """Migrate the empty database at `url` and fill it."""
    asyncio.run(_fill(url, {"users": users, "posts": posts, "draft": DRAFT, "token": TOKEN}))


def forget_new_posts(url: str, posts: int) -> None:
    """Delete what was created after the first `posts`, and leave no trace that slows the next reader."""
    asyncio.run(_execute(url, f"DELETE FROM blog_post WHERE id > {posts:d}", "VACUUM ANALYZE blog_post, blog_post_tag"))  # noqa: S608 - a number


def is_published(post: int) -> bool:
    """Whether everybody may read it."""
    return post % DRAFT != 0


async def _fill(url: str, values: dict[str, object]) -> None:
    settings = Settings.model_validate({"database_url": url, "environment": "test"})
    await migrate(settings, load_registry(settings))
    await _execute(url, *(statement.format(**values) for statement in STATEMENTS))


async def _execute(url: str, *statements: str) -> None:
    connection = await asyncpg.connect(url.replace("postgresql+asyncpg", "postgresql"))
    for statement in statements:
        await connection.execute(statement)
    await connection.close()
