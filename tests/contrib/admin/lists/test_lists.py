"""Lists: what they show, how they are searched, filtered, sorted and paged, and what that costs."""

import re

import pytest
from sqlalchemy import insert

from dovetail.contrib.auth.models import User
from plugins.blog.models import Post, Tag
from plugins.comments.models import Comment, CommentStatus
from tests.contrib.admin.shelf.admin import BookAdmin
from tests.contrib.admin.shelf.models import Book, Stamp


def titles(page) -> list[str]:
    assert page.status_code == 200, page.text
    return [
        re.sub("<[^>]+>", "", found).strip()
        for found in re.findall(r'<a class="text-body fw-medium"[^>]*>(.*?)</a>', page.text, re.DOTALL)
    ]


@pytest.fixture
async def books(session, boss, make_user):
    reader = await make_user(username="reader", email="odd%name@example.org")
    session.add_all(
        [
            Book(title="Zoo", pages=10, owner_id=boss.id),
            Book(title="Ants 100%", pages=30, owner_id=reader.id),
            Book(title="Bees_and", pages=20),
            Book(title="Hidden", pages=1),
        ]
    )
    await session.commit()


async def fill(session, rows: range) -> None:
    """Rows in every list, each with relations of its own."""
    users = [User(username=f"u{n}", email=f"u{n}@example.org", hashed_password="!") for n in rows]
    posts = [Post(title=f"Post {user.username}", content="x", author=user) for user in users]
    for post in posts:
        post.tags = [Tag(name=post.title)]
    session.add_all([*posts, *(Comment(content="Well", post=post, author=post.author) for post in posts)])
    await session.commit()


@pytest.mark.parametrize(
    ("identity", "expected"), [("auth/user", 3), ("blog/post", 4), ("blog/tag", 3), ("comments/comment", 3)]
)
async def test_a_list_costs_the_same_for_5_rows_and_for_50(office, session, count_statements, identity, expected):
    for rows in (range(5), range(5, 50)):
        await fill(session, rows)
        with count_statements() as statements:
            assert len(titles(await office.get(f"/{identity}/", pageSize="100"))) >= rows.stop
        assert len(statements) == expected


async def test_a_list_shows_related_columns_and_dashes_for_what_is_not_there(office, books):
    page = await office.get("/shelf/book/", sortBy="title")
    assert titles(page) == ["Ants 100%", "Bees_and", "Zoo"]
    assert "odd%name@example.org" in page.text
    assert "—" in page.text


async def test_a_row_without_the_related_object_counts_as_greater_than_all_others(office, books):
    assert titles(await office.get("/shelf/book/", sortBy="owner", sort="asc")) == ["Zoo", "Ants 100%", "Bees_and"]
    assert titles(await office.get("/shelf/book/", sortBy="owner", sort="desc")) == ["Bees_and", "Ants 100%", "Zoo"]


TERMS = [
    ("zoo", ["Zoo"]),
    ("  BEES ", ["Bees_and"]),
    ("%", ["Ants 100%"]),
    ("_", ["Bees_and"]),
    ("reader", ["Ants 100%"]),
    ("ants reader", ["Ants 100%"]),
    ("ants boss", []),
    ("hidden", []),
    ("\\", []),
    ("x" * 5000, []),
]


async def test_a_search_finds_every_word_somewhere_and_takes_signs_for_what_they_are(office, books):
    assert [(term, titles(await office.get("/shelf/book/", search=term))) for term, _ in TERMS] == TERMS


async def test_filters_and_search_work_together(office, books, boss):
    assert titles(await office.get("/shelf/book/", owner=str(boss.id))) == ["Zoo"]
    assert titles(await office.get("/shelf/book/", owner=str(boss.id), search="ants")) == []
    assert titles(await office.get("/shelf/book/", pages="15", pages_op="greater_than", sortBy="pages")) == [
        "Bees_and",
        "Ants 100%",
    ]
    assert titles(await office.get("/auth/user/", is_superuser="true")) == ["boss"]
    assert titles(await office.get("/auth/user/", is_superuser="false")) == ["reader"]


async def test_posts_are_filtered_by_author_and_tag(office, session, boss):
    tag = Tag(name="python")
    session.add_all(
        [
            Post(title="One", content="x", author_id=boss.id, tags=[tag]),
            Post(title="Two", content="x", author_id=boss.id),
        ]
    )
    await session.commit()
    assert titles(await office.get("/blog/post/", tags=str(tag.id))) == ["One"]
    assert len(titles(await office.get("/blog/post/", author=str(boss.id)))) == 2
    assert titles(await office.get("/blog/post/", author="999")) == []
    assert titles(await office.get("/blog/post/", search="boss two")) == ["Two"]


async def test_comments_are_filtered_by_status(office, session, boss):
    post = Post(title="One", content="x", author_id=boss.id)
    session.add(post)
    await session.flush()
    session.add_all(
        [Comment(content=status.value, post_id=post.id, author_id=boss.id, status=status) for status in CommentStatus]
    )
    await session.commit()
    assert titles(await office.get("/comments/comment/", status="pending")) == ["pending"]
    assert (await office.get("/comments/comment/", status="bogus")).status_code == 400


ODD_PARAMETERS = [
    {"page": "x"},
    {"page": "9" * 5000},
    {"pageSize": "0"},
    {"pageSize": "-1"},
    {"pageSize": "many"},
    {"sortBy": "purchase_code"},
    {"sortBy": "owner.hashed_password"},
    {"sortBy": "title", "sort": "sideways"},
    {"owner": "x"},
    {"owner": "9" * 30},
    {"owner": "1;2"},
    {"pages": "9" * 30, "pages_op": "equals"},
    {"pages": "x", "pages_op": "drop"},
    {"search": "\0"},
    {"search": "a\0b"},
    {"search": "\ud800".encode("utf-8", "surrogatepass").decode("latin-1")},
]


