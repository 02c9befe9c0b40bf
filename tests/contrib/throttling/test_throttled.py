"""Any endpoint and any resource can have a limit of its own, on both roads."""

import time

import pytest
from fastapi import APIRouter, Response
from pydantic import BaseModel

from dovetail.api.throttling.throttled import throttled
from dovetail.application import make_application
from dovetail.errors import ConfigurationError
from dovetail.resources.resource import Open, Resource
from plugins.blog.models import Tag
from tests.test_registry import package, plugin

__all__ = ("package",)  # a fixture


class TagRead(BaseModel):
    name: str


class TagCreate(BaseModel):
    name: str


@pytest.fixture
def storage_kind() -> str:
    return "sqlite"


@pytest.fixture
def site(app):
    router = APIRouter()

    @router.get("/plain", dependencies=[throttled("2/minute")])
    async def plain() -> str:
        return "here"

    @router.get("/raw", dependencies=[throttled("2/minute; 3/hour")])
    async def raw() -> Response:
        return Response("here")

    @router.get("/mine", dependencies=[throttled("1/minute", by="user", name="shared")])
    async def mine() -> str:
        return "here"

    @router.get("/ours", dependencies=[throttled("1/minute", by="user", name="shared")])
    async def ours() -> str:
        return "here"

    @router.get("/called", dependencies=[throttled("1/minute", by=lambda request: request.headers["X-Shop"])])
    async def called() -> str:
        return "here"

    router.include_router(
        Resource(
            model=Tag,
            read=TagRead,
            create=TagCreate,
            policy=Open(),
            limits={"list": "1/minute"},
            path="few",
            name="few",
        ).router
    )
    router.include_router(
        Resource(
            model=Tag, read=TagRead, create=TagCreate, policy=Open(), limits="2/minute", path="all", name="every"
        ).router
    )
    app.include_router(router)
    return app


async def test_a_request_over_the_limit_gets_a_problem_with_retry_after(site, client):
    began = time.monotonic()
    for left in "10":
        answer = await client.get("/plain")
        assert answer.status_code == 200
        assert answer.headers["RateLimit"].startswith(f'"plain-60";r={left};t=')

    answer = await client.get("/plain")

    assert answer.status_code == 429
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["type"] == "urn:dovetail:problem:too-many-requests"
    seconds = int(answer.headers["Retry-After"])
    assert 30 - (time.monotonic() - began) <= seconds <= 30
    assert answer.headers["RateLimit-Policy"] == '"plain-60";q=2;w=60'
    assert answer.headers["RateLimit"] == f'"plain-60";r=0;t={seconds}'


async def test_a_custom_response_also_has_the_headers_of_every_limit(site, client):
    answer = await client.get("/raw")

    assert answer.headers["RateLimit-Policy"] == '"raw-60";q=2;w=60, "raw-3600";q=3;w=3600'
    assert answer.headers["RateLimit"] == '"raw-60";r=1;t=30, "raw-3600";r=2;t=1200'


async def test_head_counts_as_get_does(site, client):
    assert [(await client.head("/plain")).status_code for _ in range(3)] == [200, 200, 429]


async def test_each_user_has_a_limit_and_endpoints_with_one_name_share_it(site, client, client_for, make_user):
    ada, bob = [await client_for(await make_user()) for _ in range(2)]

    assert [(await one.get("/mine")).status_code for one in (ada, ada, bob, client, client)] == [
        200,
        429,
        200,
        200,
        429,
    ]
    assert (await ada.get("/ours")).status_code == 429


async def test_a_function_can_return_the_key_to_count_by(site, client):
    found = [(await client.get("/called", headers={"X-Shop": shop})).status_code for shop in ("a", "b", "a")]

    assert found == [200, 200, 429]


async def test_a_resource_counts_the_operation_that_is_named_and_no_other(site, client):
    assert [(await client.get("/few")).status_code for _ in range(2)] == [200, 429]
    assert [(await client.get("/few/7")).status_code for _ in range(3)] == [404] * 3


async def test_a_resource_counts_all_its_operations_together(site, client):
    assert (await client.get("/all")).status_code == 200
    assert (await client.get("/all/7")).status_code == 404
    assert (await client.post("/all", json={"name": "python"})).status_code == 429
    assert (await client.get("/all/7")).status_code == 429


async def test_the_openapi_document_has_429_only_where_there_is_a_limit(site):
    document = site.openapi()

    assert "429" in document["paths"]["/plain"]["get"]["responses"]
    assert "429" in document["paths"]["/few"]["get"]["responses"]
    assert "429" not in document["paths"]["/few"]["post"]["responses"]
    assert set(document["components"]["responses"]["TooManyRequests"]["headers"]) == {
        *("Retry-After", "RateLimit", "RateLimit-Policy")
    }


@pytest.mark.parametrize("rates", ["", "off", "ten/minute", "10/fortnight", "0/minute", "10/minute, 5/hour"])
def test_a_rate_that_limits_nothing_or_cannot_be_read_is_refused_when_it_is_written(rates):
    with pytest.raises(ConfigurationError, match="throttled"):
        throttled(rates)


def test_a_resource_refuses_limits_of_unknown_operations_and_invalid_rates():
    with pytest.raises(ConfigurationError, match="limits names \\['create'\\], expected some of list, retrieve"):
        Resource(model=Tag, read=TagRead, policy=Open(), limits={"create": "1/minute"})
    with pytest.raises(ConfigurationError, match="no rate"):
        Resource(model=Tag, read=TagRead, policy=Open(), limits={"list": "often"})


def test_a_site_does_not_start_with_limits_but_without_a_limiter(package, make_settings):
    api = """
    from fastapi import APIRouter

    from dovetail.api.throttling.throttled import throttled

    router = APIRouter(dependencies=[throttled("5/minute")])

    @router.get("/counted")
    async def counted() -> None: ...
    """
    package("pkg_counted", plugin("counted", routers="lazy('pkg_counted.api:router')"), api=api)
    with pytest.raises(ConfigurationError) as raised:
        make_application(make_settings(plugins=("pkg_counted",)))
    assert str(raised.value) == (
        "the endpoint 'counted' (/api/counted) has a limit, and nobody counts requests; "
        "add dovetail.contrib.throttling to the plugins"
    )
    make_application(make_settings(plugins=("dovetail.contrib.throttling", "pkg_counted")))
