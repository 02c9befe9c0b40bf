"""Reads answered in front of FastAPI's router answer what its own road answers: every byte, header and log line."""

import json
import logging
import re
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from fastapi import APIRouter, Depends, FastAPI
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Mount, Route

from dovetail.api.front.fast_path import FastPathRoutes
from dovetail.application import make_application
from dovetail.errors import NotAuthenticatedError, NotFoundError
from dovetail.testing.fixtures import running
from tests.library.api import BookPolicy, books, viewer
from tests.library.models import Genre
from tests.once import asks_no_database
from tests.resources.conftest import DAY, author, library_settings, library_url, make_book
from tests.resources.conftest import app as library_app
from tests.walking import pages

__all__ = ("author", "library_settings", "library_url", "make_book")  # fixtures
app = library_app

DURATION = re.compile(r"[0-9.]+ ms")
FAST = [  # what the compiled road answers to somebody unknown
    "/health/live",
    "/api/books",
    "/api/books?limit=1",
    "/api/books?limit=2&offset=1",
    "/api/books?count=true",
    "/api/books?count=capped&limit=1",
    "/api/books?cursor=&limit=1",
    "/api/books?fields=id,title",
    "/api/books?fields=id,author.name",
    "/api/books?ordering=-title,id",
    "/api/books?title__icontains=B%C3%BCcher",
    "/api/books?search=100%25",
    "/api/books?genres__name=Prose",
    "/api/books?pages__isnull=true",
    "/api/books?id__gte=2",
    "/api/books?offset=9999",
    "/api/genres",
    "/api/genres?limit=1&offset=1",
    "/api/genres/1",
    "/api/books/1",
    "/api/books/1?fields=title",
    "/api/books/%31",
    "/api/books/2",  # private
    "/api/books/999",
]
OTHERS = [
    "/api/books?expand=reviews",
    "/api/books/1?expand=reviews",
    "/api/books?id__in=1,2",
    "/api/books?nonsense=1",
    "/api/books?limit=x&offset=-1",
    "/api/books?limit=1&limit=2",
    "/api/books?cursor=forged",
    "/api/books?fields=secret",
    "/api/books?ordering=secret",
    "/api/books?secret=hush",
    "/api/books?ordering=",
    "/api/books?" + "&".join(f"a{n}=1" for n in range(101)),
    "/api/books?title=%00",
    "/api/books?title=%FF",
    "/api/books/1?nonsense=1",
    "/api/books/1?fields=nonsense",
    "/api/books/+1",
    "/api/books/007",
    "/api/books/%201",
    "/api/books/1%0A",
    "/api/books/0",
    "/api/books/-1",
    "/api/books/1.0",
    "/api/books/1e3",
    "/api/books/abc",
    "/api/books/%D9%A1",
    "/api/books/1%2F2",
    "/api/books/9223372036854775807",
    "/api/books/9223372036854775808",
    "/api/books/" + "9" * 5000,
    "/api/books/",
    "/api/books/1/",
    "/api//books",
    "/API/books",
    "/api/loud_books",
    "/api/loud_books/1",
    "/api/loud_books/2",
    "/api/loud_books/999",
    "/api/loud_books?count=true",
    "/api/loud_books?cursor=&limit=1",
    "/api/loud_books?nonsense=1",
    "/api/found_books?search=book",
    "/api/genres/Prose/books",
    "/api/genres/nothing/books",
    "/health/live/",
    "/health/live?a=b",
    "/health/ready",
    "/openapi.json",
    "/nothing",
]
HEADERS: list[dict[str, str]] = [
    {"X-Viewer": "0"},
    {"X-Viewer": "1"},
    {"X-Viewer": "2"},
    {"If-None-Match": "*"},
    {"If-None-Match": 'W/"other", "another"'},
    {"Accept": "text/html", "Origin": "https://elsewhere.example", "Range": "bytes=0-3"},
    {"Content-Type": "application/json"},
    {"X-Forwarded-Proto": "https"},
    {"Host": "elsewhere.example:8001"},
    {"Host": "[::1]"},
    {"X-Request-ID": "mine"},
]


@pytest.fixture
async def usual_app(app: FastAPI, library_settings) -> AsyncIterator[FastAPI]:
    """The same site on the same database, where every request takes FastAPI's road."""
    other = make_application(library_settings)
    other.dependency_overrides[never_asked] = never_asked
    async with running(other) as application:
        yield application


@pytest.fixture
async def shelf(make_book, session):
    await make_book(title='Bücher & 100% "quoted" <b>', genres=["Prose"], pages=2**62, created_at=DAY)
    await make_book(title="A private book", is_public=False)
    await make_book(title="A third book", genres=["Verse"], weight=0.1)
    session.add(Genre(name="Hidden", is_hidden=True))
    await session.commit()


