"""What is one person's own is stored by nobody, and no cache gives one person's answer to another."""

from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from dovetail.testing.fixtures import make_client
from tests.once import asks_no_database

TOKEN = {"Authorization": "Bearer anything"}
COOKIE = {"Cookie": "session=anything"}
PATHS = (
    "/health/live",
    "/api/nowhere",
    "/api/items",
    "/api/mistakes/bug",
    "/refused-by-a-plugin",
    "/debug/pool",
    "/%00",
)


async def test_an_answer_to_a_token_or_a_cookie_is_not_stored_an_error_neither(probe):
    for path in PATHS:
        for headers in (TOKEN, COOKIE):
            answer = await probe.get(path, headers=headers)
            assert answer.headers["cache-control"] == "no-store", (path, headers)
            assert answer.headers["vary"] == "Authorization", (path, headers)


async def test_public_responses_may_be_cached_but_not_those_to_a_token(probe):
    for path in PATHS:
        answer = await probe.get(path)
        assert "cache-control" not in answer.headers, path
        assert answer.headers["vary"] == "Authorization", path


@asks_no_database
async def test_an_answer_to_a_change_is_not_stored(probe):
    for answer in (await probe.post("/api/echo", json=1), await probe.delete("/api/nowhere"), await probe.put("/")):
        assert answer.headers["cache-control"] == "no-store"


@asks_no_database
async def test_head_gets_the_same_cache_headers_as_get(probe):
    assert (await probe.head("/health/live", headers=TOKEN)).headers["cache-control"] == "no-store"


@asks_no_database
async def test_cache_headers_that_a_response_sets_itself_are_kept(probe_app, tmp_path):
    (tmp_path / "style.css").write_text("a {}")

    async def public(_request):
        return Response("same for all", headers={"Cache-Control": "public, max-age=60"})

    async def private(_request):
        return Response("mine", headers={"Cache-Control": "private, max-age=60", "Vary": "Accept"})

    async def visit(_request):
        response = Response()
        response.set_cookie("session", "fresh")
        return response

    probe_app.router.routes += [
        *(Route(f"/{one.__name__}", one) for one in (public, private, visit)),
        Mount("/files", StaticFiles(directory=tmp_path)),
    ]
    async with make_client(probe_app) as client:
        told = {path: (await client.get(path)).headers for path in ("/public", "/private", "/visit")}
        client.cookies.clear()
        file = await client.get("/files/style.css", headers=COOKIE)
        known = await client.get("/files/style.css", headers=COOKIE | {"If-None-Match": file.headers["etag"]})
        head = await client.head("/files/style.css", headers=COOKIE)
        nobodys = await client.get("/files/other.css", headers=TOKEN)
    assert told["/public"]["cache-control"] == "public, max-age=60"
    assert "vary" not in told["/public"]
    assert told["/private"]["cache-control"] == "private, max-age=60"
    assert told["/private"]["vary"] == "Accept, Authorization"
    assert told["/visit"]["cache-control"] == "no-store"
    assert "cache-control" not in file.headers
    assert "cache-control" not in head.headers
    assert (known.status_code, "cache-control" in known.headers, known.headers["vary"]) == (304, False, "Authorization")
    assert nobodys.headers["cache-control"] == "no-store"
