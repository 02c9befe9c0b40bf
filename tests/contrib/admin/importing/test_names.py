"""Columns whose names mean something to forms are imported, and written by lists and forms, by whoever may."""

import pytest
from sqlalchemy import select

from dovetail.contrib.auth.models import Permission
from dovetail.contrib.auth.permissions import grants
from tests.contrib.admin.change_list.test_editing import inputs
from tests.contrib.admin.conftest import More
from tests.contrib.admin.drawer.models import DrawerBase, Odd

ODDS, OLD = "/drawer/odd/", "/drawer/odd/old/change/"


@pytest.fixture
def more() -> More:
    return {"tests.contrib.admin.drawer": DrawerBase}


@pytest.fixture(autouse=True)
async def odds(session):
    session.add_all([Odd(key="old", data="x", errors="x", process="x"), Odd(key="other", process="x")])
    await session.commit()


@pytest.fixture
def stored(session):
    async def find(key: str) -> tuple[object, ...]:
        found = (await session.execute(select(Odd.data, Odd.errors, Odd.process).where(Odd.key == key))).one()
        await session.rollback()
        return tuple(found)

    return find


async def test_columns_are_imported_whatever_a_form_has_to_call_them(importing, stored):
    importer = importing(ODDS)
    address = await importer.upload("odd.csv", "key,data,errors,process\nnew,c,,d\n")
    assert (await importer.step(address, "import", **{"column-0": "key"}, match="")).status_code == 303
    address = await importer.upload("odd.csv", "key,data,errors\nold,a,b\n")
    assert (await importer.step(address, "import", **{"column-0": "="}, match="=")).status_code == 303
    assert (await stored("new"), await stored("old")) == (("c", None, "d"), ("a", "b", "x"))


async def test_they_are_changed_in_lists_and_in_many_rows_at_once(office, stored):
    page = await office.get(ODDS)
    assert page.status_code == 200
    assert 'name="row-0-data"' in page.text
    assert (await office.post(ODDS, inputs(page.text) | {"row-0-data": "a", "row-0-errors": "b"})).status_code == 303
    assert await stored("old") == ("a", "b", "x")
    asked = await office.post(f"{ODDS}bulk/", {"pks": ["old", "other"]})
    assert asked.status_code == 200
    sent = {"pks": ["old", "other"], "confirmed": "yes", "change": ["errors", "process"], "errors": "", "process": "p"}
    assert (await office.post(f"{ODDS}bulk/", sent)).status_code == 303
    assert (await stored("old"), await stored("other")) == (("a", None, "p"), (None, None, "p"))


async def test_one_that_a_policy_keeps_from_being_written_is_written_by_no_door(
    importing, session, stored, make_user, back_office_for
):
    verbs = [f"drawer.{verb}_odd" for verb in ("view", "add", "change")]
    session.add_all([Permission(name=name, plugin="drawer", title=name) for name in verbs])
    clara = await make_user(username="clara", is_staff=True)
    await grants.grant(session, clara, verbs)
    await session.commit()
    office = await back_office_for(clara)
    assert (await office.submit(OLD, {"data": "a", "process": "forged"})).status_code == 303
    assert await stored("old") == ("a", "x", "x")
    page = await office.get(ODDS)
    await office.post(ODDS, inputs(page.text) | {"row-0-data": "b", "row-0-process": "forged"})
    assert await stored("old") == ("b", "x", "x")
    sent = {"pks": ["old"], "confirmed": "yes", "change": ["data", "process"], "data": "c", "process": "forged"}
    await office.post(f"{ODDS}bulk/", sent)
    assert await stored("old") == ("c", "x", "x")
    importer = importing(ODDS, office)
    address = await importer.upload("odd.csv", "key,process\nold,forged\n")
    step = await importer.step(address, "import", **{"column-0": "=", "column-1": "process"}, match="=")
    assert step.status_code == 422
    assert await stored("old") == ("c", "x", "x")
