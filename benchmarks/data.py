"""The blog that every contestant serves: 1,000 users, 50,000 posts of about 1 KB, 200 tags, three tags a post.

Each user holds one bearer token.
"""

import asyncio

import asyncpg

USERS, TAGS = 1_000, 200
DRAFT = 100  # every hundredth post is one
ANALYZED = "id, title, is_published, view_count, created_at, updated_at, author_id"  # words would take seconds

STATEMENTS = (
    """INSERT INTO auth_user (username, email, hashed_password, full_name)
       SELECT 'user' || n, 'user' || n || '@example.org', '!', 'User ' || n FROM generate_series(1, {users}) n""",
    "INSERT INTO blog_tag (name) SELECT 'tag ' || n FROM generate_series(1, {tags}) n",
    """INSERT INTO blog_post (title, content, is_published, view_count, author_id, created_at, updated_at)
       SELECT 'Post ' || n, repeat('Some words about it. ', 48), n % {draft} <> 0, n % 97, 1 + n % {users},
              timestamptz '2026-01-01' + n * interval '1 minute', timestamptz '2026-01-01' + n * interval '1 minute'
       FROM generate_series(1, {posts}) n""",
    """INSERT INTO blog_post_tag (post_id, tag_id)
       SELECT n, 1 + (n * 7 + k * 31) % {tags} FROM generate_series(1, {posts}) n, generate_series(0, 2) k""",
    """INSERT INTO auth_session (token_hash, user_id, expires_at)
       SELECT encode(sha256(convert_to('benchmark-' || n, 'UTF8')), 'hex'), n, now() + interval '1 day'
       FROM generate_series(1, {users}) n""",
    "VACUUM ANALYZE",
)


def fill(url: str, *, posts: int = 50_000) -> None:
    """Fill the migrated database at `url`."""
    values = {"users": USERS, "tags": TAGS, "posts": posts, "draft": DRAFT}
    asyncio.run(_execute(url, *(statement.format(**values) for statement in STATEMENTS)))


def token_of(user: int) -> str:
    """The bearer token of a user."""
    return f"benchmark-{user}"


def author_of(post: int) -> int:
    """Who wrote a post."""
    return 1 + post % USERS


def tags_of(post: int) -> list[str]:
    """The names of the tags of a post."""
    return [f"tag {1 + (post * 7 + k * 31) % TAGS}" for k in range(3)]


def tidy(url: str, posts: int) -> None:
    """Delete what was created after the first `posts`, and leave no trace of writes that slows the next reader."""
    delete = f"DELETE FROM blog_post WHERE id > {posts:d}"  # noqa: S608 - a number
    asyncio.run(_execute(url, delete, f"VACUUM (ANALYZE) blog_post ({ANALYZED})", "VACUUM (ANALYZE) blog_post_tag"))


def forget_changes(url: str, posts: int) -> None:
    """Leave the posts as they were at first."""
    was = "UPDATE blog_post SET title = 'Post ' || id, updated_at = created_at WHERE updated_at <> created_at"
    asyncio.run(_execute(url, was))
    tidy(url, posts)


def is_published(post: int) -> bool:
    """Whether everybody may read it."""
    return post % DRAFT != 0


async def _execute(url: str, *statements: str) -> None:
    connection = await asyncpg.connect(url.replace("postgresql+asyncpg", "postgresql"))
    for statement in statements:
        await connection.execute(statement)
    await connection.close()
