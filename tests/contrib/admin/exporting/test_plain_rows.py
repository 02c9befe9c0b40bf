"""Exports are read without objects where they show columns, and are the same files as with them."""

import csv
from contextlib import contextmanager
from io import StringIO

import pytest
from sqlalchemy import event

from dovetail.contrib.admin.columns.code_names import returned_by
from dovetail.contrib.admin.views import ModelAdmin
from dovetail.contrib.auth.models import User
from plugins.blog.admin import PostAdmin
from plugins.blog.models import Post, Tag
from plugins.comments.admin import CommentAdmin
from plugins.comments.models import Comment, CommentStatus
from tests.contrib.admin.shelf.admin import BookAdmin
from tests.contrib.admin.shelf.models import Book

COMMENTS, BOOKS = "/comments/comment/export/{}/", "/shelf/book/export/{}/"
KEY_OF_OBJECTS = "comments_comment.post_id"  # which relations of objects hang on, and no cell shows


async def by_objects(view, obj, name):
    """What a view of its own may do with each cell."""
    return await ModelAdmin.get_prop_value(view, obj, name)


@pytest.fixture
async def comments(session, boss, make_user):
    """Comments on posts with all kinds of titles, by two authors."""
    other = await make_user(username="other")
    posts = [Post(title=title, content="x", author_id=boss.id) for title in ("=1+1", " ", 'a "b", c', "é")]
    session.add_all(posts)
    await session.flush()
    session.add_all(
        Comment(content=f"No {n}\n- x", post_id=post.id, author_id=author.id, status=status)
        for n, (post, author) in enumerate((post, author) for post in posts for author in (boss, other))
        for status in CommentStatus
    )
    await session.commit()


@pytest.fixture
async def books(session, boss):
    session.add_all(
        [Book(title="Ants", pages=3, owner_id=boss.id), Book(title="=Bees", pages=-5), Book(title="Hidden")]
    )
    await session.commit()


async def read(office, path, kind="csv", **query):
    answer = await office.get(path.format(kind), **query)
    assert answer.status_code == 200, answer.text
    return answer.content


@pytest.mark.parametrize("kind", ["csv", "json"])
async def test_an_export_is_the_same_file_with_and_without_objects(office, comments, books, monkeypatch, kind):
    monkeypatch.setattr(CommentAdmin, "export_types", ["csv", "json"])
    asked = [(COMMENTS, {}), (COMMENTS, {"status": "pending"}), (COMMENTS, {"search": "other"})]
    asked += [(BOOKS, {}), (BOOKS, {"search": "boss"})]
    plain = [await read(office, path, kind, **query) for path, query in asked]
    for view in (CommentAdmin, BookAdmin):
        monkeypatch.setattr(view, "get_prop_value", by_objects)
    assert [await read(office, path, kind, **query) for path, query in asked] == plain
    assert len({*plain}) == len(plain)


async def test_what_an_object_is_called_by_is_read_as_a_column(office, comments, count_statements):
    with count_statements() as statements:
        table = list(csv.reader(StringIO((await read(office, COMMENTS)).decode())))
    assert not any(KEY_OF_OBJECTS in one.split("FROM")[0] for one in statements)
    assert [row[1] for row in table[1::6]] == ["'=1+1", "Post 2", 'a "b", c', "é"]
    assert {row[2] for row in table[1:]} == {"boss", "other"}


async def test_who_listens_to_what_is_loaded_hears_of_each_object(office, comments):
    heard = []

    @contextmanager
    def listening(target):
        def hear(obj, _context):
            heard.append(obj)

        event.listen(target, "load", hear)
        try:
            yield
        finally:
            event.remove(target, "load", hear)

    for target, count in ((Comment, 24), (Post, 4)):
        heard.clear()
        with listening(target):
            await read(office, COMMENTS)
        assert len(heard) == count


async def test_a_title_that_code_makes_is_made_of_the_object(office, comments, monkeypatch):
    monkeypatch.setattr(Post, "__str__", lambda post: f"The post {post.title}")
    assert b"The post \xc3\xa9" in await read(office, COMMENTS)


async def test_a_view_that_calls_objects_its_own_way_is_asked(office, comments, monkeypatch):
    monkeypatch.setattr(CommentAdmin, "title_of", lambda _view, obj: f"Number {obj.id}")
    assert b"Number 1," in await read(office, COMMENTS)


async def test_relations_to_many_and_computed_columns_are_shown_of_objects(office, session, boss, monkeypatch):
    session.add(Post(title="One", content="x", author_id=boss.id, tags=[Tag(name="a"), Tag(name="b")]))
    await session.commit()
    assert b'"a, b"' in await read(office, "/blog/post/export/{}/")
    monkeypatch.setattr(PostAdmin, "export_display", ["__str__", "author.email"])
    assert b"One,boss@example.org" in await read(office, "/blog/post/export/{}/")


def test_the_attribute_that_a_method_returns_is_known_if_it_does_nothing_else():
    def said(code):
        scope = {"User": User}
        exec(f"def __str__(self): {code}", scope)
        return returned_by(scope["__str__"])

    assert said("return self.title") == "title"
    for code in ("return self.title.strip()", "return self.a or self.b", "return f'{self.title}'", "return User.name"):
        assert said(code) is None
    assert returned_by(object.__str__) is None
