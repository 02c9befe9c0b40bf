"""Typed keys of what an application, a request or a session carries."""

import pytest
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.applications import Starlette
from starlette.requests import Request

from dovetail.database.unit_of_work import DATABASE
from dovetail.errors import ConfigurationError, DovetailError
from dovetail.plugin import Context, context_of, session_info
from dovetail.state import InfoKey, StateKey

ENGINE = StateKey[str]("engine", "enable plugins.engine")


def test_what_was_set_last_is_there():
    app = Starlette()
    ENGINE.set(app, "steam")
    ENGINE.set(app, "diesel")
    assert ENGINE.get(app) == ENGINE.find(app) == app.state.engine == "diesel"


def test_what_is_not_there_is_refused_in_one_line_that_says_what_to_do():
    app = Starlette()
    assert ENGINE.find(app) is None
    with pytest.raises(ConfigurationError, match=r"^The application has no engine; enable plugins\.engine\.$"):
        ENGINE.get(app)
    with pytest.raises(ConfigurationError, match=r"no database; make the application with create_app\.$"):
        DATABASE.get(app)


def test_two_applications_have_each_their_own():
    one, other = Starlette(), Starlette()
    ENGINE.set(one, "steam")
    assert ENGINE.find(other) is None


def test_a_request_carries_things_as_an_application_does():
    request = Request({"type": "http"})
    assert ENGINE.find(request) is None
    with pytest.raises(ConfigurationError, match=r"^The request has no engine; enable plugins\.engine\.$"):
        ENGINE.get(request)
    ENGINE.set(request, "steam")
    assert ENGINE.get(request) == "steam"


def test_a_session_carries_things_under_keys_that_nobody_else_has():
    info = AsyncSession().info
    mine, other = InfoKey[str]("engine"), InfoKey[str]("engine")
    mine.set(info, "steam")
    assert other.find(info) is None
    assert mine.find(info) == mine.pop(info) == "steam"
    assert mine.pop(info) is None


async def test_a_session_knows_the_context_it_was_opened_in(session, app):
    context = context_of(session)
    assert isinstance(context, Context)
    assert context.database is DATABASE.get(app)
    assert context_of(AsyncSession(info=session_info(context))) is context
    with pytest.raises(DovetailError, match="session_info"):
        context_of(AsyncSession())
