"""The ways to a page that a condition across relations selects: gathered or walked, they find the same rows."""

import pytest

from dovetail.resources.query import where
from dovetail.resources.read import access_paths
from tests.library.api import books, found_books, loud_books
from tests.resources.endpoints.test_lists import PATHS
from tests.walking import pages

QUERIES = (
    "genres__name=python&ordering=-id",
    "genres__name=nothing",
    "genres__name__in=python,fruit&ordering=author__name,-title",
    "genres__name__icontains=r&reviews__stars__gte=1&author__name=Ada&translator__name=Grace",
    "author__name=Ada&title__icontains=a&ordering=-weight",
    "translator__name__isnull=true",
    "reviews__reviewer__name=Grace&search=a",
)


@pytest.fixture
def forget():
    """What was compiled for one limit is not used for another."""

    def forget() -> None:
        for resource in (books, loud_books, found_books):
            resource.reader._plans.clear()
            resource.listing._reads.clear()

    forget()
    yield forget
    forget()


async def answers(client, path):
    found = {}
    for query in QUERIES:
        walk = pages(client.get, f"{path}?{query}&cursor=&limit=1")
        one_by_one = [item async for answer in walk for item in answer.json()["items"]]
        whole = (await client.get(f"{path}?{query}&count=true")).json()
        assert one_by_one == whole["items"], query
        second = (await client.get(f"{path}?{query}&offset=1&limit=2&count=capped")).json()
        assert second["items"] == whole["items"][1:3], query
        assert whole["total"] == second["total"] == len(whole["items"])
        found[query] = whole["items"]
    return found


@pytest.mark.parametrize("path", PATHS)
async def test_every_way_finds_the_same_rows(client, shelf, path, monkeypatch, forget):
    gathered = await answers(client, path)
    assert any(gathered.values())
    for few, nearest in ((0, 1), (1, 1_000)):
        monkeypatch.setattr(access_paths, "FEW", few)
        monkeypatch.setattr(where, "NEAREST", nearest)
        forget()
        assert await answers(client, path) == gathered


@pytest.mark.parametrize(("few", "near"), [(10_000, 2_000), (0, 2_000), (0, 1), (1, 3)])
async def test_words_are_found_by_every_way(client, make_book, monkeypatch, forget, few, near):  # noqa: PLR0917 - as above
    for title in ("red one", "blue two", "red three", "red four", "blue five", "red six"):
        await make_book(title=title)
    monkeypatch.setattr(access_paths, "FEW", few)
    monkeypatch.setattr(access_paths, "NEAR", near)
    forget()
    for order in ("id", "-id", "title"):
        whole = (await client.get(f"/api/found_books?search=red&ordering={order}&count=true")).json()
        assert whole["total"] == len(whole["items"]) == 4
        assert (await client.get("/api/found_books?search=red&count=capped")).json()["total"] == 4
        titles = [item["title"] for item in whole["items"]]
        expected = ["red one", "red three", "red four", "red six"]
        assert titles == (sorted(expected) if order == "title" else expected[:: -1 if order == "-id" else 1])
        second = (await client.get(f"/api/found_books?search=red&ordering={order}&offset=1&limit=2")).json()
        assert second["items"] == whole["items"][1:3]
        walk = (await client.get(f"/api/found_books?search=red&ordering={order}&cursor=&limit=3")).json()
        assert (await client.get(walk["next"])).json()["items"] == whole["items"][3:]


async def test_a_way_compiled_for_one_row_serves_the_next(client, shelf):
    found = {name: (await client.get(f"/api/genres/{name}/books?ordering=id")).json() for name in ("python", "fruit")}
    titles = {name: [item["title"][0] for item in answer["items"]] for name, answer in found.items()}
    assert titles == {"python": ["A", "D"], "fruit": ["A", "B"]}


async def test_what_a_foreign_key_says_is_not_asked_of_the_other_table(client, shelf, count_statements):
    with count_statements() as statements:
        answer = await client.get("/api/books?author__id=1&fields=id")
    assert len(answer.json()["items"]) == 3
    assert "library_author" not in statements[0]
