"""Each inline obeys the policy and the permissions of its own model, whatever a forged form says."""

import pytest
from sqlalchemy import select, true, update
from sqlalchemy.orm import aliased

from dovetail.contrib.admin.testing import read_form
from dovetail.contrib.auth.models import Permission
from dovetail.contrib.auth.permissions.grants import grant
from tests.contrib.admin.festival.models import Band, Booking, Festival, Memo, Stage
from tests.contrib.admin.festival.policies import BookingPolicy
from tests.contrib.admin.inlines.test_kinds_of_inlines import address, rows

PERMITTED = (
    *(f"festival.{verb}_booking" for verb in ("view", "add", "change", "delete")),
    *("festival.change_festival", "festival.view_stage", "festival.view_band"),
)


@pytest.fixture
async def clerk(session, make_user, back_office_for):
    """The desk of somebody who may do everything with bookings that are not secret, and only look at stages."""
    clerk = await make_user(username="clerk", is_staff=True)
    session.add_all([Permission(name=name, plugin="festival", title=name) for name in PERMITTED])
    await grant(session, clerk, PERMITTED)
    await session.commit()
    return await back_office_for(clerk)


async def keys(session) -> list[int]:
    return [key for (key,) in await rows(session, Booking.id)]


async def test_a_form_shows_the_rows_that_may_be_seen_and_writes_those_that_may_be_changed(
    app, clerk, session, festival
):
    edit = address(app, "edit", festival.id)
    page = (await clerk.get(edit)).text
    form = read_form(page)
    cheap, dear, _ = await keys(session)
    assert (form["booking-0-_key"], form["booking-1-_key"]) == ([str(cheap)], [str(dear)])
    assert "The Unknown" not in page
    assert "booking-1-fee" not in form
    assert ("booking-0-DELETE" in page, "booking-1-DELETE" in page) == (True, False)
    assert "Main" in page
    assert not any(name.startswith("stage-") and name.endswith(("-name", "-place")) for name in form)
    assert "memo-TOTAL_FORMS" not in form
    forged = {"booking-0-fee": "1", "booking-1-fee": "1", "booking-1-DELETE": "on", "stage-0-name": "Forged"}
    forged |= {"stage-0-DELETE": "on", "stage-5-name": "Forged", "memo-TOTAL_FORMS": "1", "memo-0-text": "Forged"}
    assert (await clerk.submit(edit, forged)).status_code == 303
    assert await rows(session, Booking.fee) == [(50,), (70,), (5000,)]
    assert await rows(session, Stage.name) == [("Main",), ("Tent",)]
    assert await rows(session, Memo.text) == []


async def test_a_page_that_is_no_form_shows_the_rows_that_may_be_seen_as_texts(app, clerk, festival):
    page = await clerk.get(address(app, "details", festival.id))
    assert page.status_code == 200
    assert all(text in page.text for text in ("The Loud", "The Quiet", "5000", "Main", "Tent"))
    assert "The Unknown" not in page.text
    assert not [name for name in read_form(page.text) if name.endswith(("-band", "-fee", "-name", "-DELETE"))]
    assert "data-inline-add" not in page.text


async def test_nobody_takes_over_deletes_or_learns_of_rows_by_forged_keys(app, clerk, session, festival):
    other = Festival(name="Closed Fields")
    session.add(other)
    await session.flush()
    taken = Booking(festival_id=other.id, band_id=1, fee=1)
    session.add(taken)
    await session.commit()
    cheap, _, secret, foreign = await keys(session)
    edit, before = address(app, "edit", festival.id), await rows(session, Booking.id, Booking.festival_id)
    told = set()
    for key in (secret, foreign, 99_999):
        answer = await clerk.submit(edit, {"booking-0-_key": str(key), "booking-0-band": "2"})
        assert answer.status_code == 409
        told.add("Somebody else deleted this while you were editing." in answer.text)
        deleting = await clerk.submit(edit, {"booking-0-_key": str(key), "booking-0-DELETE": "on"})
        assert deleting.status_code == 303
    assert told == {True}
    assert await rows(session, Booking.id, Booking.festival_id) == before
    moved = {"booking-0-festival_id": str(other.id), "booking-0-festival": str(other.id), "booking-0-id": "77"}
    assert (await clerk.submit(edit, moved)).status_code == 303
    assert await rows(session, Booking.id, Booking.festival_id) == before
    assert cheap in await keys(session)


async def test_rows_are_added_as_far_as_their_user_may_and_choices_are_there(app, clerk, office, session, festival):
    edit = address(app, "edit", festival.id)
    assert (await clerk.submit(edit, {"booking-7-_key": "", "booking-7-band": "2"})).status_code == 303
    assert len(await keys(session)) == 4
    refused = await clerk.submit(edit, {"booking-7-_key": "", "booking-7-band": "12345"})
    assert (refused.status_code, "This choice is not there any more." in refused.text) == (422, True)
    assert 'id="errors-field-booking-7-band"' in refused.text
    assert len(await keys(session)) == 4


