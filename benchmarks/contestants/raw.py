"""The practical limit: a bare ASGI function over an asyncpg pool, whose SQL builds the JSON."""

import os
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs, quote

import asyncpg
import orjson

FIELDS = """'id', p.id, 'title', p.title, 'content', p.content, 'is_published', p.is_published,
  'view_count', p.view_count, 'created_at', p.created_at, 'updated_at', p.updated_at, 'author_id', p.author_id,
  'author', (SELECT json_build_object('id', u.id, 'username', u.username, 'full_name', u.full_name)
             FROM auth_user u WHERE u.id = p.author_id)"""
POST = f"""json_build_object({FIELDS},
  'tags', (SELECT coalesce(json_agg(json_build_object('id', t.id, 'name', t.name) ORDER BY t.name), '[]')
           FROM blog_tag t JOIN blog_post_tag pt ON pt.tag_id = t.id WHERE pt.post_id = p.id))"""  # noqa: S608 - our own text
NEWEST = "ORDER BY p.created_at DESC, p.id DESC"
ONE = f"SELECT {POST}::text FROM blog_post p WHERE p.id = $1 AND p.is_published"  # noqa: S608 - our own text
LIST = f"""SELECT coalesce(json_agg({POST} {NEWEST}), '[]')::text FROM
  (SELECT * FROM blog_post p WHERE is_published {NEWEST} LIMIT $1 OFFSET $2) p"""  # noqa: S608 - our own text
COUNT = "SELECT count(*) FROM blog_post WHERE is_published"
AFTER = f"""SELECT coalesce(json_agg({POST} {NEWEST}), '[]')::text,
  (array_agg(p.created_at || '~' || p.id ORDER BY p.created_at, p.id))[1] FROM
  (SELECT * FROM blog_post p WHERE is_published AND (created_at, id) < ($2::text::timestamptz, $3)
   {NEWEST} LIMIT $1) p"""  # noqa: S608 - our own text
USER = """SELECT u.id FROM auth_access_token t JOIN auth_user u ON u.id = t.user_id
  WHERE t.token_hash = $1 AND t.expires_at > now() AND u.is_active"""
CREATE = f"""WITH names AS (SELECT DISTINCT unnest($5::text[]) AS name),
  made AS (INSERT INTO blog_tag (name) SELECT name FROM names ON CONFLICT DO NOTHING RETURNING id, name),
  tags AS (SELECT id, name FROM made UNION ALL SELECT t.id, t.name FROM blog_tag t JOIN names USING (name)),
  p AS (INSERT INTO blog_post (title, content, is_published, view_count, author_id, created_at, updated_at)
        VALUES ($1, $2, $3, 0, $4, now(), now()) RETURNING *),
  carried AS (INSERT INTO blog_post_tag (post_id, tag_id) SELECT p.id, tags.id FROM p, tags)
  SELECT json_build_object({FIELDS},
    'tags', (SELECT coalesce(json_agg(json_build_object('id', id, 'name', name) ORDER BY name), '[]') FROM tags)
  )::text FROM p"""  # noqa: S608 - our own text
pool: Any = None


async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Answer W1 to W5, and pages by cursor."""
    if scope["type"] == "lifespan":
        await live(receive, send)
        return
    status, body = await answer(scope, receive)
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def live(receive: Any, send: Any) -> None:
    """Have a pool as long as the server lives."""
    global pool  # noqa: PLW0603 - a bare ASGI function has nowhere else to keep it
    await receive()
    pool = await asyncpg.create_pool(os.environ["DATABASE_URL"], min_size=10, max_size=10)
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await pool.close()
    await send({"type": "lifespan.shutdown.complete"})


async def answer(scope: dict[str, Any], receive: Any) -> tuple[int, bytes]:
    """The status and the body."""
    path = scope["path"]
    if path == "/health/live":
        return 200, b'{"status":"ok"}'
    if path != "/api/posts":
        return 200, (await pool.fetchval(ONE, int(path.rpartition("/")[2]))).encode()
    if scope["method"] == "POST":
        return await create(dict(scope["headers"]), (await receive())["body"])
    query = {name: values[0] for name, values in parse_qs(scope["query_string"].decode()).items()}
    limit = int(query.get("limit", 20))
    if "cursor" in query:
        return 200, await page_after(query["cursor"], limit)
    items = await pool.fetchval(LIST, limit, int(query.get("offset", 0)))
    total = await pool.fetchval(COUNT) if query.get("count") == "true" else "null"
    return 200, f'{{"items":{items},"total":{total},"next":null,"previous":null}}'.encode()


async def page_after(cursor: str, limit: int) -> bytes:
    """The posts older than the one that `cursor` names by its time and its id."""
    moment, _, key = cursor.partition("~")
    items, last = await pool.fetchrow(AFTER, limit, moment, int(key))
    following = f'"/api/posts?limit={limit}&cursor={quote(last)}"' if last else "null"
    return f'{{"items":{items},"total":null,"next":{following},"previous":null}}'.encode()


async def create(headers: dict[bytes, bytes], body: bytes) -> tuple[int, bytes]:
    """Create a post in the name of who holds the token."""
    token = headers.get(b"authorization", b"").removeprefix(b"Bearer ")
    async with pool.acquire() as connection:
        author = await connection.fetchval(USER, sha256(token).hexdigest())
        if author is None:
            return 401, b"{}"
        data = orjson.loads(body)
        values = data["title"], data["content"], data["is_published"], author, data["tags"]
        return 201, (await connection.fetchval(CREATE, *values)).encode()
