"""Inlines of every kind: one-to-many, one-to-one, through an association, generic, and one level deeper."""

from sqlalchemy import select

from dovetail.contrib.admin.testing import read_form
from tests.contrib.admin.festival.models import Band, Booking, Festival, License, Memo, Shuttle, Slot, Stage


async def rows(session, *columns):
    found = [tuple(row) for row in await session.execute(select(*columns).order_by(*columns))]
    await session.commit()
    return found


async def test_a_new_object_is_saved_with_rows_of_every_kind(app, office, session):
    session.add(Band(name="The Loud"))
    await session.commit()
    values = {
        "name": "Open Fields",
        "stage-0-name": "Main",
        "stage-0-slot-0-hour": "20",
        "stage-0-slot-1-hour": "22",
        "license-0-number": "A 17",
        "booking-TOTAL_FORMS": "1",
        "booking-0-band": "1",
        "booking-0-fee": "300",
        "memo-0-text": "Bring tents",
    }
    values |= {"stage-7-_key": "", "stage-7-name": "Tent", "stage-0-slot-1-_key": ""}  # as the browser adds rows
    answer = await office.submit(address(app, "create"), values)
    assert answer.status_code == 303, answer.text
    (key,) = (await rows(session, Festival.id))[0]
    assert await rows(session, Stage.festival_id, Stage.place, Stage.name) == [(key, 1, "Main"), (key, 2, "Tent")]
    assert await rows(session, Slot.hour) == [(20,), (22,)]
    assert await rows(session, License.festival_id, License.number) == [(key, "A 17")]
    assert await rows(session, Booking.festival_id, Booking.fee, Booking.booked_by) == [(key, 300, "boss")]
    assert await rows(session, Memo.content_type, Memo.object_id, Memo.text) == [
        ("festival_festival", key, "Bring tents")
    ]


async def test_rows_within_rows_are_changed_added_and_deleted_and_go_with_their_row(app, office, session, festival):
    edit = address(app, "edit", festival.id)
    changes = {"stage-0-slot-0-note": "Early", "stage-0-slot-1-DELETE": "on", "stage-1-slot-0-hour": "3"}
    assert (await office.submit(edit, changes)).status_code == 303
    assert await rows(session, Slot.hour, Slot.note) == [(3, ""), (20, "Early")]
    assert (await office.submit(edit, {"stage-0-DELETE": "on"})).status_code == 303
    assert await rows(session, Slot.hour) == [(3,)]


async def test_rows_stand_in_the_order_of_their_places_and_change_them(app, office, session, festival):
    edit = address(app, "edit", festival.id)
    assert (await office.submit(edit, {"stage-0-place": "9", "stage-2-name": "Roof"})).status_code == 303
    form = read_form((await office.get(edit)).text)
    assert [form[f"stage-{number}-name"] for number in range(3)] == [["Tent"], ["Main"], ["Roof"]]
    assert await rows(session, Stage.place) == [(2,), (9,), (10,)]


async def test_an_object_has_one_row_at_most_of_an_inline_that_is_one_to_one(app, office, session, festival):
    edit = address(app, "edit", festival.id)
    assert "license-1-number" not in (await office.get(edit)).text
    assert (await office.submit(edit, {"license-0-number": "A 17"})).status_code == 303
    page = (await office.get(edit)).text
    assert "license-1-number" not in page
    assert 'id="inline-license">License</h2>' in page  # of which there are not several
    refused = await office.submit(edit, {"license-1-number": "B 18"})
    assert refused.status_code == 400
    assert "1 license at most may be there, and there would be 2." in refused.text
    assert await rows(session, License.number) == [("A 17",)]


async def test_hooks_answer_for_inlines_by_who_asks_and_for_what(app, office, session, festival):
    create, edit = address(app, "create", view="hooked-festival"), address(app, "edit", festival.id, "hooked-festival")
    page = (await office.get(create)).text
    assert "memo-0-text" not in page
    assert "shuttle-0-DELETE" not in page
    refused = await office.submit(create, {"name": "Another", "shuttle-0-seats": ""})
    assert (refused.status_code, "1 shuttle or more are needed" in refused.text) == (400, True)
    page = (await office.get(edit)).text
    assert "memo-0-text" in page
    assert read_form(page)["shuttle-0-seats"] == ["50"]
    assert (await office.submit(edit, {"shuttle-0-seats": "9", "memo-0-text": "Pay the driver"})).status_code == 303
    assert await rows(session, Shuttle.start_id, Shuttle.goal_id, Shuttle.seats) == [(festival.id, None, 9)]
    refused = await office.submit(edit, {"shuttle-0-seats": "91", "memo-0-text": "Undone"})
    assert (refused.status_code, "No shuttle has more than 90 seats." in refused.text) == (422, True)
    assert await rows(session, Shuttle.seats) == [(9,)]
    assert await rows(session, Memo.text) == [("Pay the driver",)]
    refused = await office.submit(edit, {"shuttle-1-seats": "1", "shuttle-2-seats": "1"})
    assert (refused.status_code, "2 shuttles at most may be there, and there would be 3." in refused.text) == (
        400,
        True,
    )
    memo = (await rows(session, Memo.id))[0][0]
    page = (await office.get(edit)).text
    assert address(app, "edit", memo, "memo") in page
    assert (await office.submit(edit, {"name": "Closed Fields"})).status_code == 303
    assert "memo-0-text" not in (await office.get(edit)).text


async def test_rows_are_checked_together_and_shown_again_with_what_is_wrong(app, office, session, festival):
    edit = address(app, "edit", festival.id)
    refused = await office.submit(edit, {"booking-0-fee": "9999", "stage-2-name": "x" * 200, "memo-0-text": "Keep"})
    assert refused.status_code == 400
    assert "The festival can pay no more than 10000." in refused.text
    form = read_form(refused.text)
    assert (form["memo-0-text"], form["booking-0-fee"]) == (["Keep"], ["9999"])
    assert 'id="errors-field-stage-2-name"' in refused.text
    assert await rows(session, Memo.text) == []


async def test_what_is_saved_as_new_takes_its_rows_along(app, office, session, festival):
    answer = await office.submit(address(app, "edit", festival.id), {"save": "new", "name": "Closed Fields"})
    assert answer.status_code == 303, answer.text
    assert len(await rows(session, Stage.id)) == 4
    assert await rows(session, Booking.festival_id, Booking.fee) == [
        *((festival.id, fee) for fee in (50, 70, 5000)),
        *((festival.id + 1, fee) for fee in (50, 70, 5000)),
    ]


def address(app, page: str, pk: int | None = None, view: str = "festival", plugin: str = "festival") -> str:
    parameters = {"identity": f"{plugin}/{view}"} | ({} if pk is None else {"pk": str(pk)})
    root = app.url_path_for("admin:index").removesuffix("/")
    return str(app.url_path_for(f"admin:{page}", **parameters)).removeprefix(root)
