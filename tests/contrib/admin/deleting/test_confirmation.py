"""The page that asks before it deletes: what goes along, what loses its reference, what stands in the way."""

import re

import pytest
from sqlalchemy import func, insert, select

from dovetail.contrib.admin.testing import read_form
from dovetail.contrib.auth.events.models import EventKind, SecurityEvent
from dovetail.contrib.auth.mail.models import MailKind, OutgoingMail
from dovetail.contrib.auth.models import User
from dovetail.contrib.auth.permissions import grants
from plugins.blog.models import Post, Tag, post_tags
from plugins.comments.models import Comment
from tests.contrib.admin.shelf.models import Book, Genre


def in_words(html: str) -> str:
    """Return the text of the page below its heading, with single spaces."""
    body = html[html.index('class="card card-danger deletion"') :]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", body))


async def count(session, model) -> int:
    found = await session.scalar(select(func.count()).select_from(model))
    await session.commit()
    return found


async def written(session, author, posts: int = 1, comments: int = 0, by=None) -> list[int]:
    """Write posts, with comments on the first of them, and return their keys."""
    made = [Post(title=f"Post {n}", content="x", author_id=author.id) for n in range(posts)]
    session.add_all(made)
    await session.flush()
    rows = [{"content": f"Comment {n}", "post_id": made[0].id, "author_id": (by or author).id} for n in range(comments)]
    if rows:
        await session.execute(insert(Comment), rows)
    await session.commit()
    return [one.id for one in made]


async def test_what_goes_along_is_named_counted_and_linked(office, boss, make_user, session):
    ada = await make_user(username="ada")
    keys = await written(session, ada, posts=12, comments=3, by=boss)
    parent = await session.scalar(select(Comment.id).limit(1))
    elsewhere = (await written(session, boss))[0]
    replied = Comment(content="A reply", post_id=keys[0], author_id=ada.id, parent_id=parent)
    tag = Tag(name="news")
    session.add_all([tag, replied, Comment(content="Elsewhere", post_id=elsewhere, author_id=ada.id)])
    session.add(SecurityEvent(kind=EventKind.LOGIN, user_id=ada.id, username="ada"))
    await session.flush()
    await session.execute(insert(post_tags), [{"post_id": key, "tag_id": tag.id} for key in keys[:2]])
    await session.commit()
    html = (await office.get("/auth/user/delete/", pks=str(ada.id))).text
    words = in_words(html)
    assert "This goes along" in words
    assert "Posts: 12 Post 11" in words
    assert "and 2 others" in words
    assert "Comments: 5 Elsewhere A reply" in words
    assert "Links to tags: 1 news" in words
    assert "This stays, and no longer refers to what is deleted Security events: 1" in words
    assert "What is deleted in all Kind Number Users 1" in words
    assert office.root in html
    assert re.search(rf'<a href="[^"]*{keys[-1]}[^"]*">Post 11</a>', html)
    data = read_form(html)
    answer = await office.post("/auth/user/delete/", data)
    assert answer.status_code == 303
    assert [await count(session, one) for one in (Post, Comment, User)] == [1, 0, 1]


async def test_what_goes_along_is_named_with_the_capitals_of_the_language(office, boss, session):
    tag, post = Tag(name="news"), Post(title="One", content=".", author_id=boss.id)
    session.add_all([tag, post])
    await session.flush()
    await session.execute(insert(post_tags), [{"post_id": post.id, "tag_id": tag.id}])
    session.add(SecurityEvent(kind=EventKind.RIGHTS_CHANGED, user_id=boss.id, username="boss"))
    await session.commit()
    office.client.headers["Accept-Language"] = "de"
    words = in_words((await office.get("/auth/user/delete/", pks=str(boss.id))).text)
    assert "Verknüpfungen (Schlagwörter): 1 news" in words
    assert "Berechtigungen geändert boss" in words


