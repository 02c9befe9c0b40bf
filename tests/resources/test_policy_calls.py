"""A policy is asked once a request and action, however a request is answered and however many rows it is about."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from tests.library.api import BookPolicy

SEES = {"view": 1, "related": 1, "hidden": 1}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often each hook of the books' policy was asked, `where` by its action."""
    counted: Counter[str] = Counter()

    def count(name: str, hook: Callable[..., Any]) -> Callable[..., Any]:
        def counting(self: BookPolicy, *arguments: Any) -> Any:
            counted[arguments[1] if name == "where" else name] += 1
            return hook(self, *arguments)

        return counting

    for name in ("where", "related", "hidden", "read_only"):
        monkeypatch.setattr(BookPolicy, name, count(name, getattr(BookPolicy, name)))
    return counted


@pytest.mark.parametrize("remembers", [True, False])
@pytest.mark.parametrize("books", ["/api/books", "/api/loud_books"])  # those that are loud need Python
async def test_a_read_asks_the_policy_once(client, owner, make_book, asked, books, remembers, monkeypatch):  # noqa: PLR0917 - fixtures
    monkeypatch.setattr(BookPolicy, "remembers_anonymous", remembers)
    book = await make_book(owner_id=1)
    for who in (client, owner):
        for path in (books, f"{books}?count=true", f"{books}?cursor=", f"{books}/{book.id}"):
            asked.clear()
            assert (await who.get(path)).status_code == 200
            # What somebody unknown may see is remembered.
            assert asked == SEES or (who is client and remembers and not asked), path


async def test_a_write_asks_the_policy_once_for_each_action(owner, author, make_book, asked):
    book = await make_book(owner_id=1)
    fields = {"title": "New", "author_id": author.id}
    for method, path, data, hooks in (
        ("POST", "/api/books", fields, {"add": 1}),
        ("PATCH", f"/api/books/{book.id}", {"title": "Newer"}, {"view": 1, "change": 1}),
        ("PUT", f"/api/books/{book.id}", fields, {"view": 1, "change": 1}),
        ("DELETE", f"/api/books/{book.id}", None, {"view": 1, "delete": 1}),
    ):
        asked.clear()
        assert (await owner.request(method, path, json=data)).is_success
        rules = {name: times for name, times in asked.items() if name in {"view", "add", "change", "delete"}}
        assert rules == hooks, method


async def test_a_refused_write_asks_the_policy_once(owner, make_book, asked):
    book = await make_book(owner_id=1)
    stale = {"If-Match": '"0-0"'}
    for method, action in (("PATCH", "change"), ("DELETE", "delete")):
        asked.clear()
        answer = await owner.request(method, f"/api/books/{book.id}", json={"title": "x"}, headers=stale)
        assert answer.status_code == 412
        assert asked["view"] == asked[action] == 1, method


async def test_a_bulk_write_asks_the_policy_as_often_for_many_rows_as_for_two(owner, author, make_book, asked):
    books = [await make_book(owner_id=1) for _ in range(12)]
    missing = 10**6  # of an author: the request fails, and is tried one by one
    for method, query, item, status in (
        ("POST", "", lambda book: {"title": "x", "author_id": author.id}, 201),
        ("PATCH", "", lambda book: {"id": book.id, "title": f"x {book.id}"}, 200),
        ("POST", "", lambda book: {"title": "x", "author_id": missing}, 409),
        ("PATCH", "", lambda book: {"id": book.id, "author_id": missing}, 409),
        ("DELETE", "?ids={}", None, 204),
    ):
        counts = []
        for some in (books[:2], books[2:]):
            asked.clear()
            body = None if item is None else {"items": [item(book) for book in some]}
            url = f"/api/books/bulk{query}".format(",".join(str(book.id) for book in some))
            answer = await owner.request(method, url, json=body)
            assert answer.status_code == status
            counts.append({name: times for name, times in asked.items() if name in {"view", "add", "change", "delete"}})
        assert counts[0] == counts[1], method
