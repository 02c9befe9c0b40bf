"""An application is made from its settings alone; it starts whole or not at all."""

import logging
from collections.abc import Callable
from typing import Any

import pytest
from fastapi import FastAPI
from opentelemetry import trace

from dovetail.application import make_application
from dovetail.errors import ConfigurationError
from dovetail.settings import Settings
from dovetail.testing.fixtures import make_client, running
from tests.api.test_problems import assert_is_problem
from tests.conftest import create_tables

MEMORY = "sqlite:///:memory:"


@pytest.fixture
def make_app(make_settings: Callable[..., Settings]) -> Callable[..., FastAPI]:
    def make(*plugins: str, **values: object) -> FastAPI:
        return make_application(make_settings(plugins=plugins, database_url=MEMORY, **values))

    return make


async def test_two_applications_live_in_one_process_and_share_nothing(make_app):
    first, second = make_app("tests.probe", site_name="First"), make_app("tests.probe", site_name="Second")
    async with running(first), running(second), make_client(first) as to_first, make_client(second) as to_second:
        await create_tables(first.state.database)
        await create_tables(second.state.database)
        assert (await to_first.post("/api/items", json={"name": "only here"})).status_code == 201
        assert len((await to_first.get("/api/items?name=only+here")).json()) == 1
        assert (await to_second.get("/api/items?name=only+here")).json() == []
        assert "<h1>First</h1>" in (await to_first.get("/")).text
        assert "<h1>Second</h1>" in (await to_second.get("/")).text


async def test_a_site_without_a_plugin_is_a_site(make_app):
    async with make_client(make_app()) as client:
        assert (await client.get("/")).status_code == 200
        assert_is_problem(await client.get("/admin/"), 404)
        assert_is_problem(await client.get("/api/posts"), 404)


def test_every_problem_of_the_plugins_is_told_at_once_and_nothing_starts(make_app):
    with pytest.raises(ConfigurationError) as raised:
        make_app("tests.no_such_plugin", "tests.broken_probe", "plugins.comments")
    problems = str(raised.value).splitlines()
    assert len(problems) == 4
    for part in ("tests.no_such_plugin", "ZeroDivisionError", "depends on 'auth'", "depends on 'blog'"):
        assert part in str(raised.value)


async def test_what_a_plugin_mounts_keeps_its_own_addresses(probe):
    assert (await probe.get("/admin/anything/below")).text == "mounted"
    assert_is_problem(await probe.get("/administration"), 404)


async def test_nothing_of_a_plugin_shadows_what_the_kernel_answers(probe):
    for path in ("/", "/docs", "/openapi.json", "/health/live", "/health/ready"):
        assert (await probe.get(path)).status_code == 200


async def test_a_slash_too_many_leads_to_the_address_without(probe):
    answer = await probe.get("/api/items/")
    assert (answer.status_code, answer.headers["location"]) == (307, "http://testserver/api/items")


async def test_making_an_application_connects_to_nothing(make_settings, tmp_path):
    make_application(make_settings(plugins=("tests.probe",), database_url=f"sqlite:///{tmp_path}/new.sqlite3"))
    make_application(make_settings(plugins=("tests.probe",), database_url="postgresql://x@127.0.0.1:1/x"))
    assert list(tmp_path.iterdir()) == []


async def test_the_lifespan_closes_every_connection(make_settings, empty_database_url):
    app = make_application(make_settings(plugins=("tests.probe",), database_url=empty_database_url))
    async with running(app), make_client(app) as client:
        await create_tables(app.state.database)
        await client.get("/api/items")
        assert app.state.database.engine.pool.checkedin() > 0
    assert app.state.database.engine.pool.checkedin() == 0


def test_the_log_has_the_level_of_the_settings(make_app):
    make_app(log_level="DEBUG")
    assert logging.getLogger("dovetail").level == logging.DEBUG
    make_app(log_level="INFO")
    assert logging.getLogger("dovetail").level == logging.INFO


@pytest.mark.parametrize("wanted", [True, False])
async def test_requests_are_reported_to_opentelemetry_where_the_settings_say_so(make_app, monkeypatch, wanted):
    spans: list[str] = []

    class Tracer(trace.NoOpTracer):
        def start_span(self, name: str, *args: Any, **kwargs: Any) -> trace.Span:
            spans.append(name)
            return super().start_span(name, *args, **kwargs)

    class Provider(trace.TracerProvider):
        def get_tracer(self, *_: Any, **__: Any) -> Tracer:
            return Tracer()

    monkeypatch.setattr(trace, "get_tracer_provider", Provider)
    app = make_app("tests.probe", opentelemetry=wanted)
    async with running(app), make_client(app) as client:
        assert (await client.get("/health/live")).status_code == 200
    assert bool(spans) == wanted
