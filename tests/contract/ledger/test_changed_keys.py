"""A key with ON UPDATE CASCADE is changed in the back office, where its form has it, and never by the API."""

import re

from sqlalchemy import select

from tests.contract.ledger.models import City, Country


async def test_a_key_that_others_refer_to_is_changed_with_them_in_the_back_office_alone(office, client, session):
    session.add_all([Country(code="it", name="Italy"), Country(code="fr", name="France")])
    await session.flush()
    session.add_all([City(name=name, country_code="it") for name in ("Rome", "Milano")])
    await session.commit()

    async def codes():
        async with session.begin():
            return set(await session.scalars(select(City.country_code)))

    answer = await client.patch("/api/ledger/countries/it", json={"code": "ita"})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/code")
    assert await codes() == {"it"}
    answer = await office.submit("/ledger/country/it/change/", {"code": "fr"})
    assert (answer.status_code, "already exists" in answer.text) == (409, True)
    answer = await office.submit("/ledger/country/it/change/", {"code": "ita"})
    assert (answer.status_code, await codes()) == (303, {"ita"})
    page = await office.get("/ledger/country/")
    form = re.search(r'<form[^>]*action="/admin/undo"[^>]*>(.*?)</form>', page.text, re.DOTALL)[1]
    fields = dict(re.findall(r'name="([^"]+)"[^>]*value="([^"]*)"', form))
    # The lines of the rows that followed are not there: nothing is changed back by halves.
    refused = await office.post("/undo", fields)
    page = await office.get(refused.headers["location"].removeprefix("/admin"))
    assert "This cannot be undone: Country it is not there any more." in page.text
    assert await codes() == {"ita"}
