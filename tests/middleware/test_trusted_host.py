"""Only hosts of the settings are answered for."""

import httpx
import pytest

from dovetail.application import make_application
from dovetail.testing.fixtures import running
from tests.api.test_problems import assert_is_problem

HOSTS = ("example.com", "*.example.org", "[::1]")


@pytest.fixture
async def client(make_settings):
    app = make_application(make_settings(plugins=(), allowed_hosts=HOSTS, database_url="sqlite:///:memory:"))
    async with (
        running(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://example.com") as client,
    ):
        yield client


async def test_an_allowed_host_is_accepted(client):
    for host in ("example.com", "EXAMPLE.com:8000", "example.com.", "a.example.org", "a.b.example.org", "[::1]:8000"):
        assert (await client.get("/", headers={"Host": host})).status_code == 200, host


async def test_any_other_host_is_refused(client):
    hosts = ("evil.com", "example.com.evil.com", "notexample.com", "example.org", "", "[::1", "example.com@evil.com")
    for host in hosts:
        assert_is_problem(await client.get("/", headers={"Host": host}), 400)


async def test_a_request_with_two_host_headers_is_refused(client):
    for first, second in (("example.com", "evil.com"), ("evil.com", "example.com"), ("example.com", "example.com")):
        for path in ("/", "/health/live"):
            answer = await client.get(path, headers=[("Host", first), ("Host", second)])
            assert_is_problem(answer, 400)


async def test_a_probe_may_use_an_ip_address(client):
    for path in ("/health/live", "/health/ready"):
        assert (await client.get(path, headers={"Host": "10.0.0.7:8000"})).status_code == 200


async def test_a_star_allows_any_host(make_settings):
    app = make_application(make_settings(plugins=(), allowed_hosts=("*",), database_url="sqlite:///:memory:"))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://anything") as client:
        assert (await client.get("/")).status_code == 200


async def test_a_websocket_of_another_host_is_closed(make_settings):
    app = make_application(make_settings(plugins=(), allowed_hosts=HOSTS, database_url="sqlite:///:memory:"))
    sent = []

    async def receive():
        return {"type": "websocket.connect"}

    async def send(message):
        sent.append(message)

    scope = {"type": "websocket", "path": "/", "headers": [(b"host", b"evil.com")], "query_string": b""}
    await app(scope, receive, send)
    assert sent == [{"type": "websocket.close", "code": 1008}]
