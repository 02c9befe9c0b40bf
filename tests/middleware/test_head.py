"""HEAD answers wherever GET does, with the same headers and no body."""

import httpx

from tests.once import asks_no_database


@asks_no_database
async def test_head_is_get_without_the_body(probe_url):
    async with httpx.AsyncClient(base_url=probe_url) as client:
        for path in ("/", "/health/live", "/api/nowhere", "/openapi.json"):
            head, get = await client.head(path), await client.get(path)
            assert head.status_code == get.status_code
            assert head.content == b""
            assert head.headers["content-type"] == get.headers["content-type"]
            assert head.headers["content-length"] == get.headers["content-length"] == str(len(get.content))
