"""A plugin that answers errors in a way of its own has the last word, on both roads and wherever they come from."""

import sys
import textwrap

import pytest

from dovetail.application import make_application
from dovetail.testing.fixtures import make_client, running
from tests.conftest import create_tables
from tests.resources.conftest import library_settings, library_url

__all__ = ("library_settings", "library_url")  # fixtures

PLUGIN = """
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse
from dovetail.errors import DovetailError
from dovetail.plugin import Plugin


async def invalid(request, error):
    return PlainTextResponse(f"{len(error.errors())} of mine", 418)


def missing(request, error):
    return PlainTextResponse("not here", 404)


async def ours(request, error):
    return PlainTextResponse(f"ours {error.status}", error.status)


async def unforeseen(request, error):
    return PlainTextResponse(type(error).__name__, 500)


async def failing(request, error):
    raise LookupError


def setup(app, context):
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(404, missing)
    app.add_exception_handler(DovetailError, ours)
    app.add_exception_handler(Exception, unforeseen)
    app.add_exception_handler(418, failing)


plugin = Plugin(name="answering", setup=setup)
"""


@pytest.fixture
def answering(tmp_path, monkeypatch):
    (tmp_path / "pkg_answering").mkdir()
    (tmp_path / "pkg_answering" / "__init__.py").touch()
    (tmp_path / "pkg_answering" / "plugin.py").write_text(textwrap.dedent(PLUGIN))
    monkeypatch.syspath_prepend(tmp_path)
    yield "pkg_answering"
    for name in ("pkg_answering", "pkg_answering.plugin"):
        sys.modules.pop(name, None)


@pytest.fixture(params=["quick", "usual"])
async def site(request, library_settings, answering, make_settings):
    settings = library_settings.model_copy(update={"plugins": (*library_settings.plugins, answering)})
    app = make_application(settings)
    if request.param == "usual":
        app.dependency_overrides[object] = object
    async with running(app), make_client(app) as client:
        yield client


async def test_its_handlers_answer_on_both_roads(site):
    json = {"X-Viewer": "1", "Content-Type": "application/json"}
    for path in ("/api/books/x", "/api/genres/x"):
        assert ((answer := await site.get(path)).status_code, answer.text) == (418, "1 of mine")
    answer = await site.post("/api/books", content=b'{"title": 3}', headers=json)
    assert (answer.status_code, answer.text) == (418, "2 of mine")
    answer = await site.post("/api/books", content=b'{"title": NaN}', headers=json)
    assert (answer.status_code, answer.text) == (422, "ours 422")
    answer = await site.get("/api/books/999")
    assert (answer.status_code, answer.text) == (404, "ours 404")
    assert ((answer := await site.get("/nowhere")).status_code, answer.text) == (404, "not here")
    answer = await site.get("/", headers={"Host": "evil.example"})
    assert (answer.status_code, answer.text) == (400, "ours 400")


async def test_what_nobody_foresaw_is_answered_by_its_handler_and_logged_all_the_same(
    probe_settings, answering, caplog
):
    settings = probe_settings.model_copy(update={"plugins": (*probe_settings.plugins, answering)})
    async with running(make_application(settings)) as app, make_client(app) as client:
        await create_tables(app.state.database)
        answer = await client.get("/api/mistakes/bug")
        assert (answer.status_code, answer.text) == (500, "RuntimeError")
        failed = await client.get("/api/mistakes/http-exception/418")
        assert (failed.status_code, failed.text) == (500, "LookupError")
    logged = [record.getMessage().partition(":")[0] for record in caplog.records if record.name == "dovetail.errors"]
    assert logged == ["RuntimeError", "LookupError"]
