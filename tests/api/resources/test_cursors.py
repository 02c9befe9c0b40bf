"""Paging by key: every row once, in any order, while others write."""

import pytest

from project.api.resources.cursors import Cursor, write_cursor
from project.testing.plugin import TEST_SECRET_KEY

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


async def walk(client, url, direction="next"):
    seen = []
    while url:
        answer = await client.get(url)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        ids = [book["id"] for book in page["items"]]
        seen = seen + ids if direction == "next" else ids + seen
        last, url = answer.url, page[direction]
    return seen, str(last)


@pytest.mark.parametrize("path", ["/api/books", "/api/loud_books"])
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
    page = (await client.get("/api/books?ordering=title&limit=3&cursor=")).json()
    seen = []
    while True:
        seen += [book["id"] for book in page["items"]]
        await make_book(title="00 before")
        last = page["items"][-1]["id"]
        if last != ids[-1]:
            await owner.delete(f"/api/books/{last}")  # the cursor's own row goes away
        if page["next"] is None:
            break
        page = (await client.get(page["next"])).json()
    assert [one for one in seen if one in ids] == ids
    assert len(seen) == len(set(seen))


async def test_pages_have_a_previous_only_where_there_is_one(client, shelf):
    first = (await client.get("/api/books?ordering=id&limit=2&cursor=")).json()
    assert first["previous"] is None
    second = (await client.get(first["next"])).json()
    assert second["next"] is None
    again = (await client.get(second["previous"])).json()
    assert again["items"] == first["items"]
    assert again["previous"] is None
    assert (await client.get(again["next"])).json()["items"] == second["items"]


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
    forged = write_cursor(Cursor("title,id", ("x",)), secret=TEST_SECRET_KEY, scope="books")
    assert (await client.get(f"/api/books?ordering=title&cursor={forged}")).status_code == 422
    other = write_cursor(Cursor("title,id", ("x", 1)), secret="another secret", scope="books")
    assert (await client.get(f"/api/books?ordering=title&cursor={other}")).status_code == 422


async def test_a_cursor_of_staff_opens_nothing_to_others(client, staff, shelf):
    page = (await staff.get("/api/books?ordering=secret&limit=1&cursor=")).json()
    assert (await client.get(page["next"])).status_code == 422
    visible = (await staff.get("/api/books?ordering=id&limit=4&cursor=")).json()["next"]
    assert (await client.get(visible)).json()["items"] == []


async def test_a_deep_page_costs_one_statement(client, shelf, count_statements):
    page = (await client.get("/api/books?limit=2&cursor=")).json()
    with count_statements() as statements:
        await client.get(page["next"])
    assert len(statements) == 1
    assert "created_at, library_book.id) < (" in statements[0]  # found by an index, not by passing rows over
