"""Browsers are told to be careful, and an application's own word stands."""

import httpx
import pytest

from dovetail.application import make_application
from dovetail.middleware.security_headers import DEFAULTS
from tests.once import asks_no_database


@asks_no_database
async def test_every_response_has_security_headers_including_errors(probe):
    for path in ("/health/live", "/api/nowhere", "/api/mistakes/bug", "/refused-by-a-plugin", "/%00"):
        answer = await probe.get(path)
        assert {name: answer.headers.get(name) for name in DEFAULTS} == DEFAULTS, path
        assert "strict-transport-security" not in answer.headers


@asks_no_database
async def test_headers_that_an_application_sets_itself_are_kept(probe):
    answer = await probe.get("/admin/")
    assert answer.headers.get_list("content-security-policy") == ["default-src 'none'"]
    assert answer.headers["x-frame-options"] == "DENY"


@pytest.mark.parametrize(
    ("environment", "scheme", "told"),
    [("production", "https", True), ("production", "http", False), ("development", "https", False)],
)
async def test_only_production_sends_hsts_and_only_over_https(make_settings, environment, scheme, told):
    app = make_application(make_settings(plugins=(), environment=environment, database_url="sqlite:///:memory:"))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=f"{scheme}://testserver") as client:
        answer = await client.get("/health/live")
    assert ("strict-transport-security" in answer.headers) is told
