"""A form that no page of ours would send is refused whole, and is no error of the server."""

import pytest
from sqlalchemy import select

from dovetail.contrib.admin.testing import read_form
from tests.contrib.admin.festival.models import Band, Booking
from tests.contrib.admin.inlines.test_kinds_of_inlines import address, rows


@pytest.mark.parametrize("second", [{"fee": "8"}, {"DELETE": "on"}], ids=["changed twice", "changed and deleted"])
async def test_a_row_that_is_sent_twice_is_refused(app, office, session, festival, second):
    edit, before = address(app, "edit", festival.id), await rows(session, Booking.id, Booking.fee)
    form = read_form((await office.get(edit)).text)
    first = {name: form[f"booking-0-{name}"] for name in ("_key", "_version", "band", "fee")}
    forged = {f"booking-9-{name}": value for name, value in {**first, **second}.items()}
    answer = await office.submit(edit, {"booking-0-fee": "7", **forged})
    assert (answer.status_code, "has a booking twice, so nothing was saved." in answer.text) == (400, True)
    assert await rows(session, Booking.id, Booking.fee) == before


async def test_a_row_keeps_a_choice_that_is_not_offered_any_more_and_no_other_row_may_take_it(
    app, office, session, festival, count_statements
):
    edit = address(app, "edit", festival.id)
    booked = await session.scalar(select(Booking).order_by(Booking.fee))
    (await session.get(Band, booked.band_id)).name = "The Retired"
    await session.commit()
    form = read_form((await office.get(edit)).text)
    with count_statements() as statements:
        answer = await office.client.post(f"{office.root}{edit}", data=form | {"save": "list", "booking-0-fee": "7"})
    assert answer.status_code == 303, answer.text
    assert len([one for one in statements if one.startswith("SELECT") and "FROM festival_band" in one]) == 1
    before = await rows(session, Booking.id, Booking.band_id, Booking.fee)
    assert (booked.id, booked.band_id, 7) in before
    forged = {"booking-0-band": str(booked.band_id), "booking-1-band": str(booked.band_id)}
    answer = await office.submit(edit, forged)
    assert (answer.status_code, "This choice is not there any more." in answer.text) == (422, True)
    assert await rows(session, Booking.id, Booking.band_id, Booking.fee) == before
