"""Of two who change the same object, the later one is told who was first, and when."""

import re

import pytest
from sqlalchemy import func, select, update

from dovetail.contrib.admin.testing import read_form
from dovetail.contrib.auth.permissions.grants import grant
from plugins.blog.models import Post
from tests.contrib.admin.reading import stored_now


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


async def test_what_is_stored_now_stands_below_each_field_that_holds_something_else(office, colleague, post, boss):
    path = f"/blog/post/{post.id}/change/"
    mine = {**read_form((await office.get(path)).text), "title": "Mine"}
    theirs = {"title": "Theirs", "content": "World\n<b>wide</b>", "is_published": "on"}
    await colleague.submit(path, theirs)
    refused = await office.client.post(f"/admin{path}", data=mine)
    assert stored_now(refused.text) == {
        "title": "Theirs",
        "content": "World\n&lt;b&gt;wide&lt;/b&gt;",
        "is_published": "Yes",
    }
    assert 'aria-describedby="now-field-title"' in refused.text
    assert "stands below each field where it differs" in refused.text
    saved = await office.client.post(f"/admin{path}", data=read_form(refused.text))
    assert saved.status_code == 303


async def test_what_is_empty_now_is_shown_by_a_dash_below_its_field(office, post, session):
    path = f"/blog/post/{post.id}/change/"
    mine = read_form((await office.get(path)).text)
    await session.execute(update(Post).where(Post.id == post.id).values(content=""))
    await session.commit()
    refused = await office.client.post(f"/admin{path}", data=mine)
    assert (refused.status_code, stored_now(refused.text)) == (409, {"content": "—"})


async def test_of_a_change_that_the_history_does_not_know_nobody_is_named(office, session, post):
    async def change(_path):
        await session.execute(update(Post).values(title="By hand"))
        await session.commit()

    assert (await conflict(office, post, change)).startswith("Somebody else changed this while you were editing")


async def test_what_was_typed_of_an_object_that_somebody_deleted_becomes_a_new_one_once_it_is_saved_again(
    office, colleague, post, session
):
    path = f"/blog/post/{post.id}/change/"
    form = read_form((await office.get(path)).text)
    await colleague.post("/blog/post/delete/", {"pks": str(post.id), "confirmed": "yes"})
    typed = {**form, "title": "Typed at length"}
    refused = await office.client.post(f"/admin{path}", data=typed)
    assert refused.status_code == 409
    assert "Somebody else deleted this while you were editing" in refused.text
    assert 'value="Typed at length"' in refused.text
    assert "data-draft-url" not in refused.text
    assert await session.scalar(select(func.count()).select_from(Post)) == 0
    await session.rollback()

    sent = read_form(refused.text)
    assert "_version" not in sent
    saved = await office.client.post(f"/admin{path}", data=sent)
    assert saved.status_code == 303, saved.text
    assert await session.scalar(select(Post.title)) == "Typed at length"


async def test_who_may_add_nothing_is_told_that_what_they_changed_is_gone(
    office, make_user, back_office_for, post, session
):
    mira = await make_user(username="mira", is_staff=True)
    await grant(session, mira, ["blog.view_post", "blog.change_post"])
    await session.commit()
    hers = await back_office_for(mira)
    form = read_form((await hers.get(f"/blog/post/{post.id}/change/")).text)
    await office.post("/blog/post/delete/", {"pks": str(post.id), "confirmed": "yes"})
    for said in (form, {**form, "_gone": "1"}):
        assert (await hers.client.post(f"/admin/blog/post/{post.id}/change/", data=said)).status_code == 404
    assert await session.scalar(select(func.count()).select_from(Post)) == 0
