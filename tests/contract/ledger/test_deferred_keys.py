"""A row that a deferred foreign key leads to is not deleted: the COMMIT finds it, and nobody gets a 500."""

import pytest
from sqlalchemy import func, select

import tests.probe.models  # noqa: F401 - has another deferred key
from tests.contract.ledger.models import City, Country

# On SQLite, too, only the key that is violated is named, and no other deferred one of these models.
TOLD = "This refers to something that does not exist, or something else still refers to it: Twin code."


@pytest.mark.parametrize("road", ["fast", "usual"])
async def test_what_a_deferred_key_leads_to_is_deleted_by_no_door(client, office, session):
    session.add_all([Country(code="it", name="Italy"), Country(code="de", name="Germany")])
    await session.flush()
    session.add(City(name="Rome", country_code="it", twin_code="de"))
    await session.commit()

    for address in ("countries/de", "countries/bulk?ids=de"):
        answer = await client.delete(f"/api/ledger/{address}")
        assert (answer.status_code, answer.json()["detail"]) == (409, TOLD), answer.text
    body = {"name": "Ghent", "country_code": "it", "twin_code": "be"}
    for address, sent, pointer in (
        ("cities", body, "/twin_code"),
        ("cities/bulk", {"items": [body]}, "/items/0/twin_code"),
    ):
        answer = await client.post(f"/api/ledger/{address}", json=sent)
        assert (answer.status_code, [one["pointer"] for one in answer.json()["errors"]]) == (409, [pointer])

    page = await office.get("/ledger/country/de/delete/")
    answer = await office.post("/ledger/country/de/delete/", {})
    for told in (page.text, answer.text):
        assert "Nothing can be deleted here: this stands in the way." in " ".join(told.split())
        assert "City 1" in told or "Citys: 1" in told
    async with session.begin():
        assert await session.scalar(select(func.count()).select_from(Country)) == 2
