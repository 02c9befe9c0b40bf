"""Cells of a list are changed there: all rows of a page at once or none, and no change of somebody else is lost."""

import re

import pytest
from sqlalchemy import delete, select, update

from dovetail.contrib.admin.testing import read_form
from dovetail.contrib.auth.models import Permission
from dovetail.contrib.auth.permissions.grants import grant
from dovetail.contrib.history.models import RecordedChange
from tests.contrib.admin.depot.models import Courier, Parcel, Stage


@pytest.fixture
def send(office, path_to):
    """Open a list, change what its cells hold by row and column, and send it: `await send("parcels", {...})`."""

    async def post(identity: str, cells: dict[tuple[str, str], str], before=None, *, page=None):
        page = await office.get(path_to(identity)) if page is None else page
        if before is not None:
            await before()
        sent = inputs(page.text)
        numbers = {values[0]: name[4:-3] for name, values in sent.items() if name.endswith("-pk")}
        for (key, column), value in cells.items():
            sent[f"row-{numbers[str(key)]}-{column}"] = [value]
        return await office.post(path_to(identity), sent)

    return post


def inputs(html: str) -> dict[str, list[str]]:
    """What a browser sends of the cells, which belong to a form that stands elsewhere on the page."""
    found = read_form("<form>" + re.sub("</?form[^>]*>", "", html))
    return {name: values for name, values in found.items() if name.startswith("row-")}


def errors(page) -> list[str]:
    return re.findall(r'invalid-feedback d-block"[^>]*>(.*?)<', page.text)


async def stored(session, *columns):
    session.expire_all()
    return [tuple(row) for row in (await session.execute(select(*columns).order_by(Parcel.label))).all()]


async def test_cells_of_all_kinds_are_saved_for_all_rows_at_once(send, session, parcels, office, path_to):
    anvil, book, chair, dice = [one.id for one in parcels]
    ann = await session.scalar(select(Courier.id).where(Courier.name == "Ann"))
    await session.commit()
    cells = {
        (anvil, "weight"): "91",
        (book, "stage"): "on_its_way",
        (book, "is_paid"): "y",
        (book, "courier"): str(ann),
        (chair, "sent_on"): "2026-01-31",
        (dice, "is_paid"): "",
    }
    answer = await send("parcels", cells)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/admin{path_to('parcels')}")
    assert "4 parcels were saved." in (await office.get(path_to("parcels"))).text
    assert await stored(session, Parcel.weight, Parcel.stage, Parcel.is_paid, Parcel.courier_id == ann) == [
        (91, Stage.DELIVERED, True, True),
        (1, Stage.ON_ITS_WAY, True, True),
        (7, Stage.ON_ITS_WAY, False, True),
        (1, Stage.WAITING, False, None),
    ]
    changed = select(RecordedChange.object_key).where(RecordedChange.model == "depot.parcel")
    assert len((await session.scalars(changed)).all()) == 8  # four made, four changed


async def test_a_key_that_no_page_would_write_is_that_of_a_row_that_is_not_there(session, parcels, office, path_to):
    book = parcels[1].id
    for key in (f"0{book}", f" {book}", "x", "\u0661", "9" * 30):
        answer = await office.post(path_to("parcels"), {"row-0-pk": [key], "row-0-weight": ["44"]})
        assert answer.status_code == 409, (key, answer.status_code)
        assert f"Parcel {key}" in answer.text
    assert await stored(session, Parcel.weight) == [(90,), (1,), (7,), (1,)]


async def test_a_page_is_saved_in_one_statement_a_table_however_many_rows_changed(
    office, send, parcels, count_statements
):
    counts = []
    await office.token()  # the widgets of the first page, from which it comes, keep what they found
    for rows in (parcels[:2], parcels):
        with count_statements() as statements:
            cells = {(one.id, "weight"): str(len(rows) * 10 + one.id) for one in rows}
            assert (await send("parcels", cells)).status_code == 303
        counts.append((len([one for one in statements if "UPDATE depot_parcel" in one]), len(statements)))
    assert counts == [(1, counts[0][1]), (1, counts[0][1])]


