"""Pages of other origins may read what the settings say, and are told so with every answer, errors too."""

from collections.abc import Callable

import pytest

from dovetail.application import make_application
from dovetail.errors import ConfigurationError
from dovetail.settings import Settings, load_settings
from dovetail.testing.fixtures import make_client
from tests.once import asks_no_database

ORIGIN = "https://app.example.com"
PREFLIGHT = {"Origin": ORIGIN, "Access-Control-Request-Method": "PATCH"}


@pytest.fixture
def probe_settings(probe_settings: Settings) -> Settings:
    return probe_settings.model_copy(update={"cors_allowed_origins": (ORIGIN,), "max_body_size": 1000})


RESPONSES = [
    ("/health/live", 200),
    ("/openapi.json", 200),
    ("/api/items", 200),
    ("/api/nowhere", 404),
    ("/api/mistakes/bug", 500),
    ("/api/mistakes/dovetail-error", 422),
    ("/api/mistakes/http-exception/503", 503),
    ("/refused-by-a-plugin", 409),
    ("/debug/pool", 401),
    ("/%00", 400),
]


@asks_no_database
async def test_an_allowed_origin_may_read_every_response(probe):
    for path, status in RESPONSES:
        answer = await probe.get(path, headers={"Origin": ORIGIN})
        assert answer.status_code == status, path
        assert answer.headers["access-control-allow-origin"] == ORIGIN, path
        assert "Origin" in answer.headers["vary"], path
        exposed = answer.headers["access-control-expose-headers"].split(", ")
        assert {"ETag", "Link", "Location", "Retry-After", "X-Request-ID"} <= set(exposed), path


@asks_no_database
async def test_an_allowed_origin_may_read_responses_to_refused_requests(probe):
    large = await probe.post("/api/echo", content=b"x" * 1001, headers={"Origin": ORIGIN})
    wrong = await probe.get("/", headers={"Origin": ORIGIN, "Host": "evil.example"})
    assert [large.status_code, wrong.status_code] == [413, 400]
    assert {one.headers["access-control-allow-origin"] for one in (large, wrong)} == {ORIGIN}


@asks_no_database
async def test_a_preflight_is_answered_and_cached(probe):
    wanted = {"Access-Control-Request-Headers": "authorization,if-match,idempotency-key,content-type"}
    answer = await probe.options("/api/items/1", headers=PREFLIGHT | wanted)
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert "PATCH" in answer.headers["access-control-allow-methods"]
    assert answer.headers["access-control-max-age"] == "600"
    assert "access-control-allow-credentials" not in answer.headers


@asks_no_database
async def test_another_origin_gets_no_cors_headers_but_the_response_varies(probe):
    for headers in ({"Origin": "https://app.example.com.evil.example"}, {"Origin": "null"}, {}):
        answer = await probe.get("/health/live", headers=headers)
        assert answer.status_code == 200
        assert "access-control-allow-origin" not in answer.headers
        assert "Origin" in answer.headers["vary"]
    refused = await probe.options("/api/items/1", headers=PREFLIGHT | {"Origin": "https://evil.example"})
    assert refused.status_code == 400
    assert "access-control-allow-origin" not in refused.headers


@asks_no_database
@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"Origin": "https://evil.example"}, "origin"),
        ({"Access-Control-Request-Method": "BREW"}, "method"),
        ({"Access-Control-Request-Headers": "x-strange"}, "headers"),
        ({"Origin": "https://evil.example", "Access-Control-Request-Method": "BREW"}, "origin, method"),
    ],
)
async def test_a_refused_preflight_is_a_problem_that_names_what_is_not_allowed(probe, change, named):
    refused = await probe.options("/api/items/1", headers=PREFLIGHT | change)
    assert refused.status_code == 400
    assert refused.headers["content-type"] == "application/problem+json"
    assert "Origin" in refused.headers["vary"]
    problem = refused.json()
    assert problem["type"] == "urn:dovetail:problem:bad-request"
    assert problem["detail"].endswith(f"not allowed: {named}.")
    assert problem["request_id"] == refused.headers["x-request-id"]


