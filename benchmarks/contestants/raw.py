"""The practical limit: a bare ASGI function over an asyncpg pool, whose SQL builds the JSON.

Nothing is parsed, validated or made that the answer does not need.
"""

import os
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qsl, quote

import asyncpg
import orjson

from benchmarks.contestants import raw_sql

Answer = tuple[int, bytes, list[tuple[bytes, bytes]]]
STRANGER, MISSING = b'{"detail":"Not authenticated"}', b'{"detail":"Not Found"}'
JSON = (b"content-type", b"application/json")
pool: Any = None


async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Answer W1 to W9."""
    if scope["type"] == "lifespan":
        await live(receive, send)
        return
    status, body, headers = await answer(scope, receive)
    headers += [JSON, (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def live(receive: Any, send: Any) -> None:
    """Have a pool as long as the server lives."""
    global pool  # noqa: PLW0603 - a bare ASGI function has nowhere else to keep it
    await receive()
    pool = await asyncpg.create_pool(
        os.environ["DATABASE_URL"],
        min_size=10,
        max_size=10,
        init=take_json_as_it_is,
        reset=leave_as_it_is,
        server_settings={"plan_cache_mode": "force_generic_plan"},
    )
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await pool.close()
    await send({"type": "lifespan.shutdown.complete"})


async def take_json_as_it_is(connection: Any) -> None:
    """Let JSON pass as bytes: nobody here looks into it."""
    await connection.set_type_codec("json", schema="pg_catalog", encoder=bytes, decoder=bytes, format="binary")


async def leave_as_it_is(_connection: Any) -> None:
    """Do nothing: nothing here changes a session, and to reset it costs a round trip."""


async def answer(scope: dict[str, Any], receive: Any) -> Answer:
    """The status, the body and what headers it has beside."""
    path = scope["path"]
    if path == "/health/live":
        return 200, b'{"status":"ok"}', []
    if path.startswith("/api/posts/"):
        return await one_post(scope, receive, int(path[11:]))
    if path == "/api/posts" and scope["method"] == "POST":
        return await create(scope, receive)
    query = dict(parse_qsl(scope["query_string"].decode()))
    limit = int(query.get("limit", "20"))
    if path == "/api/posts":
        return await posts(scope, query, limit)
    if path.startswith("/api/tags/"):
        items = await pool.fetchval(raw_sql.of_tag(limit), path[10:-6].casefold())
        return (404, MISSING, []) if items is None else (200, envelope(items), [])
    return 404, MISSING, []


async def one_post(scope: dict[str, Any], receive: Any, key: int) -> Answer:
    """W1, W1t and W6."""
    token = token_of(scope)
    if scope["method"] == "PATCH":
        return await change(scope, receive, key, token)
    if token is None:
        body = await pool.fetchval(raw_sql.ONE, key)
    else:
        found = await pool.fetchrow(raw_sql.ONE_FOR, token, key)
        if found is None:
            return 401, STRANGER, []
        body = found[0]
    return (404, MISSING, []) if body is None else (200, body, [])


async def posts(scope: dict[str, Any], query: dict[str, str], limit: int) -> Answer:
    """W2, W2t, W3, W8 and W9."""
    offset = int(query.get("offset", "0"))
    if "author_id" in query:
        return 200, envelope(*await pool.fetchrow(raw_sql.of_author(limit), int(query["author_id"]))), []
    if "cursor" in query:
        moment, _, key = query["cursor"].partition("~")
        items, last = await pool.fetchrow(raw_sql.after(limit), moment, int(key))
        return 200, envelope(items, following=f"/api/posts?limit={limit}&cursor={quote(last)}" if last else None), []
    if (token := token_of(scope)) is not None:
        items = await pool.fetchval(raw_sql.page_for(limit), token, offset)
        return (401, STRANGER, []) if items is None else (200, envelope(items), [])
    if query.get("count") == "true":
        return 200, envelope(*await pool.fetchrow(raw_sql.counted(limit), offset)), []
    return 200, envelope(await pool.fetchval(raw_sql.page(limit), offset)), []


async def create(scope: dict[str, Any], receive: Any) -> Answer:
    """W4."""
    data = orjson.loads((await receive())["body"])
    values = data["title"], data["content"], data["is_published"], data["tags"]
    body = await pool.fetchval(raw_sql.CREATE, token_of(scope), *values)
    return (401, STRANGER, []) if body is None else (201, body, [])


async def change(scope: dict[str, Any], receive: Any, key: int, token: str | None) -> Answer:
    """W6: lock, compare, update and answer; why not is asked only if it was not."""
    title = orjson.loads((await receive())["body"])["title"]
    version = next((value.decode().strip('"') for name, value in scope["headers"] if name == b"if-match"), "*")
    found = await pool.fetchrow(raw_sql.CHANGE, token, key, title, None if version == "*" else version)
    if found is not None:
        return 200, found[1], [(b"etag", b'"%s"' % found[0].encode())]
    return await pool.fetchval(raw_sql.WHY_NOT, token, key) or 401, b"{}", []


def token_of(scope: dict[str, Any]) -> str | None:
    """The digest of a bearer token, as the table has it."""
    for name, value in scope["headers"]:
        if name == b"authorization":
            return sha256(value[7:]).hexdigest()
    return None


def envelope(items: bytes, total: int | None = None, following: str | None = None) -> bytes:
    """A page as everybody answers it."""
    count = b"null" if total is None else b"%d" % total
    link = b"null" if following is None else b'"%s"' % following.encode()
    return b'{"items":%s,"total":%s,"next":%s,"previous":null}' % (items, count, link)
