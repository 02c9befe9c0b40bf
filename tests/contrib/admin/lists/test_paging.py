"""Pages far from the start: nothing is missed or shown twice, and nothing is read that nobody sees."""

import random
import re
from html import unescape
from itertools import product
from typing import Any

import pytest
from sqlalchemy import delete, func, insert, select

from dovetail.contrib.admin.change_list.row_slices import is_read_in_order
from dovetail.contrib.admin.lists.ordering import SortTerm, after, order, terms_of
from dovetail.contrib.admin.views import ModelAdmin
from dovetail.resources.query import ordering
from dovetail.resources.query.paths import resolve
from plugins.blog.models import Post
from plugins.comments.models import Comment
from tests.contrib.admin.shelf.models import Book, Stamp

SIZE, LIMIT = 4, 8


@pytest.fixture(autouse=True)
def few_are_counted(monkeypatch):
    monkeypatch.setattr(ModelAdmin, "count_limit", LIMIT)


@pytest.fixture
async def stamps(session) -> None:
    """Years and motifs that many share, years that are missing, and keys of two parts."""
    dice = random.Random(8)
    keys = [(country, number) for country in ("A", "B;", "ü") for number in range(10)]
    rows = [
        {"country": c, "number": n, "motif": dice.choice(["bird", "fish"]), "year": dice.choice([None, 1990, 1991])}
        for c, n in keys
    ]
    await session.execute(insert(Stamp), rows)
    await session.commit()


def shown(page) -> list[str]:
    assert page.status_code == 200, page.text
    return re.findall(r'class="[^"]*select-box" type="checkbox" name="pks" value="([^"]*)"', page.text)


def link(page, label: str) -> str | None:
    """The address behind a link below a list."""
    found = re.search(rf'<a class="page-link" href="([^"]*)"[^>]*>{label}</a>', page.text)
    return unescape(found[1]) if found else None


async def walk(office, start: str, label: str) -> list[list[str]]:
    """The rows of each page from `start` on, as the links called `label` lead from one to the next."""
    page = await office.client.get(f"/admin/shelf/stamp/{start}")
    pages = [shown(page)]
    while address := link(page, label):
        page = await office.client.get(f"/admin/shelf/stamp/{address}")
        pages.append(shown(page))
        assert len(pages) < 40
    return pages


@pytest.mark.usefixtures("stamps")
async def test_links_lead_through_all_rows_in_order_forwards_and_backwards(office):
    for column, sort in product(("motif", "year", "country"), ("asc", "desc")):
        order = f"sortBy={column}&sort={sort}"
        everything = shown(await office.client.get(f"/admin/shelf/stamp/?{order}&pageSize=200"))
        assert len(set(everything)) == 30
        forwards = await walk(office, f"?{order}&pageSize={SIZE}", "Next")
        assert [key for page in forwards for key in page] == everything, order
        backwards = await walk(office, f"?{order}&pageSize={SIZE}&page=last", "Previous")
        assert [key for page in reversed(backwards) for key in page] == everything, order


@pytest.mark.usefixtures("stamps")
async def test_a_page_says_where_it_is_and_leads_to_both_ends_and_elsewhere(office):
    first = await office.get("/shelf/stamp/", pageSize="4")
    assert "1\u20134 of more than 8" in first.text
    assert link(first, "First") is None
    last = await office.client.get(f"/admin/shelf/stamp/{link(first, 'Last')}")
    assert "The last 4 of more than 8" in last.text
    assert link(last, "Next") is None
    deep = await office.get("/shelf/stamp/", pageSize="4", page="5")
    assert "17\u201320 of more than 8" in deep.text
    behind = await office.client.get(f"/admin/shelf/stamp/{link(deep, 'Next')}")
    assert "21\u201324 of more than 8" in behind.text
    before = await office.client.get(f"/admin/shelf/stamp/{link(behind, 'Previous')}")
    assert shown(before) == shown(deep)
    assert 'name="page" min="1"' in deep.text
    assert shown(await office.client.get(f"/admin/shelf/stamp/{link(before, 'First')}")) == shown(first)


@pytest.mark.usefixtures("stamps")
async def test_a_page_far_away_begins_where_the_one_before_it_ended_whatever_was_deleted(office, session):
    deep = await office.get("/shelf/stamp/", pageSize="4", page="4")
    address = f"/admin/shelf/stamp/{link(deep, 'Next')}"
    behind = shown(await office.client.get(address))
    await session.execute(delete(Stamp).where(Stamp.country == "A"))
    await session.commit()
    assert shown(await office.client.get(address)) == behind
    await session.execute(delete(Stamp))
    await session.commit()
    assert shown(await office.client.get(address)) == []


@pytest.mark.usefixtures("stamps")
async def test_an_address_of_another_order_or_list_is_refused(office):
    deep = await office.get("/shelf/stamp/", pageSize="4", page="4")
    page = re.search("page=([^&]+)", link(deep, "Next"))[1]
    other = await office.get("/shelf/stamp/", pageSize="4", page=page, sortBy="year")
    assert other.status_code == 400
    assert "another order" in other.text
    for path in ("/shelf/book/", "/blog/post/"):
        assert (await office.get(path, page=page)).status_code == 422
    assert (await office.get("/shelf/stamp/", page=page[:-3] + "AAA")).status_code == 422


@pytest.mark.usefixtures("stamps")
async def test_a_page_far_away_is_not_counted_and_reads_keys_first(office, count_statements):
    deep = await office.get("/shelf/stamp/", pageSize="4", page="4")
    for address in (link(deep, "Next"), link(deep, "Previous")):
        with count_statements() as statements:
            assert len(shown(await office.client.get(f"/admin/shelf/stamp/{address}"))) == 4
        (reading,) = [statement for statement in statements if "shelf_stamp" in statement]
        assert "count(" not in reading
        assert "motif" not in reading.partition("JOIN")[2]  # where the page is found


