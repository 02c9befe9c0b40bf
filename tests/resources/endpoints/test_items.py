"""Single objects: read, make, change, replace, remove; entity tags and preconditions."""

import asyncio

import pytest
from sqlalchemy import select

from tests.library.models import Loan
from tests.once import asks_no_database


async def test_the_whole_life_of_an_object(owner, client, author):
    made = await owner.post("/api/books", json={"title": "New", "author_id": author.id, "price": "9.90"})
    assert made.status_code == 201, made.text
    path = made.headers["Location"]
    assert path == f"/api/books/{made.json()['id']}"
    assert made.json()["price"] == "9.90"
    assert made.json()["author"] == {"id": author.id, "name": "Ada", "born": "1815-12-10"}
    assert (await client.get(path)).json() == made.json()
    changed = await owner.patch(path, json={"title": "Newer"})
    assert (changed.status_code, changed.json()["title"], changed.json()["price"]) == (200, "Newer", "9.90")
    replaced = await owner.put(path, json={"title": "Newest", "author_id": author.id})
    assert (replaced.status_code, replaced.json()["title"], replaced.json()["price"]) == (200, "Newest", "0.00")
    assert (await owner.delete(path)).status_code == 204
    assert (await client.get(path)).status_code == 404
    assert (await owner.delete(path)).status_code == 404


async def test_an_object_of_the_orm_road_has_the_same_endpoints(client, make_book):
    book = await make_book()
    answer = await client.get(f"/api/loud_books/{book.id}?fields=shout,author.name")
    assert answer.json() == {"shout": "A BOOK", "author": {"name": "Ada"}}
    assert (await client.get(f"/api/loud_books/{book.id}")).headers["ETag"]


NOT_THERE = ["0", "-1", "x", str(2**63), "99", "1.5", "%20"]


async def test_an_object_that_is_not_there_is_no_crash(client, make_book):
    await make_book()
    for key in NOT_THERE:
        assert (await client.get(f"/api/books/{key}")).status_code in (404, 422), key


async def test_fields_of_one_object(client, make_book):
    book = await make_book()
    assert (await client.get(f"/api/books/{book.id}?fields=title")).json() == {"title": "A book"}
    assert (await client.get(f"/api/books/{book.id}?expand=reviews")).json()["reviews"] == []
    for query, words in (("limit=1", "unknown parameter"), ("fields=secret", "not among"), ("expand=x", "reviews")):
        answer = await client.get(f"/api/books/{book.id}?{query}")
        assert answer.status_code == 422
        assert words in answer.text


async def test_an_unchanged_object_is_not_sent_again(client, owner, make_book, session):
    book = await make_book()
    path = f"/api/books/{book.id}"
    tag = (await client.get(path)).headers["ETag"]
    for header in (tag, f"W/{tag}", f'"x", {tag}', "*"):
        again = await client.get(path, headers={"If-None-Match": header})
        assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", tag)
    assert (await client.get(path, headers={"If-None-Match": '"x"'})).status_code == 200
    assert (await client.get(f"{path}?fields=id", headers={"If-None-Match": tag})).status_code == 200
    assert (await client.head(path, headers={"If-None-Match": tag})).status_code == 304
    await owner.patch(path, json={"title": "Changed"})
    assert (await client.get(path, headers={"If-None-Match": tag})).status_code == 200


async def test_a_changed_nested_object_changes_the_tag_and_harms_no_writer(client, owner, make_book, session, author):
    book = await make_book()
    path = f"/api/books/{book.id}"
    tag = (await client.get(path)).headers["ETag"]
    author.name = "Ada L."
    await session.commit()
    assert (await client.get(path, headers={"If-None-Match": tag})).status_code == 200
    assert (await owner.patch(path, json={"pages": 1}, headers={"If-Match": tag})).status_code == 200