async def test_a_question_takes_no_more_statements_for_more_rows(office, boss, make_user, session, count_statements):
    few, many = await make_user(), await make_user()
    await written(session, few, posts=1, comments=1)
    await written(session, many, posts=200, comments=1500)
    counted = []
    for user in (few, many):
        with count_statements() as statements:
            page = await office.get("/auth/user/delete/", pks=str(user.id))
        counted.append(len(statements))
    assert counted[0] == counted[1] < 10  # all kinds of rows are counted by one
    assert "Posts: 200" in in_words(page.text)


async def test_counts_end_at_the_limit_of_the_view(office, boss, session, monkeypatch):
    monkeypatch.setattr("plugins.blog.admin.PostAdmin.count_limit", 20)
    key = (await written(session, boss, comments=30))[0]
    words = in_words((await office.get("/blog/post/delete/", pks=str(key))).text)
    assert "Comments: more than 20 Comment" in words
    assert "and more than 10 others" in words


async def test_what_was_added_meanwhile_is_told_before_it_is_deleted(office, boss, make_user, session):
    ada = await make_user()
    (key,) = await written(session, ada, comments=2)
    data = read_form((await office.get("/auth/user/delete/", pks=str(ada.id))).text)
    session.add(Comment(content="A late one", post_id=key, author_id=boss.id))
    await session.commit()
    answer = await office.post("/auth/user/delete/", data)
    assert answer.status_code == 409
    assert "What goes along has changed since you were asked." in in_words(answer.text)
    assert "A late one" in in_words(answer.text)
    assert await count(session, Comment) == 3
    assert (await office.post("/auth/user/delete/", read_form(answer.text))).status_code == 303
    assert await count(session, Comment) == 0


async def test_who_tries_to_log_in_meanwhile_does_not_keep_others_from_deleting_them(office, make_user, session):
    ada = await make_user(username="ada")
    data = read_form((await office.get("/auth/user/delete/", pks=str(ada.id))).text)
    session.add(SecurityEvent(kind=EventKind.LOGIN_FAILED, user_id=ada.id, username="ada"))
    await session.commit()
    assert (await office.post("/auth/user/delete/", data)).status_code == 303
    assert await count(session, User) == 1


async def test_what_stands_in_the_way_is_named(office, session):
    genre = Genre(name="Used")
    session.add_all([genre, Book(title="Standing", pages=1, genres=[genre])])
    await session.commit()
    for ask in (office.get("/shelf/genre/delete/", pks=str(genre.id)), None):
        page = await (ask or office.post("/shelf/genre/delete/", {"pks": [str(genre.id)], "confirmed": "yes"}))
        words = in_words(page.text)
        assert "this stands in the way. Change or delete it first. Books: 1 Book 1" in words
        assert 'type="submit">Delete<' not in page.text
    assert page.status_code == 409
    assert await count(session, Genre) == 1


@pytest.fixture
async def clerk(make_user, session):
    """Somebody who may delete users and posts, and what others commented neither see nor delete."""
    user = await make_user(username="clerk", is_staff=True)
    await grants.grant(session, user, ("auth.delete_user", "auth.view_user", "blog.delete_post", "blog.view_post"))
    await session.commit()
    return user


async def test_who_may_not_delete_what_goes_along_deletes_nothing(clerk, back_office_for, boss, make_user, session):
    ada = await make_user()
    await written(session, ada, comments=1, by=boss)
    session.add(OutgoingMail(kind=MailKind.CONFIRM_EMAIL, user_id=ada.id, to="a@example.org", subject="x"))
    await session.commit()
    office = await back_office_for(clerk)
    page = await office.get("/auth/user/delete/", pks=str(ada.id))
    words = in_words(page.text)
    assert "you may not delete them. comments" in words
    assert "mail" not in words
    assert "Comment 0" not in words
    assert 'type="submit">Delete<' not in page.text
    answer = await office.post("/auth/user/delete/", {"pks": [str(ada.id)], "confirmed": "yes"})
    assert answer.status_code == 409
    assert [await count(session, one) for one in (User, Comment)] == [3, 1]
    await session.execute(Comment.__table__.delete())
    await session.commit()
    office.client.headers["Accept-Language"] = "de"  # what waits to be sent stands in nobody's way in any language
    await office.post("/auth/user/delete/", {"pks": [str(ada.id)], "confirmed": "yes"})
    assert await count(session, User) == 2