def never_asked() -> None:
    """An override that nobody depends on sends every request the usual way."""


@pytest.mark.usefixtures("shelf")
async def test_both_roads_answer_alike(app, usual_app, caplog):
    for path in (*FAST, *OTHERS):
        for method in ("GET", "HEAD"):
            fast, usual = await on_both(app, usual_app, caplog, method, path)
            assert fast == usual, (method, path)


@pytest.mark.usefixtures("shelf")
async def test_both_roads_answer_alike_whatever_the_headers(app, usual_app, caplog):
    for headers in HEADERS:
        for path in ("/health/live", "/api/books?limit=1", "/api/books/1", "/api/books/2", "/api/books/x"):
            fast, usual = await on_both(app, usual_app, caplog, "GET", path, headers=headers)
            assert fast == usual, (headers, path)


OTHER_METHODS = ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"]


@asks_no_database
@pytest.mark.usefixtures("shelf")
async def test_both_roads_answer_other_methods_alike(app, usual_app, caplog):
    for method in OTHER_METHODS:
        for path in ("/health/live", "/api/genres", "/api/genres/1"):
            fast, usual = await on_both(app, usual_app, caplog, method, path)
            assert fast == usual, (method, path)


JSON = {"X-Viewer": "1", "Content-Type": "application/json"}
REFUSED_BODIES: list[dict[str, Any]] = [
    {"content": b"{"},
    {"content": b""},
    {"content": b"[]"},
    {"content": b"null"},
    {"json": {}},
    {"json": {"title": 3, "author_id": 1}},
    {"json": {"title": "forbidden", "author_id": 1}},
    {"json": {"title": "Nobody's", "author_id": 999}},
    {"json": {"title": "A book", "author_id": 1}, "headers": {"X-Viewer": ""}},
    {"json": {"title": "A book", "author_id": 1}, "headers": JSON | {"Content-Type": "text/plain"}},
    {"json": {"title": "A book", "author_id": 1}, "headers": JSON | {"Idempotency-Key": "k" * 300}},
    {"content": b'{"title": "a", "author_id": 1e400}'},
    {"content": b'{"title": "a\\u0000", "author_id": 1}'},
]


@pytest.mark.usefixtures("shelf")
async def test_both_roads_refuse_what_cannot_be_made_alike(app, usual_app, caplog):
    for body in REFUSED_BODIES:
        fast, usual = await on_both(app, usual_app, caplog, "POST", "/api/books", **{"headers": JSON} | body)
        assert fast == usual, body
        assert fast["status"] >= 400, body


@asks_no_database
@pytest.mark.parametrize("body", [b"", b'{"title"'])
async def test_a_client_that_hangs_up_within_its_body_is_no_fault_of_the_site_on_both_roads(
    app, usual_app, caplog, body
):
    def hung_up(site):
        async def call(scope, _receive, send):
            messages = iter([{"type": "http.request", "body": body, "more_body": True}])

            async def receive():
                return next(messages, {"type": "http.disconnect"})

            await site(scope, receive, send)

        return call

    fast, usual = await on_both(hung_up(app), hung_up(usual_app), caplog, "POST", "/api/books", headers=JSON)
    assert fast == usual
    assert (fast["status"], "ERROR" in "".join(fast["log"])) == (499, False)


@pytest.mark.usefixtures("shelf")
async def test_both_roads_make_the_same_object(app, usual_app, caplog):
    body = {"title": "A new book", "author_id": 1, "pages": 12}
    fast, usual = await on_both(app, usual_app, caplog, "POST", "/api/books", json=body, headers=JSON)
    assert fast["status"] == usual["status"] == 201
    assert fast["log"] == usual["log"]
    headers = [dict(one["headers"]) for one in (fast, usual)]
    made = [json.loads(one["body"]) for one in (fast, usual)]
    assert headers[0].keys() == headers[1].keys()
    for header, one in zip(headers, made, strict=True):
        assert header[b"location"] == f"/api/books/{one['id']}".encode()
        known = await get(app, f"/api/books/{one['id']}", {"If-None-Match": header[b"etag"].decode()})
        assert known.status_code == 304
    for one in made:
        for name in ("id", "isbn", "created_at"):
            assert one.pop(name)
    assert made[0] == made[1]


@pytest.mark.usefixtures("shelf")
async def test_both_roads_know_the_entity_tag_and_answer_304(app, usual_app, caplog):
    answers = await on_both(app, usual_app, caplog, "GET", "/api/books/1")
    tag = dict(answers[0]["headers"])[b"etag"].decode()
    fast, usual = await on_both(app, usual_app, caplog, "GET", "/api/books/1", headers={"If-None-Match": tag})
    assert fast == usual
    assert (fast["status"], fast["body"]) == (304, b"")


