"""Rows whose primary key has several columns: `/stocks/rome;3`, on both roads."""

from enum import Enum

import pytest
from sqlalchemy import update

from dovetail.errors import ConfigurationError
from dovetail.resources.policy import Open, not_found
from dovetail.resources.resource import CreateSchema, Resource, UpdateSchema
from tests.orders.fixtures import app, orders_url  # noqa: F401 - fixtures
from tests.orders.models import Count, Stock
from tests.walking import pages

ROME = {"place": "rome", "shelf": 3, "amount": 7}


async def made(client, **fields):
    answer = await client.post("/api/stocks", json=ROME | fields)
    assert answer.status_code == 201, answer.text
    return answer


async def test_a_row_is_made_read_changed_and_removed_by_its_two_values(owner, client):
    answer = await made(owner, note="x")
    assert answer.headers["Location"] == "/api/stocks/rome%3B3"
    url = answer.headers["Location"]
    for one in (url, "/api/stocks/rome;3"):
        read = await client.get(one)
        assert (read.status_code, read.json()) == (200, answer.json())
        assert read.headers["ETag"] == answer.headers["ETag"]
    assert answer.json() == {"place": "rome", "shelf": 3, "owner": 1, "amount": 7, "note": "x", "counts": []}
    changed = await owner.patch(url, json={"amount": 8}, headers={"If-Match": answer.headers["ETag"]})
    assert (changed.status_code, changed.json()) == (200, answer.json() | {"amount": 8})
    stale = await owner.patch(url, json={"amount": 9}, headers={"If-Match": answer.headers["ETag"]})
    assert stale.status_code == 412
    assert (await owner.delete(url, headers={"If-Match": answer.headers["ETag"]})).status_code == 412
    assert (await client.get(f"{url}?fields=amount")).json() == {"amount": 8}
    assert (await owner.delete(url)).status_code == 204
    gone = await client.get(url)
    assert (gone.status_code, gone.json()["detail"]) == (404, "There is no stock rome;3.")


async def test_no_two_rows_have_one_key_and_others_may_not_change_them(owner, stranger):
    await made(owner)
    assert (await owner.post("/api/stocks", json=ROME)).status_code == 409
    assert (await stranger.patch("/api/stocks/rome;3", json={"amount": 1})).status_code == 403
    assert (await stranger.delete("/api/stocks/rome;3")).status_code == 403
    assert (await stranger.patch("/api/stocks/rome;4", json={"amount": 1})).status_code == 404


NO_KEYS = ["rome", "rome;", "rome;03", "rome;+3", "rome;3;4", "rome;x", "rome;3\\", "rome;99999999999"]


async def test_what_is_no_key_is_refused(owner):
    await made(owner)
    for key in NO_KEYS:
        for answer in (await owner.get(f"/api/stocks/{key}"), await owner.patch(f"/api/stocks/{key}", json={})):
            assert answer.status_code == 422, (key, answer.text)
            assert answer.json()["errors"][0]["pointer"].startswith("stock_id"), key


async def test_what_is_wrong_with_a_key_is_said_in_the_words_of_a_request(owner):
    wrong = (await owner.get("/api/stocks/rome;03")).json()["errors"][0]["detail"]
    assert wrong == "expected place;shelf; shelf: expected a whole number, of digits only"


def test_a_member_of_an_enum_is_named_in_a_key_as_it_is_sent():
    class Size(Enum):
        LARGE = "large"

    assert not_found("box", (Size.LARGE, 3)).detail == "There is no box large;3."
    assert not_found("box", Size.LARGE).detail == "There is no box large."


async def test_a_text_may_have_what_stands_between_the_values(owner, client):
    for place in ("a;b", "a\\", "50%", "#?", "é", "a,b"):
        answer = await made(owner, place=place)
        read = await client.get(answer.headers["Location"])
        assert (read.status_code, read.json()["place"]) == (200, place)
    slash = await owner.post("/api/stocks", json=ROME | {"place": "a/b"})
    assert slash.status_code == 422
    assert [(one["pointer"], one["type"]) for one in slash.json()["errors"]] == [("/place", "bad_key")]


