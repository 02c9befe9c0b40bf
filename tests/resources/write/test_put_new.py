"""A PUT that makes the row it finds none of."""

import asyncio

import pytest

from tests.orders.fixtures import app, orders_url  # noqa: F401 - fixtures

REFUSED_KEYS = [
    ("/api/shelves", {"place": "p" * 21, "shelf": 1}, "/place"),
    ("/api/shelves", {"place": " ", "shelf": 1}, "/place"),
    ("/api/shelves", {"place": "", "shelf": 1}, "/place"),
    ("/api/numbered", {"number": "n" * 21}, "/number"),
    ("/api/numbered", {"number": " "}, "/number"),
]


async def test_a_row_is_made_with_no_key_that_a_post_would_not_take(owner, client):
    for bulk, key, pointer in REFUSED_KEYS:
        one = await owner.put(f"{bulk}/{';'.join(map(str, key.values()))}", json={})
        assert (one.status_code, [each["pointer"] for each in one.json()["errors"]]) == (422, [pointer])
        many = await owner.put(f"{bulk}/bulk", json={"items": [key]})
        assert (many.status_code, [each["pointer"] for each in many.json()["errors"]]) == (422, [f"/items/0{pointer}"])
        assert (await client.get(bulk)).json()["items"] == []


@pytest.mark.parametrize("url", ["/api/shelves/rome;1", "/api/numbered/A1"])
async def test_a_put_may_ask_to_make_a_row_and_to_change_none(owner, stranger, url):
    new = {"If-None-Match": "*"}
    assert (await owner.put(url, json={}, headers=new)).status_code == 201
    made = (await owner.get(url)).json()
    refused = await owner.put(url, json={"owner": 3}, headers=new)
    assert refused.status_code == 412
    assert refused.json()["detail"].endswith(" already.")
    assert (await stranger.put(url, json={"owner": 3}, headers=new)).status_code == 403
    assert (await owner.get(url)).json() == made
    assert (await owner.put(url, json={}, headers={"If-None-Match": '"x"'})).status_code == 200


@pytest.mark.parametrize("url", ["/api/shelves/rome;1", "/api/numbered/A1"])
@pytest.mark.parametrize(("headers", "codes"), [({}, {200, 201}), ({"If-None-Match": "*"}, {201, 412})])
async def test_of_two_who_make_a_row_at_once_the_second_finds_it(owner, url, headers, codes):
    answers = await asyncio.gather(*(owner.put(url, json={}, headers=headers) for _ in range(6)))
    found = [one.status_code for one in answers]
    assert (found.count(201), set(found)) == (1, codes)


async def test_the_document_tells_how_to_ask_for_a_new_row(client):
    paths = (await client.get("/openapi.json")).json()["paths"]

    def headers(path: str) -> list[str]:
        return [one["name"] for one in paths[path]["put"]["parameters"] if one["in"] == "header"]

    assert headers("/api/shelves/{shelf_id}") == ["If-Match", "If-None-Match"]
    assert headers("/api/declared/{declared_id}") == ["If-Match"]