@pytest.mark.usefixtures("shelf")
async def test_what_is_answered_to_a_token_is_stored_by_no_cache_on_both_roads(app, usual_app, caplog):
    tag = (await get(app, "/api/books/1")).headers["etag"]
    for headers in ({}, {"If-None-Match": tag}, {"If-None-Match": tag, "Authorization": "Bearer x"}):
        for path in ("/api/books/1", "/api/books?limit=1", "/api/books/999"):
            for one in await on_both(app, usual_app, caplog, "GET", path, headers=headers):
                told = dict(one["headers"])
                assert told[b"vary"] == b"Authorization"
                assert told.get(b"cache-control") == (b"no-store" if "Authorization" in headers else None)


@pytest.mark.usefixtures("shelf")
async def test_both_roads_lead_through_the_same_pages(app, usual_app, caplog):
    async def get(page):
        fast, usual = await on_both(app, usual_app, caplog, "GET", page)
        assert fast == usual
        return httpx.Response(200, content=fast["body"])

    for path in ("/api/books?limit=1&cursor=", "/api/books?limit=1&ordering=title"):
        seen = [item["id"] async for answer in pages(get, path) for item in answer.json()["items"]]
        assert sorted(seen) == [1, 3]


@pytest.mark.usefixtures("shelf")
async def test_both_roads_answer_alike_below_a_root_path(app, usual_app, caplog):
    for path in ("/site/api/books?limit=1", "/site/api/books/1", "/site/health/live", "/site", "/api/books/1"):
        fast, usual = await on_both(app, usual_app, caplog, "GET", path, root_path="/site")
        assert fast == usual


@pytest.mark.usefixtures("shelf")
async def test_both_roads_answer_alike_in_an_application_that_is_mounted(app, usual_app, caplog):
    mounted = [FastAPI(routes=[Mount("/inner", one)]) for one in (app, usual_app)]
    for path in ("/inner/api/books?limit=1", "/inner/api/books/1", "/inner/health/live"):
        fast, usual = await on_both(*mounted, caplog, "GET", path)
        assert fast == usual
        assert fast["status"] == 200


@pytest.mark.usefixtures("shelf")
async def test_whom_the_policy_recognizes_is_answered_without_fastapi(app, caplog, monkeypatch):
    for path in FAST:
        for headers in ({}, {"X-Viewer": "1"}):
            assert not await took_a_transaction(app, caplog, path, headers), path
    monkeypatch.delattr(BookPolicy, "recognize_reader")
    assert await took_a_transaction(app, caplog, "/api/books/1")


@pytest.mark.usefixtures("shelf")
async def test_a_dependency_override_of_a_test_is_asked(app):
    def somebody() -> Any:
        raise NotAuthenticatedError

    app.dependency_overrides[viewer] = somebody
    assert (await get(app, "/api/books/1")).status_code == 401


@pytest.mark.usefixtures("shelf")
async def test_a_dependency_that_an_inclusion_adds_is_asked(app):
    def refuse() -> None:
        raise NotAuthenticatedError

    outer = APIRouter(dependencies=[Depends(refuse)])
    outer.include_router(books.router)
    app.include_router(outer, prefix="/guarded")
    app.include_router(books.router, prefix="/shut", dependencies=[Depends(refuse)])
    app.include_router(books.router, prefix="/open")
    for path, status in (("/guarded", 401), ("/shut", 401), ("/open", 200)):
        assert (await get(app, f"{path}/books")).status_code == status
        assert (await get(app, f"{path}/books/1")).status_code == status


@pytest.mark.usefixtures("shelf")
async def test_a_route_that_stands_in_front_shadows_the_fast_one(app):
    async def answer(request: Request) -> PlainTextResponse:
        return PlainTextResponse("in front")

    app.router.routes.insert(0, Route("/api/books/{number:int}", answer))
    app.router.routes.insert(0, Mount("/api/genres", app=answer_always))
    assert (await get(app, "/api/books/1")).text == "in front"
    assert (await get(app, "/api/genres/1")).text == "mounted"
    assert (await get(app, "/api/books")).json()["items"]
    assert (await get(app, "/api/books/x")).status_code == 422


@pytest.mark.usefixtures("shelf")
@pytest.mark.parametrize(
    "path", ["/{anything:path}", "/{room}/books/{number}", "/api/{shelf}/{number}", "/api/b{rest:path}"]
)
async def test_a_route_whose_path_may_start_in_any_way_shadows_the_fast_one(app, path):
    async def answer(request: Request) -> PlainTextResponse:
        return PlainTextResponse("in front")

    app.router.routes.insert(0, Route(path, answer))
    assert (await get(app, "/api/books/1")).text == "in front"


