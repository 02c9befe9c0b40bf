"""Many at once: all or nothing, and an error for each that cannot be done."""

from sqlalchemy import func, select

from tests.library.models import Book


async def test_an_address_with_routes_of_its_own_answers_405_to_other_methods(client):
    for method in ("GET", "PUT"):  # there is GET /books/{book_id}, but "bulk" is no key
        answer = await client.request(method, "/api/books/bulk")
        assert (answer.status_code, answer.headers["allow"]) == (405, "DELETE, OPTIONS, PATCH, POST")
    assert (await client.options("/api/books/bulk")).headers["allow"] == "DELETE, OPTIONS, PATCH, POST"
    assert (await client.get("/api/books/abc")).status_code == 422


async def test_many_are_made_changed_and_removed(owner, author, session):
    data = {"items": [{"title": f"Book {number}", "author_id": author.id} for number in range(5)]}
    made = await owner.post("/api/books/bulk", json=data)
    assert made.status_code == 201, made.text
    assert [book["title"] for book in made.json()["items"]] == [one["title"] for one in data["items"]]
    ids = [book["id"] for book in made.json()["items"]]
    changes = [{"id": key, "pages": key} for key in reversed(ids)]
    changed = await owner.patch("/api/books/bulk", json={"items": changes})
    assert changed.status_code == 200, changed.text
    assert [(book["id"], book["pages"]) for book in changed.json()["items"]] == [(key, key) for key in reversed(ids)]
    removed = await owner.delete("/api/books/bulk", params={"ids": ",".join(map(str, ids))})
    assert removed.status_code == 204
    assert await session.scalar(select(func.count()).select_from(Book)) == 0


async def test_one_that_fails_undoes_all_and_each_failure_is_named(owner, author, session):
    items = [
        {"title": "good", "author_id": author.id},
        {"title": "forbidden", "author_id": 1},
        {"title": "x", "author_id": 999},
    ]
    answer = await owner.post("/api/books/bulk", json={"items": items})
    assert answer.status_code == 422
    assert answer.json()["detail"] == "2 of 3 cannot be done; nothing was changed."
    assert [(e["pointer"], e["type"]) for e in answer.json()["errors"]] == [
        ("/items/1", "permission-denied"),
        ("/items/2/author_id", "unknown"),
    ]
    assert await session.scalar(select(func.count()).select_from(Book)) == 0


async def test_a_bulk_update_minds_policy_presence_and_version(owner, stranger, make_book, session):
    mine, other = await make_book(), await make_book(owner_id=2, is_public=False)
    tag = (await owner.get(f"/api/books/{mine.id}")).headers["ETag"]
    answer = await owner.patch("/api/books/bulk", json={"items": [{"id": mine.id, "pages": 1}, {"id": other.id}]})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (404, "/items/1")
    answer = await stranger.patch("/api/books/bulk", json={"items": [{"id": mine.id, "pages": 1}]})
    assert answer.status_code == 403
    twice = await owner.patch("/api/books/bulk", json={"items": [{"id": mine.id}, {"id": mine.id}]})
    assert twice.status_code == 422
    one = {"items": [{"id": mine.id, "pages": 3, "if_match": tag}]}
    assert (await owner.patch("/api/books/bulk", json=one)).status_code == 200
    assert (await owner.patch("/api/books/bulk", json=one)).status_code == 412
    assert (await session.scalars(select(Book.pages).order_by(Book.id))).all() == [3, None]


async def test_a_bulk_delete_is_all_or_nothing(owner, make_book, session):
    mine, other = await make_book(), await make_book(owner_id=2)
    answer = await owner.delete(f"/api/books/bulk?ids={mine.id}&ids={other.id}")
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (403, "/ids/1")
    assert await session.scalar(select(func.count()).select_from(Book)) == 2


NO_KEYS = [True, "1", 0, 1.5, None]


async def test_what_is_no_key_names_no_row_of_a_bulk_update(owner, make_book, session):
    book = await make_book(id=1)
    for key in NO_KEYS:
        answer = await owner.patch("/api/books/bulk", json={"items": [{"id": key, "title": "Changed"}]})
        pointers = [error["pointer"] for error in answer.json()["errors"]]
        assert (answer.status_code, pointers) == (422, ["/items/0/id"]), key
    assert await session.scalar(select(Book.title).where(Book.id == 1)) == book.title


OTHER_WAYS = ["%20{}", "{}%20", "%2B{}", "0{}", "{}.0", "{},%20{}"]


async def test_a_key_of_a_bulk_delete_has_one_way_to_be_written(owner, make_book, session):
    book = await make_book()
    for text in OTHER_WAYS:
        answer = await owner.delete(f"/api/books/bulk?ids={text.format(book.id, book.id)}")
        assert (answer.status_code, answer.json()["errors"][0]["pointer"][:4]) == (422, "ids."), text
    assert await session.scalar(select(func.count()).select_from(Book)) == 1


async def test_a_bulk_has_limits(owner, author):
    one = {"title": "x", "author_id": author.id}
    for items in ([], [one] * 101):
        assert (await owner.post("/api/books/bulk", json={"items": items})).status_code == 422
    bad = await owner.post("/api/books/bulk", json={"items": [one, {"title": ""}]})
    assert "/items/1/title" in [error["pointer"] for error in bad.json()["errors"]]
    for query in ("", "?ids=", "?ids=x", "?ids=" + ",".join(map(str, range(1, 102)))):
        assert (await owner.delete(f"/api/books/bulk{query}")).status_code == 422
    assert (await owner.post("/api/books/bulk", json={"items": [one] * 100})).status_code == 201


async def test_statement_counts(owner, author, make_book, count_statements):
    ids = [(await make_book()).id for _ in range(4)]
    plain = lambda statements: [one for one in statements if "SAVEPOINT" not in one]  # noqa: E731 - short
    with count_statements() as statements:
        await owner.patch("/api/books/bulk", json={"items": [{"id": key, "pages": 1} for key in ids]})
    assert len(plain(statements)) == 1 + 1 + 1  # lock, change all, read back
    with count_statements() as statements:
        await owner.delete("/api/books/bulk", params={"ids": ",".join(map(str, ids))})
    assert len(plain(statements)) == 1 + 1
