"""Paging by key: every row once, in any order, while others write."""

import asyncio
import itertools

import pytest
from pydantic import SecretStr
from sqlalchemy import delete

from dovetail.errors import InvalidInputError
from dovetail.resources.query.cursors import Cursor, read_cursor, write_cursor
from dovetail.testing.fixtures import TEST_SECRET_KEY
from tests.library.models import Book
from tests.test_files_of_a_request import entered
from tests.walking import pages

ORDERINGS = (
    "id",
    "-created_at",
    "title,-id",
    "pages,-title",
    "-pages,weight",
    "price,-pages,shelf",
    "translator__name,-author__name",
    "-released_at,read_at,printed_on",
    "isbn",
)
PATHS = ("/api/books", "/api/loud_books")  # the compiled road, and that of the ORM


async def follow(client, url, direction="next", between=None):
    async def get(page):
        if between is not None:
            await between()
        return await client.get(page)

    async for answer in pages(get, url, direction):
        yield answer


async def walk(client, url, direction="next"):
    seen = []
    async for answer in follow(client, url, direction):
        ids = [book["id"] for book in answer.json()["items"]]
        seen = seen + ids if direction == "next" else ids + seen
    return seen, str(answer.url)


@pytest.mark.parametrize("path", PATHS)
async def test_every_row_once_forwards_and_backwards_in_any_order(staff, shelf, make_book, path):
    for number in range(4):
        await make_book(title=f"Same {number % 2}", pages=100, price=1)
    for ordering in ORDERINGS:
        expected = [book["id"] for book in (await staff.get(f"{path}?ordering={ordering}")).json()["items"]]
        assert len(expected) == 9
        for limit in (1, 2, 4):
            seen, last = await walk(staff, f"{path}?ordering={ordering}&limit={limit}&cursor=")
            assert seen == expected, ordering
            final = (await staff.get(last)).json()
            back, _ = await walk(staff, final["previous"], "previous")
            assert back == expected[: -len(final["items"])], ordering


async def test_rows_that_come_and_go_never_shift_the_others(owner, client, make_book):
    ids = [(await make_book(title=f"{number:02}")).id for number in range(12)]
    seen = []
    async for answer in pages(client.get, "/api/books?ordering=title&limit=3&cursor="):
        seen += [book["id"] for book in answer.json()["items"]]
        await make_book(title="00 before")
        last = seen[-1]
        if last != ids[-1]:
            await owner.delete(f"/api/books/{last}")  # the cursor's own row goes away
    assert [one for one in seen if one in ids] == ids
    assert len(seen) == len(set(seen))


@pytest.mark.parametrize("direction", ["next", "previous"])
async def test_every_row_is_seen_once_while_others_insert_and_delete_all_around(
    staff, database, author, make_book, direction
):
    kept = {(await make_book(**anywhere(number))).id for number in range(24)}
    stop, written = asyncio.Event(), 0

    async def write(writer):
        nonlocal written
        for number in itertools.count(writer, 3):
            if stop.is_set():
                return
            made = (await make_book(**anywhere(number))).id
            written += 1
            await asyncio.sleep(0.001 * (number % 5))
            async with database.unit_of_work() as session:
                await session.execute(delete(Book).where(Book.id == made))

    async def after_another_write():
        before = written
        while written == before:  # noqa: ASYNC110 - a count, and not something that happens once
            await asyncio.sleep(0.001)

    async with asyncio.TaskGroup() as group:
        for writer in range(3):
            group.create_task(write(writer))
        try:
            for ordering in ORDERINGS:
                url = f"/api/books?ordering={ordering}&limit=5&cursor="
                pages = [page.json() async for page in follow(staff, url, "next", after_another_write)]
                if direction == "previous":  # from the page that was reached back to the front
                    back = follow(staff, pages[-1]["previous"], "previous", after_another_write)
                    pages = [*[page.json() async for page in back][::-1], pages[-1]]
                seen = [book["id"] for page in pages for book in page["items"]]
                # Of those that come and go nothing is said: SQLite gives a new row the id of one that is gone.
                assert sorted(one for one in seen if one in kept) == sorted(kept), ordering
        finally:
            stop.set()


def anywhere(number):
    """A book with ties, nulls and values that lie between those of others."""
    return {
        "title": f"Title {number % 7}",
        "pages": (None, 100, 200)[number % 3],
        "weight": (None, 1.5)[number % 2],
        "price": (None, 1, 2, 3)[number % 4],
    }


