"""Change chosen fields of many objects at once."""

import re
from hashlib import sha256

import pytest
from sqlalchemy import delete, func, insert, select, update

from dovetail.contrib.admin.models import KeptForm
from dovetail.contrib.admin.testing import ORIGIN, read_form
from dovetail.contrib.auth.models import Permission
from dovetail.contrib.auth.permissions.grants import grant
from dovetail.contrib.auth.sessions.models import Session
from dovetail.contrib.auth.testing import PASSWORD
from dovetail.contrib.history.models import RecordedChange
from tests.contrib.admin.depot.models import Courier, Parcel, Stage

BULK = "/depot/parcels/bulk/"


async def chosen(office, *keys: int, path: str = BULK, **values: str) -> dict[str, object]:
    """What the page sends back once fields were filled in and their boxes ticked."""
    page = await office.post(path, {"pks": list(map(str, keys)), **values})
    assert page.status_code == 200, page.text
    return dict(read_form(page.text))


async def values_of(session, column) -> list[object]:
    found = (await session.scalars(select(column).order_by(Parcel.label))).all()
    await session.rollback()
    return list(found)


@pytest.mark.parametrize(("language", "told"), [("en", "1 parcel was changed."), ("de", "1 Parcel wurde geändert.")])
async def test_one_row_is_told_of_as_one(office, parcels, language, told):
    office.client.headers["Accept-Language"] = language
    await office.post(BULK, {**await chosen(office, parcels[0].id), "change": "weight", "weight": "5"})
    assert told in (await office.get("/depot/parcels/")).text


@pytest.mark.parametrize(
    ("language", "told"),
    [("en", "This value is not allowed here: Weight."), ("de", "Dieser Wert ist hier nicht zulässig: Weight.")],
)
async def test_a_rule_of_the_database_that_one_breaks_is_told_in_the_language_of_the_page(
    office, parcels, session, language, told
):
    keys = [one.id for one in parcels]
    before = await values_of(session, Parcel.weight)
    office.client.headers["Accept-Language"] = language
    answer = await office.post(BULK, {**await chosen(office, *keys), "change": "weight", "weight": "2000000"})
    page = answer.text
    assert answer.status_code == 409
    assert told in page
    assert read_form(page)["weight"] == ["2000000"]  # and nothing has to be typed again
    assert "not allowed" not in page or language == "en"
    assert await values_of(session, Parcel.weight) == before


async def test_chosen_fields_of_chosen_rows_are_changed_and_all_else_stays_as_it_is(
    office, parcels, session, count_statements
):
    keys = [one.id for one in parcels if one.label != "Book"]  # whose courier is Bob already
    bob = await session.scalar(select(Courier.id).where(Courier.name == "Bob"))
    await session.rollback()
    assert f'formaction="/admin{BULK}' in (await office.get("/depot/parcels/")).text
    sent = await chosen(office, *keys)
    assert "change" not in sent
    filled = {**sent, "change": ["weight", "courier"], "weight": "5", "courier": str(bob)}
    with count_statements() as statements:
        answer = await office.post(BULK, filled)
    assert answer.headers["location"] == "/admin/depot/parcels/"
    assert "3 parcels were changed." in (await office.get("/depot/parcels/")).text
    assert sum(one.startswith("UPDATE depot_parcel") for one in statements) == 1
    assert await values_of(session, Parcel.weight) == [5, 1, 5, 5]
    assert await values_of(session, Parcel.courier_id) == [bob, bob, bob, bob]
    assert await values_of(session, Parcel.stage) == [
        Stage.DELIVERED,
        Stage.WAITING,
        Stage.ON_ITS_WAY,
        Stage.WAITING,
    ]
    changes = await session.scalars(select(RecordedChange).where(RecordedChange.action == "change"))
    assert len(changes.all()) == 3


