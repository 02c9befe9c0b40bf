"""A key with ON UPDATE CASCADE is changed in the back office, where its form has it, and never by the API."""

import re
from datetime import date
from uuid import UUID

from sqlalchemy import select, update

from dovetail.contrib.history.models import RecordedChange
from tests.contract.ledger.models import Booking, BookingLine, City, Country
from tests.contrib.history.undoing.test_undo import last

REFUSED = "This cannot be undone: the key of ledger.country"


async def test_a_change_of_a_key_is_undone_and_what_was_before_it_only_after_that(office, boss, client_for, database):
    async with database.unit_of_work() as session:
        session.add(Country(code="it", name="Italy"))
    for path, sent in (("it", {"name": "Italia"}), ("it", {"code": "ita"}), ("ita", {"name": "Repubblica"})):
        assert (await office.submit(f"/ledger/country/{path}/change/", sent)).status_code == 303
    async with database.unit_of_work(read_only=True) as session:
        asked = select(RecordedChange.id).where(
            RecordedChange.action == "change", RecordedChange.model == "ledger.country"
        )
        named, moved, later = await session.scalars(asked.order_by(RecordedChange.id))
    api = await client_for(boss)

    async def undo(number):
        answer = await api.post(f"/api/history/{number}/undo")
        return answer.status_code, answer.json().get("detail", "")

    assert await undo(named) == (409, f"{REFUSED} it was changed to ita since. Undo change {moved} first.")
    assert await undo(moved) == (200, "")
    assert await undo(named) == (409, "This cannot be undone: name of ledger.country it was changed since.")
    back = (await last(database, "ledger.country", "change")).id
    assert await undo(later) == (409, f"{REFUSED} ita was changed to it since. Undo change {back} first.")
    assert [await undo(back), await undo(later), await undo(moved), await undo(named)] == [(200, "")] * 4
    async with database.unit_of_work(read_only=True) as session:
        assert list(await session.execute(select(Country.code, Country.name))) == [("it", "Italy")]
    assert (await undo(named))[1].startswith("This was undone already, by boss on 2")


async def test_a_row_whose_key_followed_another_key_is_undone_after_that(boss, client_for, database):
    day, serial = date(2026, 1, 1), UUID(int=7)
    async with database.unit_of_work() as session:
        session.add(Booking(day=day, serial=serial))
        await session.flush()
        session.add(BookingLine(day=day, serial=serial, number=1, text="old"))
    async with database.unit_of_work() as session:
        await session.execute(update(BookingLine).values(text="new"))
    async with database.unit_of_work() as session:
        await session.execute(update(Booking).values(day=date(2026, 2, 2)))
    changed, moved = [(await last(database, f"ledger.{one}")).id for one in ("bookingline", "booking")]
    api = await client_for(boss)
    refused = await api.post(f"/api/history/{changed}/undo")
    told = f"{REFUSED[:-7]}booking {day};{serial} was changed to 2026-02-02;{serial} since. Undo change {moved} first."
    assert (refused.status_code, refused.json()["detail"]) == (409, told)
    for number in (moved, changed):
        assert (await api.post(f"/api/history/{number}/undo")).status_code == 200
    async with database.unit_of_work(read_only=True) as session:
        assert list(await session.execute(select(BookingLine.day, BookingLine.text))) == [(day, "old")]


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
    undone = await office.post("/undo", fields)
    assert "The change was undone." in (await office.get(undone.headers["location"].removeprefix("/admin"))).text
    assert await codes() == {"it"}  # the database changes the keys of the rows that refer to it
