"""The practical limit: a bare ASGI function over an asyncpg pool, whose SQL builds the JSON."""

import os
from typing import Any
from urllib.parse import parse_qs

import asyncpg

POST = """json_build_object('id', p.id, 'title', p.title, 'content', p.content, 'is_published', p.is_published,
  'view_count', p.view_count, 'created_at', p.created_at, 'updated_at', p.updated_at, 'author_id', p.author_id,
  'author', (SELECT json_build_object('id', u.id, 'username', u.username, 'full_name', u.full_name)
             FROM auth_user u WHERE u.id = p.author_id),
  'tags', (SELECT coalesce(json_agg(json_build_object('id', t.id, 'name', t.name) ORDER BY t.name), '[]')
           FROM blog_tag t JOIN blog_post_tag pt ON pt.tag_id = t.id WHERE pt.post_id = p.id))"""
ONE = f"SELECT {POST}::text FROM blog_post p WHERE p.id = $1 AND p.is_published"  # noqa: S608 - our own text
LIST = f"""SELECT coalesce(json_agg({POST} ORDER BY p.created_at DESC, p.id DESC), '[]')::text FROM
  (SELECT * FROM blog_post WHERE is_published ORDER BY created_at DESC, id DESC LIMIT $1 OFFSET $2) p"""  # noqa: S608 - our own text
COUNT = "SELECT count(*) FROM blog_post WHERE is_published"
pool: Any = None


async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Answer W1, W2, W3 and W5."""
    global pool  # noqa: PLW0603 - a bare ASGI function has nowhere else to keep it
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                pool = await asyncpg.create_pool(os.environ["DATABASE_URL"], min_size=10, max_size=10)
                await send({"type": "lifespan.startup.complete"})
            else:
                await pool.close()
                await send({"type": "lifespan.shutdown.complete"})
                return
    path = scope["path"]
    if path == "/health/live":
        body = b'{"status":"ok"}'
    elif path == "/api/posts":
        query = {name: values[0] for name, values in parse_qs(scope["query_string"].decode()).items()}
        items = await pool.fetchval(LIST, int(query.get("limit", 20)), int(query.get("offset", 0)))
        total = await pool.fetchval(COUNT) if query.get("count") == "true" else "null"
        body = f'{{"items":{items},"total":{total},"next":null,"previous":null}}'.encode()
    else:
        body = (await pool.fetchval(ONE, int(path.rpartition("/")[2]))).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