async def test_nothing_is_done_unless_something_is_chosen_and_good(office, parcels, session):
    keys = [one.id for one in parcels]
    await session.rollback()
    sent = await chosen(office, *keys)
    for changes, told in (
        ({}, "Choose at least one field to change."),
        ({"change": "weight", "weight": "heavy"}, "Input should be a valid integer"),
        ({"change": "is_paid", "weight": "7"}, "Tick “change” to write this, or leave it empty."),
        ({"change": "label", "label": "Same"}, "Choose at least one field to change."),
    ):
        answer = await office.post(BULK, {**sent, **changes})
        assert answer.status_code == 400, changes
        assert told in answer.text
        assert ("Correct what is marked below." in answer.text) == ("Choose" not in told)
    assert await values_of(session, Parcel.weight) == [90, 1, 7, 1]
    answer = await office.post(BULK, {**sent, "change": "courier", "courier": "999"})
    assert answer.status_code == 409
    assert "This choice is not there any more" in answer.text


async def test_what_others_changed_is_marked_and_changed_only_once_the_user_has_been_told(office, parcels, session):
    _anvil, book, chair, dice = (one.id for one in parcels)
    await session.rollback()
    sent = {**await chosen(office, book, chair, dice), "change": ["weight"], "weight": "5"}
    await session.execute(update(Parcel).where(Parcel.id == chair).values(weight=70))
    await session.commit()
    mistaken = await office.post(BULK, {**sent, "weight": "heavy"})
    assert mistaken.status_code == 400
    told = await office.post(BULK, {**read_form(mistaken.text), "weight": "5"})  # which knows of no conflict yet
    assert told.status_code == 409
    assert "Nothing was done. Somebody else changed what is marked below meanwhile." in told.text
    marked = re.findall(r"<li>(?:(?!<li>).)*changed meanwhile", told.text, re.DOTALL)
    assert len(marked) == 1
    assert f'href="/admin/depot/parcels/{chair}/change/" target="_blank">Chair</a>' in marked[0]
    assert await values_of(session, Parcel.weight) == [90, 1, 70, 1]
    sent = read_form(told.text)
    assert (sent["change"], sent["weight"]) == (["weight"], ["5"])
    await session.execute(update(Parcel).where(Parcel.id == dice).values(weight=3))
    await session.commit()
    assert (again := await office.post(BULK, sent)).status_code == 409
    assert ">Chair</a>" not in again.text
    assert ">Dice</a>" in again.text
    assert (await office.post(BULK, read_form(again.text))).status_code == 303
    assert await values_of(session, Parcel.weight) == [90, 5, 5, 5]


async def test_what_is_gone_meanwhile_is_told_and_the_form_comes_back_for_the_others(office, parcels, session):
    keys = [one.id for one in parcels]
    await session.rollback()
    sent = {**await chosen(office, *keys[1:3]), "change": "weight", "weight": "5"}
    await session.execute(delete(Parcel).where(Parcel.id == keys[2]))
    await session.commit()
    told = await office.post(BULK, sent)
    assert (told.status_code, "1 of 2 selected are not there any more." in told.text) == (409, True)
    sent = read_form(told.text)
    assert (sent["pks"], sent["weight"]) == ([str(keys[1])], ["5"])
    await session.execute(delete(Parcel).where(Parcel.id == keys[1]))
    await session.commit()
    assert (await office.post(BULK, sent)).headers["location"] == "/admin/depot/parcels/"


async def test_an_object_that_may_not_be_changed_is_named_and_undoes_it_all(office, parcels, session):
    anvil, book, _chair, dice = (one.id for one in parcels)
    await session.rollback()
    path = "/depot/relabelled/bulk/"
    sent = await chosen(office, book, dice, path=path)
    told = await office.post(path, {**sent, "change": "weight", "weight": "5"})
    assert "“Weight” cannot be changed here. That was at Dice." in told.text
    assert read_form(told.text)["weight"] == ["5"]
    assert (await office.post(path, {"pks": [str(anvil)]})).status_code == 403
    assert await values_of(session, Parcel.weight) == [90, 1, 7, 1]


