"""A policy is asked once a request, and once of each row, however a request is answered."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from tests.library.api import BookPolicy

SEES = {"rows": 1, "related": 1, "hidden": 1}
READS_BACK = {"related": 1, "hidden": 1}
WRITES = {"rows": 1, "may_update": 1, **READS_BACK}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often each hook of the books' policy was asked."""
    counted: Counter[str] = Counter()

    def count(name: str, hook: Callable[..., Any]) -> Callable[..., Any]:
        def counting(self: BookPolicy, *arguments: Any) -> Any:
            counted[name] += 1
            return hook(self, *arguments)

        return counting

    for name in ("rows", "related", "hidden", "may_create", "may_update", "may_delete"):
        monkeypatch.setattr(BookPolicy, name, count(name, getattr(BookPolicy, name)))
    # What its own may_delete asks of itself is its own affair.
    monkeypatch.setattr(BookPolicy, "may_delete", count("may_delete", lambda self, viewer, item: None))
    return counted


@pytest.mark.parametrize("remembers", [True, False])
@pytest.mark.parametrize("books", ["/api/books", "/api/loud_books"])  # those that are loud need Python
async def test_by_a_read(client, owner, make_book, asked, books, remembers, monkeypatch):  # noqa: PLR0917 - fixtures
    monkeypatch.setattr(BookPolicy, "remembers_anonymous", remembers)
    book = await make_book(owner_id=1)
    for who in (client, owner):
        for path in (books, f"{books}?count=true", f"{books}?cursor=", f"{books}/{book.id}"):
            asked.clear()
            assert (await who.get(path)).status_code == 200
            # What somebody unknown may see is remembered.
            assert asked == SEES or (who is client and remembers and not asked), path


async def test_by_a_write(owner, author, make_book, asked):
    book = await make_book(owner_id=1)
    fields = {"title": "New", "author_id": author.id}
    for method, path, data, hooks in (
        ("POST", "/api/books", fields, {"may_create": 1, **READS_BACK}),
        ("PATCH", f"/api/books/{book.id}", {"title": "Newer"}, WRITES),
        ("PUT", f"/api/books/{book.id}", fields, WRITES),
        ("DELETE", f"/api/books/{book.id}", None, {"rows": 1, "may_delete": 1}),
    ):
        asked.clear()
        assert (await owner.request(method, path, json=data)).is_success
        assert asked == hooks, method


async def test_by_a_write_that_is_refused(owner, make_book, asked):
    book = await make_book(owner_id=1)
    stale = {"If-Match": '"0-0"'}
    for method, hooks in (("PATCH", {"rows": 1, "may_update": 1}), ("DELETE", {"rows": 1, "may_delete": 1})):
        asked.clear()
        answer = await owner.request(method, f"/api/books/{book.id}", json={"title": "x"}, headers=stale)
        assert answer.status_code == 412
        assert asked == hooks, method


async def test_of_each_item_of_a_bulk_request(owner, author, make_book, asked):
    one, other = await make_book(owner_id=1), await make_book(owner_id=1)
    new = {"items": [{"title": "x", "author_id": author.id}] * 2}
    changes = {"items": [{"id": book.id, "title": f"x {book.id}"} for book in (one, other)]}
    for method, query, data, hooks in (
        ("POST", "", new, {"may_create": 2, **READS_BACK}),
        ("PATCH", "", changes, WRITES | {"may_update": 2}),
        ("DELETE", f"?ids={one.id},{other.id}", None, {"rows": 1, "may_delete": 2}),
    ):
        asked.clear()
        assert (await owner.request(method, f"/api/books/bulk{query}", json=data)).is_success
        assert asked == hooks, method


async def test_of_each_item_of_a_bulk_request_that_fails_and_is_tried_one_by_one(owner, author, make_book, asked):
    one, other = await make_book(owner_id=1), await make_book(owner_id=1)
    missing = 10**6
    new = {"items": [{"title": "x", "author_id": key} for key in (author.id, missing)]}
    changes = {"items": [{"id": one.id, "title": "x"}, {"id": other.id, "author_id": missing}]}
    for method, data, hooks in (
        ("POST", new, {"may_create": 2}),
        ("PATCH", changes, {"rows": 2, "may_update": 2}),  # the rows are read again, and stay locked
    ):
        asked.clear()
        answer = await owner.request(method, "/api/books/bulk", json=data)
        assert answer.status_code == 409
        assert [error["pointer"] for error in answer.json()["errors"]] == ["/items/1"]
        assert asked == hooks, method