async def test_what_a_row_chooses_is_looked_up_by_whoever_may_write_it(app, clerk, office, session, festival):
    lookup = app.url_path_for("admin:lookup-in-rows", identity="festival/festival", part="booking")
    for desk, status in ((clerk, 200), (office, 200)):
        answer = await desk.client.get(lookup, params={"name": "booking-0-band", "term": "loud"})
        assert (answer.status_code, [one["text"] for one in answer.json()["results"]]) == (status, ["The Loud"])
    assert (await clerk.client.get(lookup, params={"name": "booking-0-festival"})).status_code == 400
    for part, status in (("nothing", 404), ("stage-nothing", 404), ("stage-slot", 400), ("memo", 400)):
        elsewhere = app.url_path_for("admin:lookup-in-rows", identity="festival/festival", part=part)
        assert (await clerk.client.get(elsewhere, params={"name": "x"})).status_code == status, part


async def test_what_only_the_object_names_is_looked_up_before_any_form_was_opened(
    app, office, clerk, session, festival
):
    lookup = app.url_path_for("admin:lookup-in-rows", identity="festival/hooked-festival", part="booking")
    asked = {"name": "booking-0-band", "term": "loud", "object": str(festival.id)}
    assert (await office.client.get(lookup, params=asked)).status_code == 404
    await session.execute(update(Festival).values(name="Booked Fields"))
    await session.commit()
    for desk in (office, clerk):
        found = await desk.client.get(lookup, params=asked)
        assert [one["text"] for one in found.json()["results"]] == ["The Loud"]
    for key in ("", "999", "x"):
        assert (await office.client.get(lookup, params=asked | {"object": key})).status_code == 404, key
    page = (await office.get(address(app, "edit", festival.id, "hooked-festival"))).text
    assert f'data-url="{lookup}?object={festival.id}"' in page


async def test_a_form_that_is_shown_again_asks_for_what_was_chosen_once(
    app, office, session, festival, count_statements
):
    edit = address(app, "edit", festival.id)
    counts = set()
    for more in (1, 9):
        added = {f"booking-{10 + number}-band": "2" for number in range(more)}
        added |= {f"booking-{10 + number}-_key": "" for number in range(more)} | {"booking-0-fee": "99999"}
        with count_statements() as statements:
            answer = await office.submit(edit, added)
        assert (answer.status_code, answer.text.count("The Quiet")) == (400, more + 1)
        counts.add(len(statements))
    assert len(counts) == 1


async def test_limits_are_held_before_any_work(app, office, session, festival, count_statements):
    edit = address(app, "edit", festival.id)
    data = {f"stage-{number}-name": "x" for number in range(700)} | {"stage-TOTAL_FORMS": "700"}
    with count_statements() as statements:
        answer = await office.post(edit, data)
    assert (answer.status_code, "A form with more than 500 rows was sent" in answer.text) == (400, True)
    assert not [one for one in statements if "festival_stage" in one]
    refused = await office.submit(edit, {f"stage-0-slot-{number}-hour": "1" for number in range(5)})
    assert (refused.status_code, "3 slots at most may be there, and there would be 5." in refused.text) == (400, True)


async def test_new_rows_of_an_inline_do_not_allow_each_other(app, clerk, session, festival, monkeypatch):
    other = aliased(Booking)
    of_a_band = select(other.id).where(other.band_id == Booking.band_id, other.id != Booking.id).exists()
    monkeypatch.setattr(BookingPolicy, "where", lambda _self, _viewer, action: of_a_band if action == "add" else true())
    new = Band(name="The New")
    session.add(new)
    await session.flush()
    key = new.id
    await session.commit()
    edit = address(app, "edit", festival.id)
    for band, status in ((key, 403), (1, 303)):
        sent = {
            f"booking-{number}-{name}": value
            for number in (7, 8)
            for name, value in (("_key", ""), ("band", str(band)))
        }
        answer = await clerk.submit(edit, sent)
        assert answer.status_code == status, answer.text
    assert await rows(session, Booking.band_id) == [(1,), (1,), (1,), (2,), (3,)]


async def test_changed_rows_of_an_inline_do_not_allow_each_other(app, clerk, session, festival, monkeypatch):
    other = aliased(Booking)
    as_dear_as_another = select(other.id).where(other.fee == Booking.fee).exists()
    rules = {"change": as_dear_as_another}
    monkeypatch.setattr(BookingPolicy, "read_only", lambda *_: frozenset())
    monkeypatch.setattr(BookingPolicy, "where", lambda _self, _viewer, action: rules.get(action, true()))
    edit = address(app, "edit", festival.id)
    before = await rows(session, Booking.fee)
    for fee, status in (("60", 403), ("70", 303)):  # of which the festival has none, and one
        answer = await clerk.submit(edit, {"booking-0-fee": fee, "booking-1-fee": fee})
        assert answer.status_code == status, answer.text
        assert (await rows(session, Booking.fee) == before) is (status == 403)
