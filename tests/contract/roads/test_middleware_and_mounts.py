"""What stands around both roads sees and does the same: a plugin's middleware, handlers, a mount, OpenTelemetry."""

import re
from collections import Counter
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest
from fastapi import FastAPI
from opentelemetry import metrics, trace
from starlette.requests import Request as StarletteRequest
from starlette.responses import JSONResponse
from starlette.routing import Mount

from dovetail.errors import DovetailError, NotFoundError, PermissionDeniedError
from tests.contract.roads.asgi import Headers
from tests.contract.roads.callers import NOBODY, OTHER, OWNER, viewer
from tests.contract.roads.operations import Catalogue
from tests.contract.roads.site import Road, Roads, both_roads

CALLERS: tuple[Headers, ...] = (NOBODY, OWNER + viewer(1))

# Keys of tags, which are drawn by either road, and moments, whose fractions end where their zeros do.
DRAWN = re.compile(rb"\"id\"\s*:\s*\d+|\d{4}-\d\d-\d\dT[\d:.]+")


class Watching:
    """Notes all that passes, as the tracer, the meter and the audit log of a plugin would, and adds a header."""

    def __init__(self, app: Any, seen: list[Any]) -> None:
        self.app, self.seen = app, seen

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        messages: list[Any] = []

        async def note_received() -> Any:
            message = await receive()
            messages.append((message["type"], len(message.get("body", b"")), message.get("more_body")))
            return message

        async def note_sent(message: Any) -> None:
            body = DRAWN.sub(b"", message.get("body", b""))
            messages.append((message["type"], message.get("status"), len(body), set(message)))
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"x-watched", b"yes")]
            await send(message)

        before = dict(scope)
        await self.app(scope, note_received, note_sent)
        route, endpoint = scope.get("route"), scope.get("endpoint")
        names = (getattr(route, "path", None), getattr(endpoint, "__name__", None), scope.get("path_params"))
        kept = [key for key in before if scope.get(key) is not before[key]]
        self.seen.append((scope["method"], before["path"], names, "router" in scope, sorted(kept), messages))


def watch(app: FastAPI) -> list[Any]:
    """Let a middleware stand around the road, as one that a plugin's `setup` adds does."""
    seen: list[Any] = []
    app.add_middleware(Watching, seen=seen)
    return seen


async def test_a_middleware_around_sees_the_same_messages_and_the_same_route(two_databases):
    async with both_roads(*two_databases) as roads:
        fast, usual = [watch(road.app) for road in roads]
        catalogue = Catalogue(roads.fast.app)
        found = await roads.compare(
            catalogue.request(operation, "watched", caller) for operation in catalogue.operations for caller in CALLERS
        )
    assert all(record.header("x-watched") == "yes" for record in found)
    assert [one for one, other in zip(fast, usual, strict=True) if one != other] == []


async def test_the_applications_own_handlers_answer_alike(two_databases):
    async def handle(request: StarletteRequest, error: Exception) -> JSONResponse:
        return JSONResponse({"mine": str(request.url.path), "error": type(error).__name__}, 410)

    async with both_roads(*two_databases) as roads:
        for road in roads:
            for error in (NotFoundError, PermissionDeniedError, DovetailError):
                road.app.add_exception_handler(error, handle)
        catalogue = Catalogue(roads.fast.app)
        changes = {"target": "/api/posts/999"}
        requests = [
            catalogue.request(one, "of nobody", OWNER, **changes) for one in catalogue.named("get_post", "update_post")
        ]
        requests += [catalogue.request(one, "other's", OTHER) for one in catalogue.named("update_product", "get_crate")]
        requests += [catalogue.request(one, "no token") for one in catalogue.named("delete_post", "create_post")]
        found = await roads.compare(requests)
    assert {record.status for record in found} == {410}


async def test_both_roads_answer_alike_in_an_application_that_is_mounted(roads: Roads):
    mounted = Roads(*(Road(FastAPI(routes=[Mount("/inner", road.app)])) for road in roads), twins=roads.twins)
    catalogue = Catalogue(roads.fast.app)
    names = ("get_post", "list_posts", "list_tag_posts", "create_product", "update_post", "delete_post", "list_crates")
    found = await mounted.compare(
        catalogue.request(operation, "mounted", caller, target=f"/inner{catalogue.target(operation)}")
        for operation in catalogue.named(*names)
        for caller in (NOBODY, OWNER)
    )
    await roads.compare_rows()
    assert {record.status for record in found} == {200, 201, 204, 401}


class Told:
    """Counts what is reported to the providers of metrics and of traces, with the labels."""

    def __init__(self) -> None:
        self.count: Counter[str] = Counter()

    def get_meter(self, *_: Any, **__: Any) -> "Told":
        return self

    get_tracer = get_meter

    def create_histogram(self, name: str, *_: Any, **__: Any) -> Any:
        return SimpleNamespace(record=partial(self.note, name), add=partial(self.note, name))

    create_counter = create_up_down_counter = create_histogram

    def note(self, name: str, _amount: float, attributes: Any = None, *_: Any, **__: Any) -> None:
        self.count[f"{name} {sorted((attributes or {}).items())}"] += 1

    def start_span(self, name: str, *args: Any, attributes: Any = None, **kwargs: Any) -> Any:
        self.note(f"span {name}", 1, attributes)
        return trace.NoOpTracer().start_span(name, *args, attributes=attributes, **kwargs)

    def start_as_current_span(self, name: str, *args: Any, attributes: Any = None, **kwargs: Any) -> Any:
        self.note(f"span {name}", 1, attributes)
        return trace.NoOpTracer().start_as_current_span(name, *args, attributes=attributes, **kwargs)


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Told:
    """Stand in for the OpenTelemetry providers of the process."""
    told = Told()
    monkeypatch.setattr(metrics, "get_meter_provider", lambda: told)
    monkeypatch.setattr(trace, "get_tracer_provider", lambda: told)
    return told


async def test_the_same_metrics_and_spans_are_reported_with_the_same_labels(two_databases, told):
    counted = []
    async with both_roads(*two_databases, opentelemetry=True) as roads:
        catalogue = Catalogue(roads.fast.app)
        names = (
            "get_post",
            "list_posts",
            "list_tag_posts",
            "create_product",
            "update_post",
            "delete_post",
            "get_crate",
        )
        requests = [
            catalogue.request(operation, "measured", caller)
            for operation in catalogue.named(*names)
            for caller in (NOBODY, OWNER)
        ]
        for road in roads:
            told.count.clear()
            for request in requests:
                await road.send(request)
            counted.append(dict(told.count))
        assert not roads.twins.differences(roads.fast.records, roads.usual.records)
    assert counted[0] == counted[1]
    assert any(label.startswith("http.server.request.duration") and "{post_id}" in label for label in counted[0])
    assert any(label.startswith("span ") for label in counted[0])
