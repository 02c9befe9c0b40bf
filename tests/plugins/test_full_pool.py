"""A full pool is an everyday matter: each request it turns away leaves one quiet line, and no traceback."""

import logging

import pytest

from dovetail.application import make_application
from dovetail.contrib.admin.testing import ORIGIN, read_form
from dovetail.testing.fixtures import running

PAGES = ("/admin/login", "/admin/", "/admin/blog/post/", "/admin/blog/post/add/", "/api/posts", "/api/users/me")
FORM = {"username": "ada", "password": "correct horse battery staple"}
PERSON = FORM | {"email": "a@example.org"}


@pytest.fixture
def settings(make_settings, database_url):
    return make_settings(database_url=database_url, database_pool_size=1, database_pool_timeout=0.1)


@pytest.fixture
async def app(settings):
    async with running(make_application(settings)) as app:
        yield app


async def test_whatever_meets_a_full_pool_is_a_503_and_one_line_in_the_log(app, client, staff, back_office_for, caplog):
    form = FORM | read_form((await client.get("/admin/login")).text) | FORM
    office = await back_office_for(staff.user)
    sends = [lambda path=path: office.client.get(path) for path in PAGES]
    sends += [
        lambda: client.post("/admin/login", data=form, headers={"Origin": ORIGIN}),
        lambda: office.client.post("/api/auth/login", data=FORM),
        lambda: office.client.post("/api/auth/register", json=PERSON),
        lambda: staff.client.post("/api/posts", json={"title": "x", "content": "y"}),
        lambda: staff.client.patch("/api/posts/1", json={"title": "x"}),
    ]
    async with app.state.database.engine.connect():
        for send in sends:
            caplog.clear()
            answer = await send()
            assert answer.status_code == 503, (answer.request.url, answer.text)
            assert int(answer.headers["retry-after"]) >= 1
            lines = [record for record in caplog.records if record.levelno >= logging.WARNING]
            assert len(lines) == 1, (answer.request.url, [line.getMessage() for line in lines])
            assert lines[0].exc_info is None
            assert "\n" not in lines[0].getMessage()
