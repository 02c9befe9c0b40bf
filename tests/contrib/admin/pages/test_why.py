"""Superusers ask in the back office why somebody may do something, and are told what `manage.py why` tells."""

import pytest

from plugins.blog.models import Post

ASKED = "/why?user=eddie&action=change&model=blog.post&key=1"


@pytest.fixture
async def eddie(make_user, session):
    eddie, other = await make_user(username="eddie", is_staff=True), await make_user()
    session.add(Post(id=1, title="t", content="c", author_id=other.id, is_published=True))
    await session.commit()
    return eddie


@pytest.fixture
async def desk(make_user, back_office_for):
    return await back_office_for(await make_user(username="root", is_superuser=True))


@pytest.mark.usefixtures("eddie")
async def test_a_superuser_is_told_the_rule_its_sql_and_the_smallest_grant(desk):
    page = (await desk.get(ASKED)).text
    for words in (
        "eddie may not change Post 1.",
        "The rule: plugins.blog.policies.PostPolicy.where",
        "It asked for blog.change_post: no.",
        "blog_post.author_id = ",
        "The smallest grant that would allow it: blog.change_post",
    ):
        assert words in page
    assert 'href="/admin/why"' in (await desk.get("/")).text


async def test_nobody_else_finds_the_page_or_opens_it(eddie, back_office_for):
    desk = await back_office_for(eddie)
    assert "/admin/why" not in (await desk.get("/")).text
    assert (await desk.get(ASKED)).status_code == 403


@pytest.mark.usefixtures("eddie")
@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("user=nobody&action=view&model=blog.post", "There is no user &#39;nobody&#39;"),
        ("user=eddie&action=view&model=blog.pots", "did you mean blog.post?"),
        ("user=eddie&action=fly&model=blog.post", "Post has no action &#39;fly&#39;"),
        ("user=eddie&action=view&model=blog.post&key=99", "There is no Post 99."),
        ("user=eddie&action=view&model=blog.post&key=x", "is no id of Post"),
    ],
)
async def test_a_question_that_makes_no_sense_is_refused_above_the_form(desk, query, words):
    answer = await desk.get(f"/why?{query}")
    assert (answer.status_code, words in answer.text) == (422, True)


@pytest.mark.usefixtures("eddie")
async def test_the_answer_and_what_is_wrong_with_a_question_are_in_the_language_of_the_page(desk):
    desk.client.headers["Accept-Language"] = "de"
    page = (await desk.get(ASKED)).text
    for words in (
        "eddie darf Beitrag 1 nicht ändern.",
        "Sie fragt nach blog.change_post: nein.",
        "Dafür genügt es, dies zu erteilen: blog.change_post",
        "Die Verwaltung verlangt außerdem is_staff und blog.change_post: es fehlt blog.change_post.",
        ">moderieren</option>",
        ">Beitrag (blog.post)</option>",
        ">Änderung (history.recordedchange)</option>",
        '<small class="text-secondary">blog.post</small>',
    ):
        assert words in page
    assert "It asked" not in page
    assert "Beitrag 99 gibt es nicht." in (await desk.get("/why?user=eddie&action=view&model=blog.post&key=99")).text
