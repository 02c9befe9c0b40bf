"""A form that no page of ours would send is refused whole, and is no error of the server."""

import pytest

from dovetail.contrib.admin.testing import read_form
from tests.contrib.admin.festival.models import Booking
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
