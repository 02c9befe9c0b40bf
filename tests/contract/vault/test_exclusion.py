"""A row that an EXCLUDE constraint is in the way of is refused by every door in the words of its model."""

import pytest
from sqlalchemy import select

from tests.contract.vault.models import Stay

TOLD = "The room is taken on one of these nights."


@pytest.mark.parametrize("road", ["fast", "usual"])
async def test_no_door_lets_in_what_an_exclusion_forbids(client, office, session):
    first, second = [
        (await client.post("/api/vault/stays", json={"room": 1, "nights": nights})).json()["id"]
        for nights in ("[1,5)", "[5,7)")
    ]
    item = {"room": 1, "nights": "[4,6)"}
    for method, address, body, pointer in (
        ("POST", "stays", item, "/nights"),
        ("POST", "stays/bulk", {"items": [{"room": 2, "nights": "[1,2)"}, item]}, "/items/1/nights"),
        ("PATCH", f"stays/{second}", {"nights": "[4,7)"}, "/nights"),
        ("PATCH", "stays/bulk", {"items": [{"id": second, "nights": "[4,7)"}]}, "/items/0/nights"),
    ):
        answer = await client.request(method, f"/api/vault/{address}", json=body)
        found = [(one["pointer"], one["detail"]) for one in answer.json()["errors"]]
        assert (answer.status_code, found) == (409, [(pointer, TOLD)]), (method, address)
    for page, changes in (("add", item), (f"{first}/change", {"nights": "[1,6)"})):
        answer = await office.submit(f"/vault/stay/{page}/", changes)
        assert (answer.status_code, TOLD in answer.text) == (409, True), page
    assert sorted(await session.scalars(select(Stay.room))) == [1, 1]
