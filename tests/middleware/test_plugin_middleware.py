"""What a plugin adds to the application sees every answer, and of requests only those that are within the limits."""

import pytest
from starlette.middleware import Middleware

from dovetail.settings import Settings
from dovetail.testing.fixtures import make_client
from tests.once import asks_no_database


@pytest.fixture
def probe_settings(probe_settings: Settings) -> Settings:
    return probe_settings.model_copy(update={"max_body_size": 1000})


RESPONSES = [
    ("/health/live", 200),
    ("/api/nowhere", 404),
    ("/api/mistakes/bug", 500),
    ("/api/mistakes/dovetail-error", 422),
    ("/api/items?size=big", 422),
    ("/%00", 400),
    ("/admin/", 200),
]


@asks_no_database
async def test_the_middleware_of_a_plugin_sees_every_response(probe):
    for path, status in RESPONSES:
        answer = await probe.get(path)
        assert (answer.status_code, answer.headers.get("x-probe")) == (status, "testserver"), path


@asks_no_database
async def test_the_middleware_of_a_plugin_sees_a_refused_body(probe):
    for content in (b"x" * 1001, (b"x" * 501 for _ in range(2))):
        answer = await probe.post("/api/echo", content=aiter_of(content), headers={"Content-Type": "application/json"})
        assert (answer.status_code, answer.headers.get("x-probe")) == (413, "testserver")


@asks_no_database
async def test_the_middleware_of_a_plugin_sees_a_refused_host_without_the_host(probe):
    answer = await probe.get("/", headers={"Host": "evil.example"})
    assert (answer.status_code, answer.headers.get("x-probe")) == (400, "no host")


@asks_no_database
async def test_a_middleware_that_reads_the_body_itself_cannot_read_more_than_the_limit(probe_app):
    class Reading:
        def __init__(self, app):
            self.app = app

        async def __call__(self, scope, receive, send):
            if scope["type"] == "http":
                while (await receive()).get("more_body"):
                    pass
            await self.app(scope, receive, send)

    probe_app.middleware_stack = None
    probe_app.user_middleware.insert(names(probe_app).index("RefusingMiddleware"), Middleware(Reading))
    async with make_client(probe_app) as client:
        for content in (b"x" * 1001, (b"x" * 501 for _ in range(2))):
            assert (await client.post("/api/echo", content=aiter_of(content))).status_code == 413


def names(app):
    return [one.cls.__name__ for one in app.user_middleware]


def aiter_of(content):
    if isinstance(content, bytes):
        return content

    async def chunks():
        for chunk in content:
            yield chunk

    return chunks()
