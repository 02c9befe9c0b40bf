"""Of two who change the same object, the later one is told who was first, and when."""

import re

import pytest
from sqlalchemy import update

from dovetail.contrib.admin.testing import read_form
from plugins.blog.models import Post


@pytest.fixture
async def post(session, boss):
    post = Post(title="Hello", content="World", author_id=boss.id)
    session.add(post)
    await session.commit()
    return post


@pytest.fixture
async def colleague(make_user, back_office_for):
    return await back_office_for(await make_user(username="ada", is_staff=True, is_superuser=True))


async def conflict(office, post, change):
    """What the page says to who began first and saves last."""
    path = f"/blog/post/{post.id}/change/"
    mine = read_form((await office.get(path)).text)
    await change(path)
    refused = await office.client.post(f"/admin{path}", data={**mine, "title": "Mine"})
    assert refused.status_code == 409
    alert = re.search(r'<div class="alert alert-danger"[^>]*>(.*?)</div>', refused.text, re.DOTALL)[1]
    return re.sub(r"<[^>]+>|\s+", " ", alert).strip()


async def test_who_changed_it_meanwhile_is_named_with_the_time(office, colleague, post):
    told = await conflict(office, post, lambda path: colleague.submit(path, {"title": "Theirs"}))
    assert re.match(r"ada changed this at \d{4}-\d\d-\d\d \d\d:\d\d, while you were editing", told)


async def test_of_a_change_that_the_history_does_not_know_nobody_is_named(office, session, post):
    async def change(_path):
        await session.execute(update(Post).values(title="By hand"))
        await session.commit()

    assert (await conflict(office, post, change)).startswith("Somebody else changed this while you were editing")
