"""A write that breaks a CHECK is a 409 that names its fields, and the item and object of the body, on both roads."""

from tests.orders.fixtures import app, orders_url  # noqa: F401 - fixtures

TOO_MUCH = {"place": "north", "shelf": 2, "amount": 1_000_000}
TOLD = "This value is not allowed here: Amount."


async def test_one_object_is_told_the_fields_of_the_rule(owner):
    refused = await owner.post("/api/stocks", json=TOO_MUCH)
    assert (refused.status_code, refused.json()["detail"]) == (409, TOLD)
    assert (await owner.post("/api/stocks", json=TOO_MUCH | {"amount": 1})).status_code == 201
    changed = await owner.patch("/api/stocks/north;2", json={"amount": 1_000_000})
    assert (changed.status_code, changed.json()["detail"]) == (409, TOLD)


async def test_of_many_each_that_breaks_the_rule_is_told_by_its_pointer(owner):
    fine = TOO_MUCH | {"shelf": 1, "amount": 1}
    refused = await owner.post("/api/stocks/bulk", json={"items": [fine, TOO_MUCH]})
    assert refused.status_code == 409
    assert refused.json()["errors"] == [{"pointer": "/items/1", "detail": TOLD, "type": "conflict"}]


async def test_an_object_within_a_body_is_told_by_its_pointer(owner):
    crates = [{"code": "C1", "weight": 1}, {"code": "C2", "weight": -1_000_000}]
    refused = await owner.post("/api/orders", json={"number": "A1", "crates": crates})
    assert refused.status_code == 409
    assert [(one["pointer"], one["detail"]) for one in refused.json()["errors"]] == [
        ("/crates/1", "This value is not allowed here: Weight.")
    ]