async def test_all_that_match_are_changed_in_batches_by_one_statement_each(office, session, count_statements):
    rows = [{"label": f"P{number:04}", "weight": number % 2} for number in range(1200)]
    await session.execute(insert(Parcel), rows)
    await session.commit()
    page = await office.post(BULK, {"select_across": "1"})
    sent = read_form(page.text)
    with count_statements() as statements:
        answer = await office.post(BULK, {**sent, "change": "is_paid", "is_paid": "true"})
    assert answer.status_code == 303
    assert "1,200 parcels were changed." in (await office.get("/depot/parcels/")).text
    assert sum(one.startswith("UPDATE depot_parcel") for one in statements) == 3
    assert set(await values_of(session, Parcel.is_paid)) == {True}


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_what_was_typed_for_many_is_there_again_after_a_login_and_tells_of_who_was_faster(
    office, parcels, session
):
    book = parcels[1].id
    sent = {**await chosen(office, book), "change": "weight", "weight": "5"}
    await session.execute(delete(Session))
    await session.execute(update(Parcel).where(Parcel.id == book).values(weight=3))
    await session.commit()
    late = (await office.client.post(f"/admin{BULK}?pageSize=25", data=sent)).headers["location"]
    entrance = await office.client.get(late)
    assert "with what you had typed" in entrance.text
    credentials = {**read_form(entrance.text), "username": "boss", "password": PASSWORD}
    back = (await office.client.post(late, data=credentials, headers={"Origin": ORIGIN})).headers["location"]
    page = await office.client.get(back)
    assert "Nothing was done yet; look at it and send it." in page.text
    form = read_form(page.text)
    assert (form["pks"], form["change"], form["weight"]) == ([str(book)], ["weight"], ["5"])
    told = await office.client.post(back, data=form)
    assert (told.status_code, "changed meanwhile" in told.text) == (409, True)
    done = await office.client.post(back, data=read_form(told.text))
    assert (done.status_code, done.headers["location"]) == (303, "/admin/depot/parcels/?pageSize=25")
    assert await values_of(session, Parcel.weight) == [90, 5, 7, 1]
    assert await session.scalar(select(func.count()).select_from(KeptForm)) == 0


@pytest.mark.parametrize("path", ["/depot/couriers/bulk/"])
async def test_a_view_that_names_no_fields_offers_no_such_change(office, parcels, path, path_to):
    assert "bulk/" not in (await office.get(path_to("couriers"))).text
    assert (await office.post(path, {"pks": ["1"]})).status_code == 403


async def test_the_page_does_not_tell_the_key_of_a_related_object_that_the_user_may_not_view(
    parcels, session, make_user, back_office_for
):
    names = ("depot.view_parcel", "depot.change_parcel")
    session.add_all(Permission(name=name, plugin="depot", title=name) for name in names)
    clerk = await make_user(username="clerk", is_staff=True)
    await grant(session, clerk, names)
    await session.commit()
    keys = [one.id for one in parcels]
    plain = {
        sha256(repr((weight, stage, is_paid, None, courier)).encode()).hexdigest()[:16]
        for weight, stage, is_paid, courier in await session.execute(
            select(Parcel.weight, Parcel.stage, Parcel.is_paid, Parcel.courier_id)
        )
    }
    await session.rollback()
    desk = await back_office_for(clerk)
    sent = await chosen(desk, *keys)
    marks = {one.partition(":")[0] for one in sent["version"]}
    assert len(marks) == len(keys)
    assert not marks & plain  # everybody can compute these for each courier there may be
    assert marks == {one.partition(":")[0] for one in (await chosen(desk, *keys))["version"]}


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_the_form_of_an_object_does_not_tell_whether_what_it_hides_is_that_of_another_object(office, session):
    twins = [Courier(name="Twin") for _ in range(2)]
    session.add_all(twins)
    await session.commit()
    forms = [read_form((await office.get(f"/depot/couriers/{one.id}/change/")).text) for one in twins]
    versions = [form.pop("_version")[0] for form in forms]
    assert forms[0] == forms[1]
    assert versions[0] != versions[1]
