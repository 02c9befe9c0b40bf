"""Actions that are handed rows, and no objects: whole or not at all, and with the same result."""

from contextlib import contextmanager

import pytest
from sqlalchemy import event, func, select, update

from dovetail.contrib.admin.testing import read_form
from dovetail.contrib.admin.views import SelectedRows
from tests.contrib.admin.workshop.admin import CALLS, RackAdmin
from tests.contrib.admin.workshop.models import Tool

ACTION, LIST = "/workshop/rack/action/{}/", "/workshop/rack/"


@contextmanager
def heard(target, name):
    """Note of which tools an event tells."""
    names: list[str] = []

    def hear(_mapper, _connection, tool):
        names.append(tool.name)

    event.listen(target, name, hear)
    try:
        yield names
    finally:
        event.remove(target, name, hear)


@pytest.fixture
def stored(session):
    """Return what a column holds, by the keys: `await stored(Tool.name)`."""

    async def read(column):
        found = (await session.scalars(select(column).order_by(Tool.id))).all()
        await session.commit()
        return found

    return read


async def act(office, name, keys=(), **data):
    """Do an action with all that match, or with those that have the keys."""
    path = ACTION.format(name)
    chosen = {"pks": list(map(str, keys))} if keys else {"select_across": "1"}
    if not keys or data:
        chosen = read_form((await office.post(path, chosen)).text) | data
    answer = await office.post(path, chosen)
    assert answer.status_code == 303, answer.text
    return (await office.get(LIST)).text


async def test_all_that_match_are_changed_in_batches_and_none_is_loaded(office, tools, stored, count_statements):
    await tools(1203)
    data = read_form((await office.post(ACTION.format("mend"), {"select_across": "1"})).text)
    with count_statements() as statements:
        answer = await office.post(ACTION.format("mend"), data)
    assert answer.status_code == 303
    assert CALLS == [500, 703]  # more at a time, since no object was loaded of those before
    assert not any(await stored(Tool.is_broken))
    updates = [one for one in statements if one.startswith("UPDATE ") and " workshop_tool SET " in one]
    assert len(updates) == len(CALLS)
    assert len({*updates}) == 1  # however many keys there are
    assert not any(one.startswith("SELECT") and "workshop_tool.name" in one for one in statements)
    assert "Mend: done with 1,203 tools." in (await office.get(LIST)).text


async def test_objects_are_loaded_500_at_a_time_however_many_match(office, tools, stored, count_statements):
    await tools(1203)
    data = read_form((await office.post(ACTION.format("call"), {"select_across": "1"})).text)
    with count_statements() as statements:
        assert (await office.post(ACTION.format("call"), data)).status_code == 303
    assert all(name.endswith("!") for name in await stored(Tool.name))
    loading = [one for one in statements if one.startswith("SELECT") and "workshop_tool.name" in one]
    assert len(loading) == 3


async def test_an_action_on_12_rows_takes_as_many_statements_as_one_on_3(office, tools, count_statements):
    await tools(12)
    await office.token()  # which asks for a page, once
    needed = []
    for keys in (range(1, 4), range(1, 13)):
        with count_statements() as statements:
            await office.post(ACTION.format("mend"), {"pks": list(map(str, keys))})
        needed.append(len(statements))
    assert needed[0] == needed[1]


async def test_what_fails_at_one_of_many_undoes_all_and_says_at_which(office, session, tools, stored):
    await tools(700)
    await session.execute(update(Tool).where(Tool.name == "Tool 0613").values(lent_to="nobody"))
    await session.commit()
    assert "Nothing was done. Nobody has it. That was at Tool 0613." in await act(office, "mend")
    assert all(await stored(Tool.is_broken))
    page = await act(office, "forget")  # which the database refuses
    assert "Nothing was done." in page
    assert "That was at Tool 0613." in page
    assert "Tool 0001" in await stored(Tool.name)


async def test_an_action_that_says_what_it_takes_in_a_text_has_a_form_all_the_same(office, tools, stored):
    await tools(2)
    assert "2 lent to Ada." in await act(office, "lend", [1, 2], reader="Ada")
    assert await stored(Tool.lent_to) == ["Ada", "Ada"]


async def test_objects_that_an_action_asked_for_are_written_with_what_it_updates(office, tools, stored):
    await tools(3, lent_to="Ada")
    await act(office, "call", [1, 3])
    assert await stored(Tool.name) == ["Tool 0000!", "Tool 0001", "Tool 0002!"]
    assert await stored(Tool.lent_to) == ["", "Ada", ""]


@pytest.mark.parametrize("name", ["before_update", "after_update"])
async def test_who_listens_to_changes_hears_of_each_object_and_the_result_is_the_same(office, tools, stored, name):
    await tools(3)
    with heard(Tool, name) as names:
        await act(office, "mend", [1, 3])
    assert names == ["Tool 0000", "Tool 0002"]
    assert await stored(Tool.is_broken) == [False, True, False]


async def test_a_view_that_is_asked_about_each_object_is_asked(office, tools, stored, monkeypatch):
    def is_let(view, request, action, obj=None):
        return not (action == "action:mend" and obj is not None and obj.name == "Tool 0001")

    await tools(2)
    monkeypatch.setattr(RackAdmin, "has_permission", is_let)
    refused = await office.post(ACTION.format("mend"), {"pks": ["1", "2"]})
    assert refused.status_code == 403
    assert await stored(Tool.is_broken) == [True, True]
    await act(office, "mend", [1])
    assert await stored(Tool.is_broken) == [False, True]


async def test_one_that_is_gone_or_not_shown_is_not_changed_and_neither_are_the_others(
    office, tools, stored, monkeypatch
):
    await tools(2)
    assert "1 of 2 selected are not there any more." in await act(office, "mend", [1, 99])
    monkeypatch.setattr(RackAdmin, "rows", lambda _view, _request: select(Tool).where(Tool.id == 1))
    assert "1 of 2 selected are not there any more." in await act(office, "mend", [1, 2])
    assert await stored(Tool.is_broken) == [True, True]
    await act(office, "mend")
    assert await stored(Tool.is_broken) == [False, True]


async def test_what_is_no_column_cannot_be_updated(office, tools, stored, session):
    await tools(1)

    async def load():
        raise AssertionError("nobody needs them")

    rows = SelectedRows(Tool, [1], load)
    with pytest.raises(TypeError, match="'price', expected a column of Tool"):
        await rows.update(price=3)
    with pytest.raises(TypeError, match="'id', which is a key"):
        await rows.update(id=3)
    found = await session.scalar(select(func.count()).select_from(Tool).where(rows.condition))
    assert found == len(rows) == 1
