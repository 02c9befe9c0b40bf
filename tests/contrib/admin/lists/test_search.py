"""Searching words by an index, beside columns that are searched letter by letter."""

import pytest
from sqlalchemy import insert

from dovetail.contrib.admin.lists import search
from dovetail.database.search.search import FullText
from plugins.blog.models import POST_TEXT, Post
from plugins.comments.models import Comment
from tests.contrib.admin.lists.test_lists import titles
from tests.contrib.admin.test_views import problems_with


@pytest.fixture
async def posts(session, boss, make_user) -> None:
    ada = await make_user(username="ada")
    rows = [("Bees", "sting the bear", boss), ("Ants", "carry leaves", boss), ("Wasps", "sting everybody", ada)]
    await session.execute(
        insert(Post), [{"title": title, "content": content, "author_id": by.id} for title, content, by in rows]
    )
    await session.commit()


@pytest.fixture(params=[3_000, 0], ids=["rare", "frequent"])
def frequency(request, monkeypatch) -> None:
    """Words that few rows hold, and words that so many hold that rows are looked at instead."""
    monkeypatch.setattr(search, "FREQUENT", request.param)


TERMS = [
    ("sting", {"Bees", "Wasps"}),
    ("STI bear", {"Bees"}),
    ("ada", {"Wasps"}),
    ("ada sting", {"Wasps"}),
    ("ada carry", set()),
    ("eave", set()),  # words are found by how they begin
    ("os", {"Bees", "Ants"}),  # but names by any of their letters: boss
    ("nothing", set()),
    ("% & !", set()),
]


@pytest.mark.usefixtures("posts", "frequency")
async def test_every_word_begins_one_of_the_text_or_stands_in_a_column(office):
    assert [(term, set(titles(await office.get("/blog/post/", search=term)))) for term, _ in TERMS] == TERMS


@pytest.mark.usefixtures("posts", "frequency")
async def test_what_is_found_can_be_paged_to_its_end(office):
    pages = [await office.get("/blog/post/", search="sting", pageSize="1", page=page) for page in ("1", "2", "last")]
    seen = [titles(page) for page in pages]
    assert seen[0] != seen[1] == seen[2]


@pytest.mark.parametrize(("term", "said"), [("sting", "of more than 1"), ("sting bear", "of 1"), ("bear", "of 1")])
@pytest.mark.parametrize("database_kind", ["postgresql"])
@pytest.mark.usefixtures("posts")
async def test_what_very_many_rows_hold_is_not_counted(office, monkeypatch, term, said):
    monkeypatch.setattr(search, "FREQUENT", 1)  # two posts sting, one bears
    page = await office.get("/blog/post/", search=term, pageSize="1")
    assert f"1\u20131 {said}</span>" in page.text


@pytest.mark.usefixtures("posts")
async def test_no_text_is_read_letter_by_letter(office, session, count_statements):
    for path in ("/blog/post/", "/comments/comment/", "/blog/post/export/csv/"):
        with count_statements() as statements:
            assert (await office.get(path, search="sting")).status_code == 200
        columns = {"blog_post.content", "blog_post.title", "comments_comment.content"}
        patterns = [one for one in " ".join(statements).lower().split("like")[:-1] if one]
        assert patterns
        assert not [one for one in patterns if any(one.rstrip(" ()").endswith(column) for column in columns)]


async def test_comments_are_found_by_their_words_and_their_authors(office, session, boss):
    post = Post(title="One", content="x", author_id=boss.id)
    session.add(post)
    await session.flush()
    session.add(Comment(content="Well said, indeed", post_id=post.id, author_id=boss.id))
    await session.commit()
    for term, count in (("indeed", 1), ("said boss", 1), ("deed", 0)):
        assert len(titles(await office.get("/comments/comment/", search=term))) == count


def test_a_search_by_an_index_that_is_not_there_is_refused():
    assert problems_with(full_text=POST_TEXT) == []
    (problem,) = problems_with(full_text=FullText("title"))
    assert "full_text is of columns without an index; write full_text(Post, ...) below the model" in problem
    (problem,) = problems_with(full_text=FullText("nonsense"))
    assert "full_text cannot search 'nonsense'" in problem