@asks_no_database
async def test_the_back_office_is_closed_to_other_origins(probe):
    for answer in (
        await probe.get("/admin/", headers={"Origin": ORIGIN}),
        await probe.get("/admin", headers={"Origin": ORIGIN}),
        await probe.options("/admin/", headers=PREFLIGHT),
    ):
        assert "access-control-allow-origin" not in answer.headers
    assert "access-control-allow-origin" in (await probe.get("/administration", headers={"Origin": ORIGIN})).headers


async def test_without_allowed_origins_there_are_no_cors_headers(make_settings):
    app = make_application(make_settings(plugins=(), database_url="sqlite:///:memory:"))
    async with make_client(app) as client:
        answer = await client.get("/health/live", headers={"Origin": ORIGIN})
    assert not [name for name in answer.headers if name.startswith("access-control")]
    assert "Origin" not in answer.headers["vary"]


async def test_credentials_methods_headers_and_max_age_are_settings(make_settings: Callable[..., Settings]):
    settings = make_settings(
        plugins=(),
        database_url="sqlite:///:memory:",
        cors_allowed_origins="https://APP.example.com, capacitor://localhost, http://[::1]:5173",
        cors_allowed_methods="get,report",
        cors_allowed_headers="X-Tenant",
        cors_exposed_headers="X-Total",
        cors_allow_credentials=True,
        cors_max_age=0,
    )
    async with make_client(make_application(settings)) as client:
        for origin in ("https://app.example.com", "capacitor://localhost", "http://[::1]:5173"):
            asked = {"Origin": origin, "Access-Control-Request-Method": "REPORT"}
            preflight = await client.options("/", headers=asked | {"Access-Control-Request-Headers": "x-tenant"})
            assert preflight.status_code == 200
            assert preflight.headers["access-control-max-age"] == "0"
            answer = await client.get("/", headers={"Origin": origin})
            assert answer.headers["access-control-allow-origin"] == origin
            assert answer.headers["access-control-allow-credentials"] == "true"
            assert answer.headers["access-control-expose-headers"] == "X-Total"
        asked = {"Origin": origin, "Access-Control-Request-Method": "PATCH"}
        assert (await client.options("/", headers=asked)).status_code == 400


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"CORS_ALLOWED_ORIGINS": "app.example.com"}, "https://app.example.com, without a path"),
        ({"CORS_ALLOWED_ORIGINS": "https://app.example.com/"}, "without a path, found 'https://app.example.com/'"),
        ({"CORS_ALLOWED_ORIGINS": "https://*.example.com"}, "without a path, found"),
        ({"CORS_ALLOWED_ORIGINS": "null"}, "without a path, found 'null'"),
        ({"CORS_ALLOWED_ORIGINS": "https://app.example.com:443"}, "leave it out"),
        ({"CORS_ALLOWED_ORIGINS": "*,https://app.example.com"}, "name it alone"),
        ({"CORS_ALLOWED_ORIGINS": "*", "CORS_ALLOW_CREDENTIALS": "true"}, "cannot be used with CORS_ALLOW_CREDENTIALS"),
        ({"CORS_EXPOSED_HEADERS": "*", "CORS_ALLOW_CREDENTIALS": "1"}, "cannot be used with CORS_ALLOW_CREDENTIALS"),
        ({"CORS_ALLOWED_HEADERS": "X Tenant"}, "expected names of letters"),
        ({"CORS_ALLOWED_METHODS": "GET POST"}, "expected names of letters"),
        ({"CORS_MAX_AGE": "-1"}, "CORS_MAX_AGE"),
    ],
)
def test_settings_that_no_browser_could_use_are_refused_at_startup(settings_class, monkeypatch, variables, said):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ConfigurationError) as raised:
        load_settings(settings_class)
    assert said in str(raised.value)


async def test_a_star_lets_every_origin_read_without_credentials(make_settings):
    app = make_application(make_settings(plugins=(), database_url="sqlite:///:memory:", cors_allowed_origins="*"))
    async with make_client(app) as client:
        answer = await client.get("/api/nowhere", headers={"Origin": "https://anywhere.example"})
    assert answer.headers["access-control-allow-origin"] == "*"
