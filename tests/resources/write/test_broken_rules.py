"""A write that breaks a rule of the database is a 409 that points to the fields that the rule is of, on both roads."""

import pytest

from tests.orders.fixtures import app, orders_url  # noqa: F401 - fixtures

TOO_MUCH = {"place": "north", "shelf": 2, "amount": 1_000_000}
TOLD = "This value is not allowed here: Amount."


async def test_one_object_is_told_the_fields_of_the_rule(owner):
    refused = await owner.post("/api/stocks", json=TOO_MUCH)
    assert (refused.status_code, refused.json()["detail"]) == (409, TOLD)
    assert (await owner.post("/api/stocks", json=TOO_MUCH | {"amount": 1})).status_code == 201
    changed = await owner.patch("/api/stocks/north;2", json={"amount": 1_000_000})
    assert (changed.status_code, changed.json()["detail"]) == (409, TOLD)
    for answer in (refused, changed):
        assert answer.json()["errors"] == [{"pointer": "/amount", "detail": TOLD, "type": "conflict"}]


async def test_of_many_each_that_breaks_the_rule_is_told_by_its_pointer(owner):
    fine = TOO_MUCH | {"shelf": 1, "amount": 1}
    refused = await owner.post("/api/stocks/bulk", json={"items": [fine, TOO_MUCH]})
    assert refused.status_code == 409
    assert refused.json()["errors"] == [{"pointer": "/items/1/amount", "detail": TOLD, "type": "conflict"}]


async def test_an_object_within_a_body_is_told_by_its_pointer(owner):
    crates = [{"code": "C1", "weight": 1}, {"code": "C2", "weight": -1_000_000}]
    refused = await owner.post("/api/orders", json={"number": "A1", "crates": crates})
    assert refused.status_code == 409
    assert [(one["pointer"], one["detail"]) for one in refused.json()["errors"]] == [
        ("/crates/1/weight", "This value is not allowed here: Weight.")
    ]


def pointers(answer):
    assert answer.status_code == 409, answer.text
    return [one["pointer"] for one in answer.json()["errors"]]


@pytest.fixture
async def route(owner):
    return (await owner.post("/api/routes", json={"code": "R1", "first": 1, "last": 2})).json()


@pytest.mark.parametrize(
    ("values", "fields"),
    [
        ({"code": "R2", "first": 2, "last": 1}, ["first", "last"]),
        ({"code": "R1", "first": 1, "last": 1}, ["code", "first"]),
        ({"code": "R2", "goes_on_id": 999}, ["goes_on_id"]),  # which the COMMIT would find
    ],
)
async def test_the_fields_of_any_rule_are_told_of_one_of_many_and_of_a_change(owner, route, values, fields):
    assert pointers(await owner.post("/api/routes", json=values)) == [f"/{name}" for name in fields]
    refused = await owner.post("/api/routes/bulk", json={"items": [{"code": "R3"}, values]})
    assert pointers(refused) == [f"/items/1/{name}" for name in fields]
    other = (await owner.post("/api/routes", json={"code": "R4"})).json()["id"]
    assert pointers(await owner.patch(f"/api/routes/{other}", json=values)) == [f"/{name}" for name in fields]
    changes = [{"id": route["id"], "last": 9}, {"id": other} | values]
    refused = await owner.patch("/api/routes/bulk", json={"items": changes})
    assert pointers(refused) == [f"/items/1/{name}" for name in fields]
    assert [one["last"] for one in (await owner.get("/api/routes")).json()["items"]] == [2, 0]


async def test_a_change_is_told_those_of_the_fields_that_it_sent(owner, route):
    assert pointers(await owner.patch(f"/api/routes/{route['id']}", json={"last": 0})) == ["/last"]


async def test_a_key_of_an_object_within_a_body_that_the_commit_would_refuse_is_told_by_its_pointer(owner, route):
    stops = [{"address_id": 999}]
    assert pointers(await owner.post("/api/routes", json={"code": "R2", "stops": stops})) == ["/stops/0/address_id"]
    refused = await owner.patch(f"/api/routes/{route['id']}", json={"stops": [*stops, *stops]})
    assert pointers(refused) == ["/stops/0/address_id"]


async def test_a_row_may_be_what_it_goes_on_with_itself(owner, route):
    changed = await owner.patch(f"/api/routes/{route['id']}", json={"goes_on_id": route["id"]})
    assert (changed.status_code, changed.json()["goes_on_id"]) == (200, route["id"])


async def test_who_deletes_what_the_commit_finds_missing_is_refused(owner, route):
    assert (await owner.post("/api/routes", json={"code": "R2", "goes_on_id": route["id"]})).status_code == 201
    refused = await owner.delete(f"/api/routes/{route['id']}")
    assert refused.status_code == 409
    told = refused.json()["detail"]
    assert told.startswith("This refers to something that does not exist, or something else still refers to it")
    assert "Goes on" in told
