"""Keys of a date and a UUID, names that classes and libraries have taken, sixty columns, and a view: by every door."""

import pytest

from tests.contract.ledger.models import Level

DAY, OTHER_DAY = "2024-02-29", "2024-03-05"
ONE, TWO = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"


@pytest.fixture
async def booking(client):
    body = {"day": DAY, "serial": ONE, "id": "7", "metadata_": "m", "registry_": "r", "query": "q"}
    made = await client.post("/api/ledger/bookings", json=body)
    assert made.status_code == 201, made.text
    assert made.json() == body | {"level": 1, "code": "abc", "amount": "0.00"}
    for number in (1, 2):
        line = {"day": DAY, "serial": ONE, "number": number, "text": f"line {number}"}
        assert (await client.post("/api/ledger/lines", json=line)).status_code == 201
    return made.headers["location"]


@pytest.mark.parametrize("road", ["fast", "usual"])
async def test_the_api_reads_filters_orders_and_writes_them(client, booking):
    changed = await client.patch(booking, json={"level": 2, "metadata_": "n"})
    assert (changed.json()["level"], changed.json()["metadata_"]) == (2, "n")
    other = {"day": DAY, "serial": TWO, "amount": "1.50"}
    assert (await client.post("/api/ledger/bookings/bulk", json={"items": [other]})).status_code == 201
    items = [{"day": DAY, "serial": TWO, "query": "z"}]
    assert (await client.patch("/api/ledger/bookings/bulk", json={"items": items})).json()["items"][0]["query"] == "z"
    twice = await client.post("/api/ledger/bookings", json=other)
    assert (twice.status_code, [one["pointer"] for one in twice.json()["errors"]]) == (409, ["/day", "/serial"])
    lost = await client.post("/api/ledger/lines", json={"day": OTHER_DAY, "serial": ONE, "number": 1, "text": "x"})
    assert (lost.status_code, [one["pointer"] for one in lost.json()["errors"]]) == (409, ["/day", "/serial"])
    for query, found in {
        f"day={DAY}": [ONE, TWO],
        f"serial={TWO}": [TWO],
        "id=7": [ONE],
        "id__isnull=true": [TWO],
        "metadata_=n": [ONE],
        "query=z": [TWO],
        "level__in=2": [ONE],
        "ordering=-amount": [TWO, ONE],
        "ordering=id": [ONE, TWO],
    }.items():
        answer = await client.get(f"/api/ledger/bookings?{query}")
        assert [row["serial"] for row in answer.json()["items"]] == found, query
    totals = await client.get("/api/ledger/totals?ordering=-amount")
    assert totals.json()["items"] == [
        {"day": DAY, "level": "LOW", "amount": "1.50"},
        {"day": DAY, "level": "HIGH", "amount": "0.00"},
    ]
    assert (await client.post("/api/ledger/totals", json={})).status_code == 405
    wide = await client.post("/api/ledger/wide", json={"column_3": "x"})
    assert (wide.json()["column_3"], len(wide.json())) == ("x", 61)


async def test_the_back_office_lists_changes_and_deletes_them(client, office, booking):
    for asked in (
        {"on_day": DAY, "on_day_op": "equals"},
        {"id": "7", "id_op": "equals"},
        {"level": "1"},
        {"search": "7"},
    ):
        assert ONE in (await office.get("/ledger/booking/", **asked)).text, asked
    for asked in ({"query": "z", "query_op": "equals"}, {"metadata_": "z", "metadata__op": "equals"}, {"level": "2"}):
        assert ONE not in (await office.get("/ledger/booking/", **asked)).text, asked
    key = f"{DAY}_3B{ONE}"
    changes = {"day": OTHER_DAY, "query": "changed", "metadata_": "", "level": str(Level.HIGH.value)}
    assert (await office.submit(f"/ledger/booking/{key}/change/", changes)).status_code == 303
    (row,) = (await client.get("/api/ledger/bookings")).json()["items"]
    assert (row["day"], row["query"], row["metadata_"], row["level"]) == (OTHER_DAY, "changed", None, 2)
    lines = (await client.get("/api/ledger/lines")).json()["items"]
    assert {line["day"] for line in lines} == {OTHER_DAY}  # by ON UPDATE CASCADE
    csv = (await office.get("/ledger/booking/export/csv/")).text
    assert csv.splitlines()[0] == "Day,Serial,ID,Metadata,Query,Level,Amount"
    added = {"day": OTHER_DAY, "serial": TWO, "level": "1"}
    assert (await office.submit("/ledger/booking/add/", added)).status_code == 303
    refused = await office.submit("/ledger/booking/add/", added)
    assert (refused.status_code, "Something with these values already exists" in refused.text) == (409, True)
    line = {"booking": f"{OTHER_DAY};{TWO}", "number": "5", "text": "x"}
    assert (await office.submit("/ledger/bookingline/add/", line)).status_code == 303
    assert (await office.submit(f"/ledger/booking/{OTHER_DAY}_3B{ONE}/delete/", {})).status_code == 303
    assert [one["number"] for one in (await client.get("/api/ledger/lines")).json()["items"]] == [5]
    wide = {f"column_{number}": str(number) for number in range(60)}
    assert (await office.submit("/ledger/wide/add/", wide)).status_code == 303
    assert (await client.get("/api/ledger/wide?fields=column_59")).json()["items"] == [{"column_59": "59"}]
    assert OTHER_DAY in (await office.get("/ledger/total/")).text
    assert (await office.get("/ledger/total/add/")).status_code in (403, 404)