async def test_nothing_is_saved_while_anything_is_wrong_and_the_mistake_stands_beside_its_cell(send, session, parcels):
    anvil, book, chair, _ = [one.id for one in parcels]
    page = await send("parcels", {(anvil, "weight"): "2", (chair, "weight"): "heavy"})
    assert page.status_code == 400
    assert len(errors(page)) == 1
    assert 'value="heavy"' in page.text
    assert 'value="2"' in page.text
    long, taken = "Book, a very long one", "Dice"
    page = await send("relabelled", {(book, "label"): long, (chair, "label"): "Stool"})
    assert errors(page) == ["A label has ten letters at most."]
    page = await send("relabelled", {(book, "label"): taken, (chair, "label"): "Stool"})
    assert page.status_code == 409
    (error,) = errors(page)
    assert "already" in error
    book_cell, chair_cell = (page.text.index(f'value="{label}"') for label in (taken, "Stool"))
    assert book_cell < page.text.rindex(error) < chair_cell
    page = await send("relabelled", {(book, "weight"): "500", (chair, "weight"): "501"})
    assert "That is more than the van takes." in page.text
    assert await stored(session, Parcel.label, Parcel.weight) == [("Anvil", 90), ("Book", 1), ("Chair", 7), ("Dice", 1)]


async def test_what_others_changed_meanwhile_is_shown_row_by_row_and_nothing_is_lost(send, session, parcels):
    anvil, book, chair, dice = [one.id for one in parcels]

    async def others() -> None:
        await session.execute(update(Parcel).where(Parcel.id == chair).values(weight=70))
        await session.execute(update(Parcel).where(Parcel.id == anvil).values(weight=900))
        await session.execute(delete(Parcel).where(Parcel.id == dice))
        await session.commit()

    cells = {(chair, "weight"): "8", (book, "weight"): "2"}
    page = await send("parcels", cells | {(dice, "weight"): "6"}, others)
    assert page.status_code == 409
    assert errors(page) == ["Now: 70"]
    assert f"<li>Parcel {dice}: Weight: 6</li>" in page.text
    for typed in ("8", "2", "900"):  # of the anvil nobody here had typed anything
        assert f'value="{typed}"' in page.text
    assert await stored(session, Parcel.weight) == [(900,), (1,), (70,)]
    await session.commit()
    assert (await send("parcels", cells, page=page)).status_code == 303
    assert await stored(session, Parcel.weight) == [(900,), (2,), (8,)]


async def test_cells_that_one_may_not_change_are_shown_and_no_forged_form_writes_them(
    send, office, session, parcels, path_to
):
    anvil, _, _, dice = [one.id for one in parcels]
    page = await office.get(path_to("relabelled"))
    cells = re.findall(r'name="(row-\d-(?:label|weight))"', page.text)
    assert cells == ["row-1-label", "row-1-weight", "row-2-label", "row-2-weight", "row-3-label"]
    page = await send("relabelled", {(anvil, "weight"): "5"})
    assert page.status_code == 400
    assert len(errors(page)) == 1
    assert (await send("relabelled", {(dice, "weight"): "5"})).status_code in {303, 400}
    assert (await send("shelved", {})).status_code == 403
    assert await stored(session, Parcel.weight) == [(90,), (1,), (7,), (1,)]


async def test_who_may_only_look_at_rows_edits_no_list(make_user, back_office_for, session, parcels, path_to):
    session.add(Permission(name="depot.view_parcel", plugin="depot", title="See parcels"))
    reader = await make_user(username="reader", is_staff=True)
    await grant(session, reader, ["depot.view_parcel"])
    await session.commit()
    office = await back_office_for(reader)
    page = await office.get(path_to("parcels"))
    assert "list-edit" not in page.text
    answer = await office.post(path_to("parcels"), {"row-0-pk": str(parcels[0].id), "row-0-weight": "5"})
    assert answer.status_code == 403


async def test_what_is_wrong_with_cells_is_said_in_the_language_of_the_page(send, parcels, office):
    office.client.headers["Accept-Language"] = "de"
    answer = await send("parcels", {(parcels[0].id, "weight"): "many"})
    assert "Korrigieren Sie, was unten markiert ist." in answer.text
    assert "Nothing was saved" not in answer.text


async def test_as_many_rows_are_edited_at_once_as_fit_into_a_form_and_the_page_says_how_many_do_not(
    session, office, path_to
):
    session.add_all([Parcel(label=f"P{number:03}") for number in range(180)])
    await session.commit()
    address = f"{path_to('parcels')}?pageSize=200"
    page = await office.get(address)
    sent = inputs(page.text)
    editable = sum(name.endswith("-version") for name in sent)
    assert 100 <= editable < 180
    assert f"{180 - editable} rows can only be looked at here: show fewer on a page to change them." in page.text
    assert "can only be looked at here" not in (await office.get(path_to("parcels"))).text
    last = f"row-{editable - 1}-weight"
    wrong = await office.post(address, sent | {last: ["heavy"]})
    assert wrong.status_code == 400
    assert inputs(wrong.text)[last] == ["heavy"]
    assert (await office.post(address, sent | {last: ["7"]})).status_code == 303
    assert (await session.scalars(select(Parcel.label).where(Parcel.weight == 7))).all() == [f"P{editable - 1:03}"]
