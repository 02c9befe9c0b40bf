"""Objects of models that inherit are made, shown, changed, deleted and brought back whole."""

import pytest
from sqlalchemy import func, select

from dovetail.contrib.admin.testing import read_form
from tests.contrib.admin.change_list.test_editing import inputs
from tests.kin.models import Car, CardPayment, KinBase, Payment, Taxi, Vehicle


@pytest.fixture
def more():
    return {"tests.kin": KinBase}


async def parts(session) -> list[int]:
    """Return how many rows the tables of vehicles, cars and taxis have."""
    found = [await session.scalar(select(func.count()).select_from(one.__table__)) for one in (Vehicle, Car, Taxi)]
    await session.rollback()
    return found


async def test_heirs_are_made_changed_and_deleted_in_the_back_office(office, session):
    await office.submit("/kin/taxi/add/", {"name": "Ada", "doors": "5", "plate": "X 1"})
    assert await parts(session) == [1, 1, 1]
    taxi = await session.scalar(select(Taxi))
    assert (taxi.kind, taxi.name, taxi.doors, taxi.plate) == ("taxi", "Ada", 5, "X 1")
    key = taxi.id
    await session.rollback()
    for view in ("vehicle", "car", "taxi"):
        assert "Ada" in (await office.get(f"/kin/{view}/", search="Ada")).text, view
        assert "Ada" in (await office.get(f"/kin/{view}/{key}/")).text, view
    await office.submit(f"/kin/taxi/{key}/change/", {"name": "Bea", "plate": "X 2"})
    await office.submit(f"/kin/vehicle/{key}/change/", {"name": "Cleo"})
    taxi = await session.scalar(select(Taxi))
    assert (taxi.name, taxi.plate) == ("Cleo", "X 2")
    await session.rollback()
    await office.submit(f"/kin/vehicle/{key}/delete/", {})
    assert await parts(session) == [0, 0, 0]


@pytest.mark.parametrize("view", ["vehicle", "car", "taxi"])
async def test_many_heirs_are_deleted_at_once_and_none_leaves_a_part(office, session, view, boss, client_for):
    client = await client_for(boss)
    keys = [(await client.post("/api/taxis", json={"name": f"t{n}", "plate": "x"})).json()["id"] for n in range(3)]
    assert await parts(session) == [3, 3, 3]
    asked = await office.get(f"/kin/{view}/delete/", pks=[str(keys[0]), str(keys[1])])
    assert (await office.post(f"/kin/{view}/delete/", read_form(asked.text))).status_code == 303
    assert await parts(session) == [1, 1, 1]


async def test_what_was_deleted_comes_back_whole(session, boss, client_for, database):
    client = await client_for(boss)
    key = (await client.post("/api/taxis", json={"name": "Ada", "doors": 3, "plate": "x"})).json()["id"]
    ride = await client.post("/api/rides", json={"goal": "home", "taxi_id": key})
    assert ride.status_code == 201, ride.text
    assert (await client.delete(f"/api/vehicles/{key}")).status_code == 204
    assert await parts(session) == [0, 0, 0]
    deleted = next(
        one for one in (await client.get("/api/history?limit=100")).json()["items"] if one["action"] == "delete"
    )
    undone = await client.post(f"/api/history/{deleted['id']}/undo")
    assert undone.status_code == 200, undone.text
    assert await parts(session) == [1, 1, 1]
    assert (await client.get(f"/api/taxis/{key}")).json() == {"id": key, "name": "Ada", "doors": 3, "plate": "x"}
    assert (await client.get(f"/api/rides/{ride.json()['id']}")).status_code == 200


async def test_rows_of_one_table_are_of_their_kind(session, boss, client_for, office):
    client = await client_for(boss)
    card = await client.post("/api/cards", json={"amount": 3, "number": "1234", "details": None})
    assert card.status_code == 201, card.text
    plain = (await client.post("/api/payments", json={"amount": 4})).json()
    assert plain["kind"] == "payment"
    assert (await client.get(f"/api/cards/{plain['id']}")).status_code == 404
    assert len((await client.get("/api/cards")).json()["items"]) == 1
    assert [one["kind"] for one in (await client.get("/api/payments")).json()["items"]] == ["card", "payment"]
    assert (await client.patch(f"/api/cards/{plain['id']}", json={"amount": 1})).status_code == 404
    assert (await client.delete(f"/api/cards/{plain['id']}")).status_code == 404
    assert (await client.delete(f"/api/cards/bulk?ids={plain['id']}")).status_code == 404
    assert (await client.get("/api/cards?count=true&number=1234")).json()["total"] == 1
    assert await session.scalar(select(CardPayment).where(CardPayment.details.is_(None))) is not None
    await session.rollback()
    assert (await office.get(f"/kin/cardpayment/{plain['id']}/")).status_code == 404
    assert (await office.get(f"/kin/cardpayment/{card.json()['id']}/")).status_code == 200
    await office.submit(f"/kin/cardpayment/{card.json()['id']}/change/", {"amount": "9", "number": "5"})
    assert (await client.get(f"/api/cards/{card.json()['id']}")).json()["number"] == "5"
    assert (await client.delete(f"/api/payments/{card.json()['id']}")).status_code == 204
    assert await session.scalar(select(func.count()).select_from(Payment)) == 1