async def test_a_stale_writer_is_told_so(owner, make_book):
    path = f"/api/books/{(await make_book()).id}"
    tag = (await owner.get(path)).headers["ETag"]
    sparse = (await owner.get(f"{path}?fields=id")).headers["ETag"]
    changed = await owner.patch(path, json={"pages": 1}, headers={"If-Match": sparse})
    assert changed.status_code == 200
    for stale in (tag, sparse, f"W/{changed.headers['ETag']}", '"x"', ""):
        for method in ("PATCH", "PUT", "DELETE"):
            body = {"title": "x", "author_id": changed.json()["author_id"]} if method != "DELETE" else None
            answer = await owner.request(method, path, json=body, headers={"If-Match": stale})
            assert answer.status_code == 412, f"{method} {stale}"
    assert (await owner.patch(path, json={"pages": 2}, headers={"If-Match": "*"})).status_code == 200
    tag = (await owner.get(path)).headers["ETag"]
    assert (await owner.delete(path, headers={"If-Match": f'"x", {tag}'})).status_code == 204


async def test_of_many_writers_with_one_tag_one_wins(owner, make_book, database):
    path = f"/api/books/{(await make_book()).id}"
    tag = (await owner.get(path)).headers["ETag"]
    answers = await asyncio.gather(
        *(owner.patch(path, json={"pages": n}, headers={"If-Match": tag}) for n in range(12))
    )
    assert sorted(answer.status_code for answer in answers) == [200] + [412] * 11


async def test_a_resource_can_demand_a_precondition_and_use_a_version_column(client, session):
    made = await client.post("/api/loans", json={"borrower": "Ada"})
    path = made.headers["Location"]
    refused = await client.patch(path, json={"borrower": "Eve"})
    assert refused.status_code == 428
    assert refused.json()["type"].endswith("precondition-required")
    assert (await client.delete(path)).status_code == 428
    answer = await client.patch(path, json={"borrower": "Eve"}, headers={"If-Match": made.headers["ETag"]})
    assert (answer.status_code, answer.json()["borrower"]) == (200, "Eve")
    stale = await client.delete(path, headers={"If-Match": made.headers["ETag"]})
    assert stale.status_code == 412
    assert (await session.scalars(select(Loan.version))).all() == [2]


async def test_a_demanded_precondition_is_demanded_of_bulk_requests_too(app, client, session):
    tag = (made := await client.post("/api/loans", json={"borrower": "Ada"})).headers["ETag"]
    item = {"id": made.json()["id"], "borrower": "Eve"}
    assert (await client.patch("/api/loans/bulk", json={"items": [item]})).status_code == 428
    assert (await client.delete(f"/api/loans/bulk?ids={item['id']}")).status_code == 405
    answer = await client.patch("/api/loans/bulk", json={"items": [item | {"if_match": tag}]})
    assert (answer.status_code, answer.json()["items"]) == (200, [item])
    assert set(app.openapi()["paths"]["/api/loans/bulk"]) == {"post", "patch"}
    assert "428" in app.openapi()["paths"]["/api/loans/bulk"]["patch"]["responses"]


@asks_no_database
@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/title"),
        ({"title": ""}, "/title"),
        ({"title": "x", "author_id": 0}, "/author_id"),
        ({"colour": 1}, "/colour"),
    ],
)
async def test_a_bad_body_is_refused_by_pointer(owner, body, pointer):
    answer = await owner.post("/api/books", json=body)
    assert answer.status_code == 422
    assert pointer in [error["pointer"] for error in answer.json()["errors"]]


async def test_a_reference_to_nothing_is_a_conflict(owner, make_book):
    assert (await owner.post("/api/books", json={"title": "x", "author_id": 999})).status_code == 409
    path = f"/api/books/{(await make_book()).id}"
    assert (await owner.patch(path, json={"author_id": 999})).status_code == 409