async def test_no_parameter_makes_a_list_crash(office, books):
    for parameters in ODD_PARAMETERS:
        assert (await office.get("/shelf/book/", **parameters)).status_code in {200, 400, 422}, parameters


async def test_a_page_beyond_the_last_is_the_last(office, books):
    assert titles(await office.get("/shelf/book/", page="99", pageSize="2", sortBy="title")) == ["Zoo"]
    assert titles(await office.get("/shelf/book/", page="-99", pageSize="2", sortBy="title")) == [
        "Ants 100%",
        "Bees_and",
    ]


async def test_pages_follow_each_other_without_a_gap(office, session):
    await session.execute(insert(Book), [{"title": f"Book {n:02}", "pages": 1} for n in range(25)])
    await session.commit()
    seen = []
    for page in (1, 2, 3):
        seen += titles(await office.get("/shelf/book/", sortBy="pages", pageSize="10", page=str(page)))
    assert len(seen) == len(set(seen)) == 25


async def test_a_page_has_200_rows_at_most(office, session):
    await session.execute(insert(Book), [{"title": f"Book {n}", "pages": 1} for n in range(201)])
    await session.commit()
    page = await office.get("/shelf/book/", pageSize="100000")
    assert len(titles(page)) == 200
    assert "1\u2013200 of 201" in page.text


async def test_titles_are_escaped(office, session):
    session.add(Book(title="<script>alert(1)</script>"))
    await session.commit()
    page = await office.get("/shelf/book/")
    assert "<script>alert" not in page.text
    assert "&lt;script&gt;alert" in page.text


@pytest.mark.parametrize("database_kind", ["sqlite"])
@pytest.mark.parametrize(("tags", "shown", "counted"), [(13, 13, None), (14, 12, 2), (200, 12, 188)])
async def test_a_cell_names_some_related_objects_and_counts_the_rest(  # noqa: PLR0917 - fixtures
    office, boss, session, tags, shown, counted
):
    named = [Tag(name=f"tag {number}") for number in range(tags)]
    session.add(Post(title="x" * 200, content=".", author_id=boss.id, tags=named))
    await session.commit()
    page = await office.get("/blog/post/")
    assert len(re.findall(r"tag \d+</a>", page.text)) == shown
    assert re.findall(r"and (\d+) others", page.text) == ([str(counted)] if counted else [])
    assert titles(page) == ["x" * 79 + "…"]


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_a_search_that_is_too_long_says_how_much_was_looked_for(office):
    for length, is_told in ((200, False), (201, True)):
        page = await office.get("/blog/tag/", search="x" * length)
        assert ("Only the first 200 characters were looked for." in page.text) is is_told


async def test_an_empty_list_says_so(office):
    assert "There is nothing here yet." in (await office.get("/blog/tag/")).text
    assert "Nothing matches." in (await office.get("/blog/tag/", search="x")).text


async def test_no_list_or_page_shows_a_hash(office, boss, session):
    await session.refresh(user := await session.get(User, boss.id))
    for path in (
        "/auth/user/",
        f"/auth/user/{boss.id}/",
        f"/auth/user/{boss.id}/change/",
        "/auth/user/export/csv/",
    ):
        page = await office.get(path)
        assert page.status_code == 200
        assert user.hashed_password not in page.text
        assert "argon2" not in page.text


async def test_a_key_of_two_parts_opens_its_page(office, session):
    session.add(Stamp(country="a;b\\", number=3, motif="Blue bird"))
    await session.commit()
    page = await office.get("/shelf/stamp/")
    link = re.search(r'href="/admin(/shelf/stamp/[^"?]+)/change/', page.text)
    assert "Blue bird" in (await office.get(f"{link[1]}/change/")).text


@pytest.fixture
async def long_list(session, monkeypatch):
    """25 books in a list that counts up to ten."""
    monkeypatch.setattr(BookAdmin, "count_limit", 10)
    await session.execute(insert(Book), [{"title": f"Book {n:02}", "pages": 1} for n in range(25)])
    await session.commit()


@pytest.mark.parametrize(
    ("page", "shown", "said"),
    [
        ("1", range(4), "1\u20134 of more than 10"),
        ("6", range(20, 24), "21\u201324 of more than 10"),
        ("7", range(24, 25), "25\u201325 of 25"),
        ("8", range(24, 25), "25\u201325 of 25"),
        ("9" * 30, range(24, 25), "25\u201325 of 25"),
    ],
)
async def test_a_long_list_is_not_counted_to_its_end_but_leads_there(office, long_list, page, shown, said):
    answer = await office.get("/shelf/book/", page=page, pageSize="4", sortBy="title")
    assert titles(answer) == [f"Book {n:02}" for n in shown]
    assert said in answer.text
    assert bool(re.search(r'href="[^"]*" rel="next"', answer.text)) == (24 not in shown)


async def test_a_list_counts_no_further_than_its_limit(office, long_list, count_statements):
    with count_statements() as statements:
        await office.get("/shelf/book/", pageSize="4")
    (counting,) = [statement for statement in statements if "count(" in statement.lower()]
    assert "LIMIT" in counting


async def test_a_list_within_the_limit_says_how_long_it_is(office, long_list):
    assert "1\u20131 of 1" in (await office.get("/shelf/book/", search="Book 07")).text
