"""Values that were stored, or read, as something else than what was meant."""

import pytest

from dovetail.application import make_application
from dovetail.resources.policy import Open
from dovetail.resources.resource import Resource
from dovetail.testing.fixtures import make_client, running
from tests.kinds.models import KindsBase, Thing


@pytest.fixture
async def things(on_road, make_settings, empty_database_url):
    app = on_road(make_application(make_settings(plugins=("tests.kinds",), database_url=empty_database_url)))
    filters = {"facts": "isnull", "lasts": "lte"}
    resource = Resource(model=Thing, fields=("name", "facts", "lasts"), policy=Open(), filters=filters)
    app.include_router(resource.router)
    async with running(app), make_client(app) as client:
        async with app.state.database.engine.begin() as connection:
            await connection.run_sync(KindsBase.metadata.create_all)
        yield client


async def test_null_is_found_numbers_are_digits_and_a_duration_has_its_limits(things):
    for name, given in (("a", {"facts": None}), ("b", {}), ("c", {"facts": {"x": None}})):
        assert (await things.post("/things", json={"name": name, **given})).status_code == 201
    await things.post("/things/bulk", json={"items": [{"name": "d", "facts": None}]})
    assert (await things.patch("/things/3", json={"facts": None})).json()["facts"] is None
    found = (await things.get("/things?facts__isnull=true")).json()["items"]
    assert [one["name"] for one in found] == ["a", "b", "c", "d"]

    for key in ("%201", "1%20", "+1", "01", "1_0", "1.0", "%31%0A", "%D9%A1", "0", "-1"):
        for method in ("GET", "PATCH", "DELETE"):
            refused = await things.request(method, f"/things/{key}", json={"name": "x"})
            assert refused.status_code == 422, (method, key)
    for keys in ("%2B1", "01", "1_0", "1.0"):
        assert (await things.delete(f"/things/bulk?ids={keys}")).status_code == 422
    assert len((await things.get("/things")).json()["items"]) == 4

    for body in ({"lasts": "P999999999D"}, {"lasts": "P99999999999D"}):
        refused = await things.patch("/things/1", json=body)
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/lasts")
    assert (await things.get("/things?lasts__lte=P99999999999D")).status_code == 422


async def test_zero_and_false_stay_what_they_are_in_each_of_many(things):
    given = [0, False, None, 1, [0], [False], {"a": 1}, {"a": True}]
    items = [{"name": str(number), "facts": one} for number, one in enumerate(given)]
    made = await things.post("/things/bulk", json={"items": items})
    assert [repr(one["facts"]) for one in made.json()["items"]] == list(map(repr, given))
    turned = [given[1], given[0], *given[:1:-1]]
    changes = [{"id": one["id"], "facts": now} for one, now in zip(made.json()["items"], turned, strict=True)]
    changed = await things.patch("/things/bulk", json={"items": changes})
    assert [repr(one["facts"]) for one in changed.json()["items"]] == list(map(repr, turned))
    one = await things.patch("/things/bulk", json={"items": [{"id": changes[0]["id"], "facts": 0}]})
    same = [{"id": one["id"], "facts": facts} for one, facts in zip(changes, [False, 0] * 4, strict=True)]
    both = await things.patch("/things/bulk", json={"items": same})
    assert (one.json()["items"][0]["facts"], both.status_code) == (0, 200)
    assert [repr(one["facts"]) for one in both.json()["items"]] == ["False", "0"] * 4
