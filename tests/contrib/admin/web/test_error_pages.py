"""What a form is refused for is told by a page, in the language of whoever sent it."""

import pytest

from tests.once import asks_no_database

LIMIT = 5_000


@pytest.fixture
def settings(settings):
    return settings.model_copy(update={"max_body_size": LIMIT})


async def send(office, path: str = "/blog/tag/add/", **headers: str):
    data = {"csrf_token": await office.token(), "name": "x" * LIMIT}
    return await office.client.post(f"/admin{path}", data=data, headers=headers)


async def test_a_form_that_is_too_large_is_refused_by_a_page(office):
    answer = await send(office)
    assert (answer.status_code, answer.headers["content-type"]) == (413, "text/html; charset=utf-8")
    assert "What you sent is larger than this site takes, so nothing was saved." in answer.text
    assert 'href="/admin/"' in answer.text


async def test_that_page_is_in_the_language_of_its_reader(office):
    answer = await send(office, **{"Accept-Language": "de"})
    assert "Was Sie gesendet haben, ist größer, als diese Website annimmt" in answer.text


async def test_scripts_and_the_api_are_told_as_they_are_elsewhere(office):
    answer = await send(office, Accept="application/json")
    assert answer.json()["detail"].startswith("What you sent is larger")
    answer = await office.client.post("/api/posts", content=b"x" * (LIMIT + 1))
    assert (answer.status_code, answer.headers["content-type"]) == (413, "application/problem+json")


@asks_no_database
async def test_nobody_is_let_in_by_a_form_that_is_too_large(client):
    client.headers["Origin"] = "http://testserver"
    answer = await client.post("/admin/blog/tag/add/", data={"name": "x" * LIMIT})
    assert answer.status_code == 413