async def test_who_may_write_is_asked(client, owner, stranger, staff, make_book):
    path = f"/api/books/{(await make_book()).id}"
    assert (await client.patch(path, json={"pages": 1})).status_code == 401
    assert (await stranger.patch(path, json={"pages": 1})).status_code == 403
    assert (await stranger.delete(path)).status_code == 403
    assert (await staff.patch(path, json={"pages": 1})).status_code == 200
    refused = await owner.post("/api/books", json={"title": "forbidden", "author_id": 1})
    assert (refused.status_code, refused.json()["detail"]) == (403, "This title is not for you.")
    hidden = f"/api/books/{(await make_book(is_public=False)).id}"
    for method in ("PATCH", "DELETE"):
        answer = await stranger.request(method, hidden, json={} if method == "PATCH" else None)
        assert answer.status_code == 404
        assert answer.json()["detail"] == (await stranger.get(hidden)).json()["detail"]


async def test_statement_counts(owner, client, make_book, author, count_statements):
    path = f"/api/books/{(await make_book(genres=['a', 'b'])).id}"
    costs = {}
    for name, send in {
        "get": lambda: client.get(path),
        "get known": lambda: owner.get(path),
        "create": lambda: owner.post("/api/books", json={"title": "x", "author_id": author.id}),
        "patch": lambda: owner.patch(path, json={"pages": 5}),
        "put": lambda: owner.put(path, json={"title": "y", "author_id": author.id}),
        "delete": lambda: owner.delete(path),
    }.items():
        with count_statements() as statements:
            assert (await send()).is_success
        costs[name] = len(statements)
    assert costs == {"get": 1, "get known": 1, "create": 2, "patch": 3, "put": 3, "delete": 1}


async def test_methods_that_are_not_there(client, owner, make_book, app):
    path = f"/api/books/{(await make_book()).id}"
    assert (await owner.put("/api/books", json={})).status_code == 405
    assert (await client.post("/api/genres", json={})).status_code == 405
    head = await client.head(path)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["ETag"] == (await client.get(path)).headers["ETag"]


async def test_allow_names_every_method_of_the_address(client, make_book):
    path = f"/api/books/{(await make_book()).id}"
    answer = await client.post(path, json={})
    assert answer.status_code == 405
    assert answer.headers["Allow"] == "DELETE, GET, HEAD, OPTIONS, PATCH, PUT"
    options = await client.options(path)
    assert (options.status_code, options.content) == (204, b"")
    assert options.headers["Allow"] == "DELETE, GET, HEAD, OPTIONS, PATCH, PUT"
    assert (await client.options("/api/books")).headers["Allow"] == "GET, HEAD, OPTIONS, POST"
    assert (await client.options("/api/genres")).headers["Allow"] == "GET, HEAD, OPTIONS"
    assert (await client.options("/api/nothing")).status_code == 404


async def test_a_dependency_of_the_router_is_asked_on_both_roads(app, client, make_book):
    from fastapi import APIRouter, Depends, HTTPException

    from tests.library.api import books

    def refuse() -> None:
        raise HTTPException(403)

    router = APIRouter(dependencies=[Depends(refuse)])
    router.include_router(books.router)
    app.include_router(router, prefix="/guarded")
    assert (await client.get(f"/guarded/books/{(await make_book()).id}")).status_code == 403
    assert (await client.get("/guarded/books")).status_code == 403
    assert (await client.get("/api/books")).status_code == 200


async def test_a_failing_read_is_told_apart_on_the_fast_path_too(client, app, database, make_book):
    from sqlalchemy import text

    await make_book()
    async with database.engine.begin() as connection:
        await connection.execute(text("DROP TABLE library_book_genre"))
    answer = await client.get("/api/books")
    assert answer.status_code == 500
    assert "library" not in answer.text
    assert isinstance((await client.get("/api/genres")).json()["items"], list)


async def test_whoever_the_policy_recognizes_is_answered_without_a_session_and_others_are_not(
    client, owner, app, make_book, monkeypatch
):
    book = await make_book()
    opened = []
    monkeypatch.setattr(app.state.database, "unit_of_work", lambda **_: opened.append(1) or 1 / 0)
    for path in (f"/api/books/{book.id}", "/api/books?count=true"):
        assert (await client.get(path)).status_code == 200
        assert (await owner.get(path)).status_code == 200
        assert opened == []
    assert (await client.get(f"/api/loud_books/{book.id}")).status_code == 500
    assert opened.pop()
