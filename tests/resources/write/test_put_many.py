"""A PUT of many, which replaces the rows that are there and makes the others."""

# ruff: noqa: F811 - fixtures

import asyncio

from tests.orders.fixtures import app, orders_url  # noqa: F401 - fixtures

BULK = "/api/shelves/bulk"


def shelf(number, **fields):
    return {"place": "rome", "shelf": number} | fields


def told(answer, *names):
    assert answer.status_code == 200, answer.text
    return [tuple(one[name] for name in names) for one in answer.json()["items"]]


def pointers(answer):
    return [(one["pointer"], one["type"]) for one in answer.json()["errors"]]


async def test_rows_that_are_there_are_replaced_and_others_are_made_in_the_order_of_the_items(owner, client):
    await owner.put("/api/shelves/rome;2", json={"amount": 5, "note": "x"})
    answer = await owner.put(BULK, json={"items": [shelf(3, amount=3), shelf(2, amount=7), shelf(1)]})
    assert told(answer, "shelf", "amount", "note") == [(3, 3, None), (2, 7, None), (1, 0, None)]
    assert (await client.get("/api/shelves?count=true")).json()["total"] == 3
    again = await owner.put(BULK, json={"items": [shelf(3, amount=3), shelf(2, amount=7), shelf(1)]})
    assert again.json() == answer.json()


async def test_a_unique_text_tells_rows_apart_too(owner, client):
    items = [{"number": "A1", "owner": 1}, {"number": "A2"}]
    assert told(await owner.put("/api/numbered/bulk", json={"items": items}), "number") == [("A1",), ("A2",)]
    assert told(await owner.put("/api/numbered/bulk", json={"items": items[::-1]}), "number") == [("A2",), ("A1",)]
    assert (await client.get("/api/numbered?count=true")).json()["total"] == 2
    taken = await owner.put("/api/numbered/bulk", json={"items": [{"number": "a/b"}, {"number": "bulk"}]})
    assert pointers(taken) == [("/items/0/number", "bad_key"), ("/items/1/number", "bad_key")]


async def test_what_stands_within_is_written_too(owner):
    first = await owner.put(BULK, json={"items": [shelf(1, counts=[{"found": 3}]), shelf(2, counts=[{"found": 4}])]})
    ((one,), (two,)) = (found for (found,) in told(first, "counts"))
    sent = [shelf(2, counts=[two | {"found": 5}, {"found": 6}]), shelf(1), shelf(3, counts=[{"found": 7}])]
    again = told(await owner.put(BULK, json={"items": sent}), "counts")
    assert [[each["found"] for each in found] for (found,) in again] == [[5, 6], [], [7]]
    wrong = await owner.put(BULK, json={"items": [shelf(4), shelf(1, counts=[one])]})
    assert (wrong.status_code, pointers(wrong)) == (422, [("/items/1/counts/0/id", "unknown")])


async def test_policies_are_asked_to_add_and_to_change_and_all_is_done_or_nothing(owner, stranger, staff, client):
    await owner.put(BULK, json={"items": [shelf(1, amount=1)]})
    refused = await stranger.put(BULK, json={"items": [shelf(2, owner=2), shelf(1, owner=2)]})
    assert (refused.status_code, [place for place, _ in pointers(refused)]) == (403, ["/items/1"])
    added = await stranger.put(BULK, json={"items": [shelf(2, owner=2), shelf(3, owner=1)]})
    assert (added.status_code, [place for place, _ in pointers(added)]) == (403, ["/items/1"])
    given = await owner.put(BULK, json={"items": [shelf(1, owner=2)]})
    assert (given.status_code, [place for place, _ in pointers(given)]) == (403, ["/items/0"])
    assert told(await staff.put(BULK, json={"items": [shelf(1, owner=2)]}), "owner") == [(2,)]
    twice = await staff.put(BULK, json={"items": [shelf(5), shelf(5)]})
    assert (twice.status_code, pointers(twice)) == (422, [("/items/1", "repeated")])
    assert (await client.put(BULK, json={"items": [shelf(9)]})).status_code == 401
    assert (await client.get("/api/shelves?count=true")).json()["total"] == 1


async def test_a_stale_writer_is_refused_item_by_item(owner):
    tag = (await owner.put("/api/shelves/rome;1", json={})).headers["ETag"]
    assert told(await owner.put(BULK, json={"items": [shelf(1, amount=2, if_match=tag)]}), "amount") == [(2,)]
    stale = await owner.put(BULK, json={"items": [shelf(2), shelf(1, if_match=tag), shelf(3, if_match=tag)]})
    assert (stale.status_code, [place for place, _ in pointers(stale)]) == (412, ["/items/1", "/items/2"])


async def test_of_two_who_make_the_same_rows_at_once_nobody_is_refused(owner, client):
    async def put(amount):
        items = [shelf(number, amount=amount) for number in range(5)]
        return await owner.put(BULK, json={"items": items})

    answers = await asyncio.gather(*(put(amount) for amount in range(6)))
    assert [answer.status_code for answer in answers] == [200] * 6
    found = (await client.get("/api/shelves")).json()["items"]
    assert (len(found), len({one["amount"] for one in found})) == (5, 1)


async def test_it_costs_as_many_statements_however_many_items_there_are(owner, count_statements):
    async def costs(count):
        with count_statements() as statements:
            answer = await owner.put(BULK, json={"items": [shelf(number, amount=count) for number in range(count)]})
        assert answer.status_code == 200
        return [one.split()[0] for one in statements]

    made, mixed = await costs(2), await costs(20)
    assert made == ["SELECT", "SAVEPOINT", "INSERT", "WITH", "RELEASE"]
    assert mixed == await costs(40)
    assert mixed == ["SELECT", "SAVEPOINT", "SELECT", "UPDATE", "WITH", "INSERT", "WITH", "RELEASE"]


async def test_the_document_has_it(app):
    operation = app.openapi()["paths"]["/api/shelves/bulk"]["put"]
    assert operation["operationId"] == "bulk_replace_shelves"
    assert "put" not in app.openapi()["paths"]["/api/stocks/bulk"]