@pytest.mark.parametrize(("word", "found"), [("nothing", 0), ("Book 1", 4), ("Book", 4)])
async def test_a_search_looks_at_the_rows_once_whatever_it_finds(office, session, count_statements, word, found):
    await session.execute(insert(Book), [{"title": f"Book {n}"} for n in range(2, 22)])
    await session.commit()
    with count_statements() as statements:
        page = await office.get("/shelf/book/", search=word, pageSize="4")
    assert len(shown(page)) == found
    assert sum("LIKE" in statement.upper() for statement in statements) == 1
    assert ("of more than 8" in page.text) == (found == 4)


@pytest.mark.parametrize("asked", ["status=pending", "post={}", "author={}"])
async def test_rows_that_an_index_has_in_order_are_not_kept_to_be_counted(
    office, session, boss, count_statements, asked
):
    post = Post(title="One", content="x", author_id=boss.id)
    session.add(post)
    await session.flush()
    kept = "author" in asked  # whose comments no index has in order
    asked = asked.format(boss.id if kept else post.id)
    for many, told in [(3, "1\u20133 of 3"), (3, "1\u20134 of 6"), (4, "1\u20134 of more than 8")]:
        session.add_all(Comment(content="Well", post_id=post.id, author_id=boss.id) for _ in range(many))
        await session.commit()
        with count_statements() as statements:
            page = await office.get(f"/comments/comment/?{asked}&pageSize=4")
        assert told in page.text
        (reading,) = [one for one in statements if "count(" in one and "comments_comment" in one]
        assert ("hits" in reading) == kept
    last = await office.get(f"/comments/comment/?{asked}&pageSize=4&page=3")
    assert "9\u201310 of 10" in last.text


def test_rows_are_read_in_order_where_one_index_has_what_is_asked_and_the_order():
    pending, newest = select(Comment).where(Comment.status == "pending"), Comment.created_at.desc()

    def is_read(statement: Any) -> bool:
        return is_read_in_order(statement, Comment, terms_of(statement))

    assert is_read(pending.order_by(newest, Comment.id.desc()))
    assert is_read(pending.order_by(Comment.created_at, Comment.id))
    for other in (
        select(Comment).where(Comment.status == "pending", Comment.parent_id.is_(None)).order_by(newest),
        select(Comment).order_by(newest),
        pending.order_by(Comment.updated_at),
        pending.order_by(func.lower(Comment.content)),
        pending.order_by(newest.nulls_last()),
        pending.where(Comment.content.contains("x")).order_by(newest),
        pending.where(Comment.post.has(Post.title == "x")).order_by(newest),
        pending.where(Comment.status == Comment.content).order_by(newest),
        pending.join(Comment.post).order_by(newest),
        pending.distinct().order_by(newest),
        select(Comment).where(Comment.author_id == 1).order_by(newest),
    ):
        assert not is_read(other), other


async def test_a_list_reads_no_column_that_it_does_not_show(office, session, boss, count_statements):
    post = Post(title="One", content="x", author_id=boss.id)
    session.add(post)
    await session.flush()
    session.add(Comment(content="Well", post_id=post.id, author_id=boss.id))
    await session.commit()
    with count_statements() as statements:
        assert "One" in (await office.get("/blog/post/")).text
        assert "One" in (await office.get("/comments/comment/")).text
    reading = [
        statement for statement in statements if "auth_user.hashed_password" not in statement
    ]  # not who is there
    assert len(reading) == 5  # of each list the saved views and the rows with whom they belong to; and the tags
    assert not any("blog_post.content" in statement or "updated_at" in statement for statement in reading)


async def test_a_column_that_a_formatter_turns_out_to_need_is_read_from_then_on(office, session, count_statements):
    session.add_all([Book(title="Ants", notes="dusty"), Book(title="Bees", notes="torn")])
    await session.commit()
    costs = []
    for _ in range(2):
        with count_statements() as statements:
            page = await office.get("/shelf/reading/")
        assert "Ants, dusty" in page.text
        assert "Bees, torn" in page.text
        costs.append(len(statements))
    assert costs == [4, 3]  # who is there, the saved views, and the rows: once more the first time


def test_an_order_that_does_not_say_where_nulls_stand_is_not_sought_in():
    terms = terms_of(select(Stamp).order_by(Stamp.year.desc(), Stamp.number))
    assert [term.is_seekable for term in terms] == [False, True]
    assert [term.descending for term in terms] == [True, False]
    assert SortTerm(Stamp.year, nulls_first=True).reversed() == SortTerm(Stamp.year, descending=True, nulls_first=False)


@pytest.mark.parametrize("descending", [False, True])
def test_a_column_that_may_be_null_is_ordered_as_a_list_of_the_api_orders_it(descending):
    rights: Any = None  # nobody else's table is joined
    found = terms_of(order(select(Stamp), Stamp, [("year", descending)], rights))[0]

    assert found.direction == ordering.Term(resolve(Stamp, "year"), descending).direction


def test_what_comes_after_a_row_is_asked_for_as_an_index_answers_it():
    plain = after((SortTerm(Stamp.country, descending=True), SortTerm(Stamp.number, descending=True)), ("A", 3))
    assert "(shelf_stamp.country, shelf_stamp.number) < (" in str(plain)
    mixed = after((SortTerm(Stamp.country), SortTerm(Stamp.number, descending=True)), ("A", 3))
    assert str(mixed).startswith("shelf_stamp.country >= :param_1 AND")