async def test_pages_have_a_previous_only_where_there_is_one(client, shelf):
    first = (await client.get("/api/books?ordering=id&limit=2&cursor=")).json()
    assert first["previous"] is None
    second = (await client.get(first["next"])).json()
    assert second["next"] is None
    again = (await client.get(second["previous"])).json()
    assert again["items"] == first["items"]
    assert again["previous"] is None
    assert (await client.get(again["next"])).json()["items"] == second["items"]


async def remove(database, *ids):
    async with database.unit_of_work() as session:
        await session.execute(delete(Book).where(Book.id.in_(ids)))


@pytest.fixture
async def nine_books(shelf, make_book):
    """With ties and nulls at every place."""
    for number in range(4):
        await make_book(title=f"Same {number % 2}", pages=100, price=1)


async def middle_of_three(staff, path, ordering):
    """The second of three pages of three, and the ids on them all."""
    ids = [book["id"] for book in (await staff.get(f"{path}?ordering={ordering}")).json()["items"]]
    page = (await staff.get(f"{path}?ordering={ordering}&limit=3&cursor=")).json()
    return (await staff.get(page["next"])).json(), (ids[:3], ids[3:6], ids[6:])


def linked(answer, name):
    """The URL that the Link header gives."""
    links = {part.partition("; ")[2]: part.partition(">")[0].strip(" <") for part in answer.headers["Link"].split(",")}
    assert len(links) == 1
    return links[f'rel="{name}"']


@pytest.mark.parametrize("cursor_row_goes_too", [False, True])
@pytest.mark.parametrize("ordering", ["-created_at", *ORDERINGS[2:7]])
async def test_an_empty_page_leads_back_to_the_rows_before_it(
    staff, database, nine_books, ordering, cursor_row_goes_too
):
    pages = [await middle_of_three(staff, path, ordering) for path in PATHS]
    first, second, third = pages[0][1]
    gone = {second[-1]} if cursor_row_goes_too else set()
    await remove(database, *third, *gone)
    left = [one for one in (*first, *second) if one not in gone]
    for page, _ in pages:
        empty = await staff.get(page["next"])
        assert (empty.json()["items"], empty.json()["next"]) == ([], None)
        assert linked(empty, "prev") == empty.json()["previous"]
        back = (await staff.get(empty.json()["previous"])).json()
        assert [book["id"] for book in back["items"]] == left[-3:]
        seen, _ = await walk(staff, empty.json()["previous"], "previous")
        assert seen == left
        assert (await staff.get(back["next"])).json()["items"] == []


@pytest.mark.parametrize("cursor_row_goes_too", [False, True])
@pytest.mark.parametrize("ordering", ["-created_at", *ORDERINGS[2:7]])
async def test_an_empty_page_on_the_way_back_leads_forward_again(
    staff, database, nine_books, ordering, cursor_row_goes_too
):
    pages = [await middle_of_three(staff, path, ordering) for path in PATHS]
    first, second, third = pages[0][1]
    gone = {second[0]} if cursor_row_goes_too else set()
    await remove(database, *first, *gone)
    for page, _ in pages:
        empty = await staff.get(page["previous"])
        assert (empty.json()["items"], empty.json()["previous"]) == ([], None)
        assert linked(empty, "next") == empty.json()["next"]
        seen, _ = await walk(staff, empty.json()["next"])
        assert seen == [one for one in (*second, *third) if one not in gone]


async def test_rows_that_appear_behind_an_empty_page_are_found_from_where_it_leads(staff, database, make_book):
    ids = [(await make_book(title=f"{number}")).id for number in range(2)]
    page = (await staff.get("/api/books?ordering=title&limit=1&cursor=")).json()
    await remove(database, ids[1])
    empty = (await staff.get(page["next"])).json()
    new = (await make_book(title="5")).id
    back = (await staff.get(empty["previous"])).json()
    assert [book["id"] for book in back["items"]] == ids[:1]
    assert [book["id"] for book in (await staff.get(back["next"])).json()["items"]] == [new]


async def test_whoever_follows_one_direction_comes_to_an_end_even_if_everything_is_gone(staff, database, make_book):
    ids = [(await make_book(title=f"{number}")).id for number in range(2)]
    page = (await staff.get("/api/books?ordering=title&limit=1&cursor=")).json()
    await remove(database, *ids)
    empty = (await staff.get(page["next"])).json()
    before = (await staff.get(empty["previous"])).json()
    assert (before["items"], before["previous"]) == ([], None)
    after = (await staff.get(before["next"])).json()
    assert (after["items"], after["next"]) == ([], None)