async def test_heirs_are_changed_by_rest_one_by_one_and_in_bulk(session, boss, client_for):
    client = await client_for(boss)
    made = await client.post(
        "/api/taxis/bulk", json={"items": [{"name": "a", "plate": "1"}, {"name": "b", "plate": "2"}]}
    )
    assert made.status_code == 201, made.text
    keys = [one["id"] for one in made.json()["items"]]
    one = await client.patch(f"/api/vehicles/{keys[0]}", json={"name": "A"})
    assert one.json() == {"id": keys[0], "kind": "taxi", "name": "A"}
    both = await client.patch(
        "/api/taxis/bulk", json={"items": [{"id": key, "doors": 2, "plate": "z"} for key in keys]}
    )
    assert [(one["doors"], one["plate"]) for one in both.json()["items"]] == [(2, "z")] * 2, both.text
    listed = (await client.get("/api/vehicles?search=A")).json()["items"]
    assert [one["kind"] for one in listed] == ["taxi"]
    got = await client.get(f"/api/taxis/{keys[0]}")
    stale = await client.patch(f"/api/taxis/{keys[0]}", json={"doors": 3}, headers={"If-Match": '"x"'})
    assert stale.status_code == 412
    kept = await client.patch(f"/api/taxis/{keys[0]}", json={"doors": 3}, headers={"If-Match": got.headers["etag"]})
    assert kept.json()["doors"] == 3


async def test_lists_order_filter_and_search_by_columns_of_every_part(boss, client_for):
    client = await client_for(boss)
    for name, doors in (("b", 2), ("a", 5)):
        assert (await client.post("/api/cars", json={"name": name, "doors": doors})).status_code == 201
    taxi = (await client.post("/api/taxis", json={"name": "c", "plate": "p"})).json()["id"]
    ride = (await client.post("/api/rides", json={"goal": "home", "taxi_id": taxi})).json()
    assert ride["taxi"] == {"name": "c", "plate": "p"}

    async def names(query: str) -> list[str]:
        answer = await client.get(f"/api/cars?{query}")
        assert answer.status_code == 200, answer.text
        return [one["name"] for one in answer.json()["items"]]

    assert await names("ordering=name") == ["a", "b", "c"]
    assert await names("ordering=-doors") == ["a", "c", "b"]
    assert await names("name=a") == ["a"]
    assert await names("name__icontains=B&doors__gte=2") == ["b"]
    assert await names("search=c") == ["c"]
    assert await names("ordering=name&limit=1&offset=1") == ["b"]
    for query, found in {"taxi__name=c": 1, "taxi__plate=p": 1, "taxi__name=a": 0}.items():
        assert len((await client.get(f"/api/rides?{query}")).json()["items"]) == found, query


async def test_cells_of_a_list_and_fields_of_many_heirs_are_changed_in_their_parts(office, boss, client_for):
    client = await client_for(boss)
    key = (await client.post("/api/taxis", json={"name": "c", "plate": "p"})).json()["id"]
    sent = inputs((await office.get("/kin/car/")).text)
    (cell,) = [name for name in sent if name.endswith("-doors")]
    assert (await office.post("/kin/car/", sent | {cell: ["7"]})).status_code == 303
    assert (await client.get(f"/api/taxis/{key}")).json()["doors"] == 7

    page = await office.post("/kin/taxi/bulk/", {"pks": [str(key)]})
    filled = {**read_form(page.text), "change": ["name", "doors"], "name": "d", "doors": "9"}
    assert (await office.post("/kin/taxi/bulk/", filled)).status_code == 303
    assert (await client.get(f"/api/taxis/{key}")).json() == {"id": key, "name": "d", "doors": 9, "plate": "p"}


async def test_rows_below_an_heir_are_edited_in_its_form(office, boss, client_for):
    client = await client_for(boss)
    key = (await client.post("/api/taxis", json={"name": "c", "plate": "p"})).json()["id"]
    form = read_form((await office.get(f"/kin/taxi/{key}/change/")).text)
    (total,) = [name for name in form if "total" in name.lower()]
    prefix = total.rpartition("-")[0]
    answer = await office.submit(f"/kin/taxi/{key}/change/", {total: "1", f"{prefix}-0-goal": "home"})
    assert answer.status_code in {302, 303}, answer.text
    assert [one["taxi_id"] for one in (await client.get("/api/rides")).json()["items"]] == [key]