@pytest.mark.usefixtures("shelf")
async def test_routes_behind_one_that_chooses_in_a_way_of_its_own_are_left_to_the_router(app):
    class Odd(Route):
        def matches(self, scope: Any) -> Any:
            return super().matches(scope)

    async def answer(request: Request) -> PlainTextResponse:
        return PlainTextResponse("odd")

    app.router.routes.insert(0, Odd("/odd", answer))
    assert FastPathRoutes(app, "GET").find({"path": "/health/live", "root_path": ""}) is None
    assert (await get(app, "/api/books/1")).status_code == 200


@pytest.mark.usefixtures("shelf")
async def test_the_applications_own_exception_handlers_are_asked(app, usual_app, caplog):
    async def handle(request: Request, error: Exception) -> JSONResponse:
        return JSONResponse({"mine": str(request.url.path)}, 410)

    for one in (app, usual_app):
        one.add_exception_handler(NotFoundError, handle)
    fast, usual = await on_both(app, usual_app, caplog, "GET", "/api/books/999")
    assert fast == usual
    assert fast["status"] == 410


@pytest.mark.usefixtures("shelf")
async def test_middleware_sees_the_route_and_its_parameters_and_can_change_the_answer(app, usual_app, caplog):
    seen: list[Any] = []

    class Watch:
        def __init__(self, app: Any) -> None:
            self.app = app

        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            async def send_more(message: Any) -> None:
                if message["type"] == "http.response.start":
                    message["headers"].append((b"x-watched", b"yes"))
                await send(message)

            await self.app(scope, receive, send_more)
            if scope["type"] == "http":
                seen.append((scope["route"].path, scope["endpoint"].__name__, scope["path_params"], "router" in scope))

    for one in (app, usual_app):
        one.add_middleware(Watch)
    for path in ("/api/books/1", "/api/books", "/health/live"):
        for _ in range(2):  # what a middleware adds to one answer does not stay for the next
            fast, usual = await on_both(app, usual_app, caplog, "GET", path)
            assert fast == usual
            assert [name for name, _ in fast["headers"]].count(b"x-watched") == 1
            assert seen[-1] == seen[-2]


@pytest.mark.usefixtures("shelf")
async def test_an_exhausted_pool_is_answered_alike(make_settings, library_settings, caplog):
    settings = make_settings(
        plugins=library_settings.plugins,
        database_url=library_settings.database_url.get_secret_value(),
        database_pool_size=1,
        database_pool_timeout=0.05,
    )
    sites = [make_application(settings), make_application(settings)]
    sites[1].dependency_overrides[never_asked] = never_asked
    async with running(sites[0]), running(sites[1]):
        for path in ("/api/books", "/api/books/1", "/api/loud_books", "/health/live"):
            async with sites[0].state.database.engine.connect(), sites[1].state.database.engine.connect():
                fast, usual = await on_both(*sites, caplog, "GET", path)
            fast["log"], usual["log"] = [[line.split("QueuePool")[0] for line in one["log"]] for one in (fast, usual)]
            assert fast == usual
            assert fast["status"] == (200 if "health" in path else 503)
        assert (await get(sites[0], "/api/books")).status_code == 200


@asks_no_database
async def test_a_fast_endpoint_stays_in_the_openapi_document(app):
    operations = (await get(app, "/openapi.json")).json()["paths"]
    assert operations["/api/books/{book_id}"]["get"]["operationId"] == "get_book"
    assert operations["/health/live"]["get"]["operationId"] == "get_liveness"


async def answer_always(scope: Any, receive: Any, send: Any) -> None:
    await PlainTextResponse("mounted")(scope, receive, send)


async def get(app: Any, path: str, headers: dict[str, str] | None = None, method: str = "GET", **options: Any) -> Any:
    body = {name: options.pop(name) for name in ("json", "content") if name in options}
    transport = httpx.ASGITransport(app, raise_app_exceptions=False, **options)
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
        return await client.request(method, path, headers={"X-Request-ID": "one"} | (headers or {}), **body)


async def on_both(
    fast: Any, usual: Any, caplog: pytest.LogCaptureFixture, method: str, path: str, **options: Any
) -> list[dict[str, Any]]:
    found = []
    caplog.set_level(logging.INFO)
    for one in (fast, usual):
        caplog.clear()
        answer = await get(one, path, method=method, **options)
        lines = [
            f"{record.name} {record.levelname} {DURATION.sub('', record.getMessage())}"
            for record in caplog.records
            if record.name.startswith("dovetail")
        ]
        found.append(
            {"status": answer.status_code, "headers": answer.headers.raw, "body": answer.content, "log": lines}
        )
    return found


async def took_a_transaction(
    app: FastAPI, caplog: pytest.LogCaptureFixture, path: str, headers: dict[str, str] | None = None
) -> bool:
    caplog.set_level(logging.DEBUG, "dovetail.database")
    caplog.clear()
    await get(app, path, headers)
    return any(record.name == "dovetail.database" for record in caplog.records)
