"""A hundred retries of one request, spread over two processes: one effect, one answer, and nobody is turned away."""

import asyncio
import subprocess
from collections import Counter

import asyncpg
import httpx
import pytest

from tests.running import free_port, python, serving

PERSON = {"SUPERUSER_USERNAME": "ada", "SUPERUSER_EMAIL": "ada@example.org", "SUPERUSER_PASSWORD": "a long pass phrase"}
LOGIN = {"username": "ada", "password": PERSON["SUPERUSER_PASSWORD"]}


@pytest.mark.parametrize("database_kind", ["postgresql"])
async def test_concurrent_retries_get_the_first_response_and_readers_are_not_blocked(database_url):
    variables = {"DATABASE_URL": database_url, "DATABASE_POOL_SIZE": "3", "DATABASE_POOL_TIMEOUT": "2"}
    variables["DATABASE_LOCK_TIMEOUT"] = "60"  # so long may the first take
    assert python("manage.py", "createsuperuser", "--noinput", **variables, **PERSON).code == 0
    port, limits = free_port(), httpx.Limits(max_connections=120)
    server = serving("runserver", str(port), "--workers", "2", port=port, output=subprocess.DEVNULL, **variables)
    with server:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", limits=limits, timeout=60) as client:
            token = (await client.post("/api/auth/login", data=LOGIN)).json()["access_token"]
            headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": "k"}
            post = {"title": "Once", "content": "Text."}
            blocker = await asyncpg.connect(database_url)
            async with blocker.transaction():
                await blocker.execute("LOCK TABLE blog_post IN SHARE MODE")
                sending = [
                    asyncio.create_task(client.post("/api/posts", json=post, headers=headers)) for _ in range(100)
                ]
                await asyncio.sleep(3)  # longer than anybody waits for a connection
                reads = [(await client.get("/api/tags")).status_code for _ in range(20)]
            answers = await asyncio.gather(*sending)
            assert await blocker.fetchval("SELECT count(*) FROM blog_post") == 1
            await blocker.close()
    assert Counter(reads) == {200: 20}
    assert Counter(answer.status_code for answer in answers) == {201: 100}
    assert len({answer.content for answer in answers}) == 1
    assert sum("idempotency-replayed" in answer.headers for answer in answers) == 99