async def test_the_first_page_of_nothing_leads_nowhere(staff, app):
    answer = await staff.get("/api/books?cursor=")
    assert answer.json() == {"items": [], "total": None, "next": None, "previous": None}
    assert "Link" not in answer.headers


async def test_a_cursor_is_ours_and_belongs_to_its_list_and_order(client, staff, shelf):
    page = (await client.get("/api/books?ordering=title&limit=1&cursor=")).json()
    cursor = page["next"].rpartition("cursor=")[2]
    for query in (
        f"ordering=-title&cursor={cursor}",
        f"cursor={cursor}",
        f"ordering=title&cursor={cursor[:-1]}",
        f"ordering=title&cursor={'A' if cursor[0] != 'A' else 'B'}{cursor[1:]}",
        "ordering=title&cursor=%C3%A4",
        "ordering=title&cursor=%3D",
    ):
        answer = await client.get(f"/api/books?{query}")
        assert answer.status_code == 422, query
        assert answer.json()["errors"][0]["pointer"] == "cursor"
    assert (await client.get(f"/api/loud_books?ordering=title&cursor={cursor}")).status_code == 422
    forged = write_cursor(Cursor("title,id", ("x",)), secret_key=SecretStr(TEST_SECRET_KEY), list_name="books")
    assert (await client.get(f"/api/books?ordering=title&cursor={forged}")).status_code == 422
    other = write_cursor(Cursor("title,id", ("x", 1)), secret_key=SecretStr("another secret"), list_name="books")
    assert (await client.get(f"/api/books?ordering=title&cursor={other}")).status_code == 422


async def test_a_cursor_of_staff_opens_nothing_to_others(client, staff, shelf):
    page = (await staff.get("/api/books?ordering=secret&limit=1&cursor=")).json()
    assert (await client.get(page["next"])).status_code == 422
    visible = (await staff.get("/api/books?ordering=id&limit=4&cursor=")).json()["next"]
    assert (await client.get(visible)).json()["items"] == []


async def test_the_meaning_of_a_url_is_remembered_but_for_its_cursor(staff, shelf):
    url = "/api/books?ordering=title&limit=1&cursor="
    pages = [page async for page in follow(staff, url)]
    assert len(pages) == 5
    with entered() as found:
        again = (await staff.get(pages[3].url)).json()
    assert again == pages[3].json()
    assert "read_list_query" not in found.get("dovetail/resources/query/url.py", set())
    other = (await staff.get("/api/books?ordering=-title&limit=1&cursor=")).json()["next"].partition("cursor=")[2]
    for text in (other, f"{other[:-2]}xx", "x", "null"):  # what is remembered of the URL does not make these good
        refused = await staff.get(f"{url}{text}")
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "cursor"), text
    twice = await staff.get(str(pages[3].url) + "&cursor=" + other)
    assert twice.status_code == 422


async def test_a_deep_page_costs_one_statement(client, shelf, count_statements):
    page = (await client.get("/api/books?limit=2&cursor=")).json()
    with count_statements() as statements:
        await client.get(page["next"])
    assert len(statements) == 1
    assert "created_at, library_book.id) < (" in statements[0]  # found by an index, not by passing rows over


def test_a_cursor_is_read_as_it_was_written_and_turned_round_twice_it_is_the_same():
    key = SecretStr(TEST_SECRET_KEY)
    for backwards in (False, True):
        for inclusive in (False, True):
            cursor = Cursor("-title,id", ("Äpfel", None, 3), backwards, inclusive)
            text = write_cursor(cursor, secret_key=key, list_name="books")
            assert read_cursor(text, secret_key=key, list_name="books") == cursor
            turned = cursor.turned()
            assert (turned.backwards, turned.inclusive) == (not backwards, not inclusive)
            assert turned.turned() == cursor


def test_what_is_no_cursor_of_this_list_is_told_so():
    key = SecretStr(TEST_SECRET_KEY)
    text = write_cursor(Cursor("id", (1,)), secret_key=key, list_name="books")
    for given, list_name in (("", "books"), ("x", "books"), (text[:-1], "books"), (text, "book"), (text, "bookss")):
        with pytest.raises(InvalidInputError) as caught:
            read_cursor(given, secret_key=key, list_name=list_name)
        (error,) = caught.value.errors
        assert (error.pointer, error.type) == ("cursor", "bad_cursor")
        assert error.detail == "expected a cursor that this list gave out, or nothing for the first page"
