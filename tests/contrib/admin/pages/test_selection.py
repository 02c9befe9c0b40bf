"""Deleting and acting on selected rows: asked first, whole or not at all."""

import pytest
from sqlalchemy import event, func, select

from dovetail.contrib.auth.models import User
from plugins.blog.models import Post, Tag
from plugins.comments.models import Comment, CommentStatus
from tests.contrib.admin.shelf.models import Book, Genre


async def count(session, model) -> int:
    found = await session.scalar(select(func.count()).select_from(model))
    await session.commit()  # on SQLite a transaction of ours would keep the application from writing
    return found


@pytest.fixture
async def tags(session):
    tags = [Tag(name=name) for name in "abc"]
    session.add_all(tags)
    await session.commit()
    return [str(tag.id) for tag in tags]


async def test_deleting_asks_first_and_names_what_goes(office, session, tags):
    page = await office.post("/blog/tag/delete/?search=x", {"pks": tags})
    assert page.status_code == 200
    assert "Delete 3 tags?" in page.text
    assert await count(session, Tag) == 3
    answer = await office.post("/blog/tag/delete/?search=x", {"pks": tags, "confirmed": "yes"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/admin/blog/tag/?search=x")
    assert await count(session, Tag) == 0
    assert "3 tags were deleted." in (await office.get("/blog/tag/")).text
    assert "were deleted" not in (await office.get("/blog/tag/")).text


async def test_a_link_to_delete_one_row_asks_too(office, session, tags):
    page = await office.get("/blog/tag/delete/", pks=tags[0])
    assert "Delete 1 tag?" in page.text
    await office.submit(f"/blog/tag/delete/?pks={tags[0]}", {})
    assert await count(session, Tag) == 2


async def test_if_one_of_the_selected_is_gone_nothing_is_deleted(office, session, tags):
    await office.post("/blog/tag/delete/", {"pks": [*tags, "999"], "confirmed": "yes"})
    assert "Nothing was done. 1 of 4 selected are not there any more." in (await office.get("/blog/tag/")).text
    assert await count(session, Tag) == 3


async def test_if_one_of_the_selected_cannot_be_deleted_none_is(office, session):
    genres = [Genre(name="Free"), Genre(name="Used")]
    session.add_all([*genres, Book(title="One", pages=1, genres=[genres[1]])])
    await session.commit()
    answer = await office.post("/shelf/genre/delete/", {"pks": [str(one.id) for one in genres], "confirmed": "yes"})
    assert answer.status_code == 409
    assert "Nothing can be deleted here" in answer.text
    assert await count(session, Genre) == 2


ODD_SELECTIONS = [[], [""], ["x"], ["9" * 40], ["1,2"], ["1;2"], ["0", "-1"]]


async def test_odd_selections_delete_nothing_and_crash_nothing(office, session, tags):
    for pks in ODD_SELECTIONS:
        answer = await office.post("/blog/tag/delete/", {"pks": pks, "confirmed": "yes"})
        assert answer.status_code == 303, pks
        assert await count(session, Tag) == 3, pks


async def test_no_more_is_selected_than_a_page_has(office, tags):
    assert (await office.post("/blog/tag/delete/", {"pks": [str(n) for n in range(201)]})).status_code == 400


async def test_selecting_a_row_twice_counts_once(office, session, tags):
    await office.post("/blog/tag/delete/", {"pks": [tags[0], tags[0]], "confirmed": "yes"})
    assert await count(session, Tag) == 2


async def test_nobody_deletes_themselves(office, boss, make_user, session):
    other = await make_user()
    await office.post("/auth/user/delete/", {"pks": [str(boss.id), str(other.id)], "confirmed": "yes"})
    assert "You cannot delete yourself." in (await office.get("/auth/user/")).text
    assert await count(session, User) == 2


async def test_deleting_a_user_takes_their_posts_and_comments_along(office, boss, make_user, session):
    user = await make_user()
    post = Post(title="One", content="x", author_id=user.id, tags=[Tag(name="a")])
    session.add(post)
    await session.flush()
    session.add(Comment(content="x", post_id=post.id, author_id=boss.id))
    await session.commit()
    await office.post("/auth/user/delete/", {"pks": [str(user.id)], "confirmed": "yes"})
    assert [await count(session, model) for model in (User, Post, Comment, Tag)] == [1, 0, 0, 1]


@pytest.fixture
async def comments(session, boss):
    post = Post(title="One", content="x", author_id=boss.id)
    session.add(post)
    await session.flush()
    comments = [Comment(content=f"c{n}", post_id=post.id, author_id=boss.id) for n in range(3)]
    session.add_all(comments)
    await session.commit()
    return comments


@pytest.mark.parametrize(("name", "status"), [("approve", CommentStatus.APPROVED), ("reject", CommentStatus.REJECTED)])
async def test_comments_are_moderated_many_at_once(office, session, comments, name, status):
    answer = await office.post(
        f"/comments/comment/action/{name}/", {"pks": [str(comment.id) for comment in comments[:2]]}
    )
    assert answer.status_code == 303
    assert f"2 comments {status.value}." in (await office.get("/comments/comment/")).text
    found = (await session.scalars(select(Comment.status).order_by(Comment.id))).all()
    assert found == [status, status, CommentStatus.PENDING]


async def test_actions_stand_in_the_order_they_were_written(office, comments):
    page = (await office.get("/comments/comment/")).text
    assert page.index(">Approve<") < page.index(">Reject<")


async def test_an_action_with_a_question_asks_it_first(office, session):
    session.add(book := Book(title="Thick", pages=100))
    await session.commit()
    page = await office.post("/shelf/book/action/shorten/", {"pks": [str(book.id)]})
    assert "Tear out half of the pages?" in page.text
    await session.refresh(book)
    assert book.pages == 100
    await session.commit()
    await office.post("/shelf/book/action/shorten/", {"pks": [str(book.id)], "confirmed": "yes"})
    await session.refresh(book)
    assert book.pages == 50


async def test_an_action_that_fails_half_way_undoes_everything(office, session):
    books = [Book(title="Thick", pages=100), Book(title="Unbreakable", pages=100)]
    session.add_all(books)
    await session.commit()
    await office.post("/shelf/book/action/shorten/", {"pks": [str(book.id) for book in books], "confirmed": "yes"})
    assert "Nothing was done. This one cannot be torn." in (await office.get("/shelf/book/")).text
    session.expire_all()
    assert (await session.scalars(select(Book.pages))).all() == [100, 100]


async def test_what_is_selected_is_deleted_in_one_statement(office, tags, count_statements):
    with count_statements() as statements:
        await office.post("/blog/tag/delete/", {"pks": tags, "confirmed": "yes"})
    assert len(tags) > 1
    assert len([one for one in statements if one.startswith("DELETE")]) == 1


async def test_who_listens_to_deletions_hears_of_each(office, tags, session):
    heard = []

    def listen(_mapper, _connection, tag):
        heard.append(str(tag.id))

    event.listen(Tag, "before_delete", listen)
    try:
        await office.post("/blog/tag/delete/", {"pks": tags, "confirmed": "yes"})
    finally:
        event.remove(Tag, "before_delete", listen)
    assert sorted(heard) == sorted(tags)
    assert await count(session, Tag) == 0