async def test_lists_are_filtered_ordered_and_paged_by_cursor_and_by_offset(owner, client):
    for number, place in enumerate(("oslo", "rome", "rome", "oslo", "bern")):
        await made(owner, place=place, shelf=number, amount=number // 2)
    everything = [("bern", 4), ("oslo", 0), ("oslo", 3), ("rome", 1), ("rome", 2)]

    async def keys(url):
        walk = pages(client.get, url)
        return [(one["place"], one["shelf"]) async for answer in walk for one in answer.json()["items"]]

    assert await keys("/api/stocks?limit=2") == everything
    assert await keys("/api/stocks?limit=2&cursor=") == everything
    assert await keys("/api/stocks?limit=2&cursor=&ordering=-place") == everything[::-1]
    assert await keys("/api/stocks?limit=1&cursor=&ordering=amount") == [
        ("oslo", 0), ("rome", 1), ("oslo", 3), ("rome", 2), ("bern", 4)
    ]  # fmt: skip
    assert await keys("/api/stocks?place=rome&ordering=shelf") == [("rome", 1), ("rome", 2)]
    assert await keys("/api/stocks?search=OS") == [("oslo", 0), ("oslo", 3)]
    assert (await client.get("/api/stocks?count=true&place__in=rome,bern")).json()["total"] == 3
    assert (await client.get("/api/stocks?count=capped")).json()["total"] == 5
    assert (await client.get("/api/stocks?fields=shelf&limit=1")).json()["items"] == [{"shelf": 4}]


async def test_many_are_made_changed_and_removed_at_once(owner, client):
    items = [{"place": "rome", "shelf": number} for number in range(3)]
    answer = await owner.post("/api/stocks/bulk", json={"items": items[::-1]})
    assert answer.status_code == 201, answer.text
    assert [one["shelf"] for one in answer.json()["items"]] == [2, 1, 0]
    changes = [{"place": "rome", "shelf": 1, "amount": 5}, {"place": "rome", "shelf": 0, "note": "x"}]
    changed = await owner.patch("/api/stocks/bulk", json={"items": changes})
    assert changed.status_code == 200, changed.text
    assert [(one["shelf"], one["amount"], one["note"]) for one in changed.json()["items"]] == [
        (1, 5, None),
        (0, 0, "x"),
    ]
    twice = await owner.patch("/api/stocks/bulk", json={"items": [changes[0], changes[0]]})
    assert (twice.status_code, [one["pointer"] for one in twice.json()["errors"]]) == (422, ["/items/1"])
    missing = await owner.patch("/api/stocks/bulk", json={"items": [changes[0], changes[0] | {"shelf": 9}]})
    assert (missing.status_code, [one["pointer"] for one in missing.json()["errors"]]) == (404, ["/items/1"])
    taken = await owner.post("/api/stocks/bulk", json={"items": [{"place": "oslo", "shelf": 1}, items[1]]})
    assert (taken.status_code, [one["pointer"] for one in taken.json()["errors"]]) == (
        409,
        ["/items/1/place", "/items/1/shelf"],
    )
    assert (await owner.delete("/api/stocks/bulk?ids=rome;1,rome%3B2")).status_code == 204
    assert [one["shelf"] for one in (await client.get("/api/stocks")).json()["items"]] == [0]
    assert (await owner.delete("/api/stocks/bulk?ids=rome")).status_code == 422


async def test_a_new_row_is_answered_once_more(owner):
    headers = {"Idempotency-Key": "one"}
    first = await owner.post("/api/stocks", json=ROME, headers=headers)
    again = await owner.post("/api/stocks", json=ROME, headers=headers)
    assert (first.status_code, again.status_code) == (201, 201), again.text
    assert (again.json(), again.headers["Idempotency-Replayed"]) == (first.json(), "true")
    body, headers = {"items": [ROME | {"shelf": 4}]}, {"Idempotency-Key": "2"}
    many = [await owner.post("/api/stocks/bulk", json=body, headers=headers) for _ in range(2)]
    assert many[0].json() == many[1].json()


async def test_a_row_that_another_transaction_changed_is_read_as_it_is(owner, client, session):
    await made(owner)
    session.add(Count(place="rome", shelf=3, found=6))
    await session.execute(update(Stock).values(note="y"))
    await session.commit()
    read = (await client.get("/api/stocks/rome;3")).json()
    assert (read["note"], [one["found"] for one in read["counts"]]) == ("y", [6])


async def test_what_lies_two_relations_away_is_answered_filtered_and_ordered_by(owner, client):
    for number, street in (("A1", "Corso"), ("A2", "Appia"), ("A3", None)):
        address = street and {"street": street, "city": f"city of {street}"}
        body = {"number": number, "address": address, "lines": [{"sku": f"pen {number}"}]}
        assert (await owner.post("/api/orders", json=body)).status_code == 201

    async def found(query):
        answer = await client.get("/api/lines", params=query)
        assert answer.status_code == 200, answer.text
        return [(one["sku"], one["street"]) for one in answer.json()["items"]]

    everything = [("pen A2", "Appia"), ("pen A1", "Corso"), ("pen A3", None)]
    assert await found({}) == everything
    assert await found({"ordering": "-street", "limit": 2, "cursor": ""}) == everything[:0:-1]
    assert await found({"street__icontains": "PP"}) == everything[:1]
    assert await found({"to": "city of Corso"}) == [("pen A1", "Corso")]
    one = (await client.get("/api/addressed/1;pen%20A1")).json()
    assert one == {"order_id": 1, "sku": "pen A1", "order": {"number": "A1", "address": {"street": "Corso"}}}
    assert (await client.get("/api/addressed/1;pen A1?fields=order.address.street")).json() == {
        "order": {"address": {"street": "Corso"}}
    }


async def test_a_row_that_is_not_seen_cannot_be_referred_to_by_its_two_values(owner, staff, session):
    for place, shelf, by in (("rome", 1, 9), ("rome", 2, 1), ("oslo", 1, 1)):
        session.add(Stock(place=place, shelf=shelf, owner=by))
    await session.commit()
    hidden, seen = {"place": "rome", "shelf": 1, "found": 3}, {"place": "rome", "shelf": 2, "found": 3}
    made = await owner.post("/api/counts", json=seen)
    assert made.status_code == 201, made.text
    url = f"/api/counts/{made.json()['id']}"
    unknown = await owner.post("/api/counts", json=hidden | {"shelf": 7})
    for answer in (
        await owner.post("/api/counts", json=hidden),
        await owner.patch(url, json={"shelf": 1}),
        await owner.post("/api/counts/bulk", json={"items": [hidden]}),
    ):
        assert (answer.status_code, answer.json()["title"]) == (409, unknown.json()["title"])
    assert (await owner.patch(url, json={"found": 4})).status_code == 200
    assert (await owner.patch(url, json={"place": "oslo", "shelf": 1})).status_code == 200
    assert (await staff.post("/api/counts", json=hidden)).status_code == 201


def test_what_a_key_of_several_columns_cannot_do_is_refused_at_start():
    class Moved(UpdateSchema, model=Stock, fields=("amount",)):
        shelf: int = 1

    class Half(CreateSchema, model=Stock, fields=("place",)):
        """Nobody says which shelf."""

    with pytest.raises(ConfigurationError, match="Moved has shelf, which is part of the primary key"):
        Resource(model=Stock, fields=("place", "shelf"), update=Moved, policy=Open())
    with pytest.raises(ConfigurationError, match="Half lacks shelf, which is part of the primary key"):
        Resource(model=Stock, fields=("place", "shelf"), create=Half, policy=Open())
