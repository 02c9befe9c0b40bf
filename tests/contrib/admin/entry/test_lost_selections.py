"""A session that ended while rows were chosen: an action, a deletion, cells of a list and an import go on after it."""

import re

import pytest
from sqlalchemy import delete, func, select
from starlette.responses import PlainTextResponse

from dovetail.contrib.admin.models import KeptForm
from dovetail.contrib.admin.testing import read_form
from tests.contrib.admin.change_list.test_editing import inputs
from tests.contrib.admin.conftest import More
from tests.contrib.admin.depot.admin import ParcelAdmin
from tests.contrib.admin.depot.models import DepotBase, Parcel
from tests.contrib.admin.workshop.models import Tool, WorkshopBase

LEND, TAKE_BACK = "/workshop/tool/action/lend/", "/workshop/tool/action/take-back/"
LIST = "/depot/parcels/"


@pytest.fixture
def more() -> More:
    return {"tests.contrib.admin.workshop": WorkshopBase, "tests.contrib.admin.depot": DepotBase}


async def tools(session, count: int) -> list[str]:
    session.add_all(made := [Tool(name=f"Tool {number}", is_broken=True) for number in range(count)])
    await session.commit()
    return [str(one.id) for one in made]


async def test_the_form_of_an_action_comes_back_with_its_rows_and_is_sent_by_its_author(office, session, send_late):
    chosen = await tools(session, 3)
    asked = read_form((await office.post(f"{LEND}?is_broken=true", {"pks": chosen[:2]})).text)
    back = await send_late(f"{LEND}?is_broken=true", {**asked, "reader": "Ada"})
    assert back.startswith(f"{LEND}?is_broken=true&kept=")
    page = await office.get(back)
    form = read_form(page.text)
    assert "This is what you had typed. Nothing was done yet" in page.text
    assert (form["reader"], form["pks"]) == (["Ada"], chosen[:2])
    assert (await session.scalars(select(Tool.lent_to).where(Tool.lent_to == "Ada"))).all() == []
    await session.commit()
    assert (await office.post(back, {**form, "reader": "nobody"})).status_code == 409
    assert "This is what you had typed." in (await office.get(back)).text  # since nothing was done
    done = await office.post(back, form)
    assert done.headers["location"] == "/admin/workshop/tool/?is_broken=true"
    assert (await session.scalars(select(Tool.lent_to).order_by(Tool.id))).all() == ["Ada", "Ada", ""]
    assert await session.scalar(select(func.count()).select_from(KeptForm)) == 0
    await session.commit()
    # Of what is gone meanwhile the rest can be sent.
    back = await send_late(LEND, {**asked, "reader": "Bob"})
    await session.execute(delete(Tool).where(Tool.id == int(chosen[0])))
    await session.commit()
    page = await office.get(back)
    assert "1 of 2 selected are not there any more." in page.text
    assert (read_form(page.text)["reader"], read_form(page.text)["pks"]) == (["Bob"], chosen[1:2])


async def test_what_was_ticked_is_asked_for_after_the_login_and_nothing_is_done_by_a_link(office, session, send_late):
    chosen = await tools(session, 2)
    for path, said in ((TAKE_BACK, "Take back: 2 tools?"), ("/workshop/tool/delete/", "Delete 2 tools?")):
        back = await send_late(path, {"pks": chosen})
        page = await office.get(back)
        assert said in page.text
        assert read_form(page.text)["pks"] == chosen
    session.expire_all()
    assert await session.scalar(select(func.count()).select_from(Tool)) == 2
    await session.commit()
    assert (await office.get(TAKE_BACK, pks=chosen[0])).status_code == 200  # which asks
    assert (await office.get(TAKE_BACK)).headers["location"] == "/admin/workshop/tool/"
    assert "Nothing was selected." in (await office.get("/workshop/tool/")).text


async def refuse(*_: object) -> PlainTextResponse:
    return PlainTextResponse("no", 409)


async def test_the_cells_of_a_list_come_back_as_they_were_typed(
    office, session, send_late, count_statements, monkeypatch
):
    session.add_all(parcels := [Parcel(label="Anvil", weight=90), Parcel(label="Book", weight=1)])
    await session.commit()
    sent = inputs((await office.get(LIST, pageSize="20")).text)
    number = next(name[4:-3] for name, values in sent.items() if values == [str(parcels[1].id)])
    back = await send_late(f"{LIST}?pageSize=20", {**sent, f"row-{number}-weight": "17"})
    with count_statements() as statements:
        page = await office.get(back)
    assert "This is what you had typed. Nothing was saved yet" in page.text
    assert not [one for one in statements if "FOR UPDATE" in one]  # to be shown, no row is locked
    again = inputs(page.text)
    assert again[f"row-{number}-weight"] == ["17"]
    assert "kept=" not in page.text  # or each link of the page would show them again
    assert await session.scalar(select(Parcel.weight).where(Parcel.label == "Book")) == 1
    await session.commit()
    again["_kept"] = re.search(r'<form id="list-edit".*?name="_kept" value="([^"]+)"', page.text, re.DOTALL)[1]
    with monkeypatch.context() as patch:
        patch.setattr(ParcelAdmin, "after_model_change", refuse)
        assert (await office.post(f"{LIST}?pageSize=20", again)).status_code == 409
    assert "This is what you had typed." in (await office.get(back)).text  # since nothing was saved
    assert (await office.post(f"{LIST}?pageSize=20", again)).headers["location"] == f"/admin{LIST}?pageSize=20"
    assert await session.scalar(select(Parcel.weight).where(Parcel.label == "Book")) == 17
    assert await session.scalar(select(func.count()).select_from(KeptForm)) == 0


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_what_the_columns_of_an_import_are_comes_back_and_the_file_is_there(office, session, send_late):
    data, files = {"csrf_token": await office.token()}, {"file": ("p.csv", "what,how heavy\nAnvil,90\n")}
    answer = await office.client.post(f"/admin{LIST}import/", data=data, files=files)
    address = answer.headers["location"].removeprefix("/admin")
    back = await send_late(address, {"column-0": "label", "column-1": "weight", "match": "", "step": "import"})
    page = await office.get(back)
    assert page.status_code == 200
    assert re.findall(r'value="(\w+)" selected', page.text) == ["label", "weight"]
    assert await session.scalar(select(Parcel.id)) is None
    await session.commit()
    await office.post(back, {"column-0": "label", "column-1": "weight", "match": "", "step": "import"})
    assert await session.scalar(select(Parcel.weight)) == 90
    assert await session.scalar(select(func.count()).select_from(KeptForm)) == 0
