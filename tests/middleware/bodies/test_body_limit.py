"""No body over the limit is read, announced or not, and the connection stays usable."""

import asyncio

import httpx
import pytest

from dovetail.settings import Settings
from tests.api.test_problems import assert_is_problem
from tests.once import asks_no_database

pytestmark = asks_no_database

LIMIT = 1000
JSON = {"Content-Type": "application/json"}


@pytest.fixture
def probe_settings(probe_settings: Settings) -> Settings:
    return probe_settings.model_copy(update={"max_body_size": LIMIT})


async def in_chunks(body: bytes):
    for start in range(0, len(body), 100):
        yield body[start : start + 100]


async def test_a_body_of_the_largest_size_is_read(probe_url):
    body = b'"' + b"x" * (LIMIT - 2) + b'"'
    async with httpx.AsyncClient(base_url=probe_url) as client:
        for content in (body, in_chunks(body)):
            assert len((await client.post("/api/echo", content=content, headers=JSON)).json()) == LIMIT - 2


async def test_a_larger_body_is_refused_whatever_its_type_and_the_connection_stays_usable(probe_url):
    body = b'"' + b"x" * LIMIT + b'"'
    async with httpx.AsyncClient(base_url=probe_url, limits=httpx.Limits(max_connections=1)) as client:
        for headers in (JSON, {"Content-Type": "application/octet-stream"}):
            for content in (body, in_chunks(body)):
                answer = await client.post("/api/items", content=content, headers=headers)
                problem = assert_is_problem(answer, 413)
                assert problem["type"] == "urn:dovetail:problem:payload-too-large"
                assert str(LIMIT) in problem["detail"]
                assert (await client.get("/health/live")).status_code == 200


async def test_an_announced_body_is_refused_before_it_is_sent(probe_url):
    url = httpx.URL(probe_url)
    reader, writer = await asyncio.open_connection(url.host, url.port)
    writer.write(
        b"POST /api/echo HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        b"Content-Length: 99999999999\r\nExpect: 100-continue\r\n\r\n"
    )
    assert b" 413 " in await reader.readline()
    writer.close()
    await writer.wait_closed()


async def test_an_endpoint_that_reads_no_body_is_protected_too(probe):
    answer = await probe.request("GET", "/health/live", content=b"x" * (LIMIT + 1))
    assert_is_problem(answer, 413)


async def test_an_announced_length_is_read_as_a_number_however_it_is_written(probe):
    for length, status in (
        ("0" * 30 + "1", 200),
        ("9" * 5000, 413),
        (str(LIMIT + 1), 413),
        ("0" + str(LIMIT + 1), 413),
    ):
        answer = await probe.post("/api/echo", content=b"1", headers=JSON | {"Content-Length": length})
        assert answer.status_code == status, length
