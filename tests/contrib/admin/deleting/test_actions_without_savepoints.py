"""Actions that are done without savepoints on SQLite: whatever fails is done again with them, and leaves nothing."""

import json
from datetime import UTC, datetime

import pytest
from sqlalchemy import select, update

from dovetail.contrib.admin.testing import read_form
from tests.contrib.admin.workshop.models import Tool

ACTION, LIST = "/workshop/rack/action/{}/", "/workshop/rack/"


@pytest.fixture
def lose(session, tools):
    """Make tools, and lose one: `await lose(700, "Tool 0613")`."""

    async def make(count, name):
        await tools(count)
        await session.execute(update(Tool).where(Tool.name == name).values(lent_to="nobody"))
        await session.commit()

    return make


async def act(office, name):
    path = ACTION.format(name)
    return await office.post(path, read_form((await office.post(path, {"select_across": "1"})).text))


async def broken(session):
    found = await session.scalars(select(Tool.name).where(Tool.is_broken))
    await session.commit()
    return len(found.all())


async def test_only_where_something_fails_sqlite_copies_pages_for_savepoints(
    office, tools, lose, count_statements, database_kind
):
    await tools(700)
    with count_statements() as statements:
        assert (await act(office, "mend")).status_code == 303
    assert any("SAVEPOINT" in one for one in statements) is (database_kind == "postgresql")
    (changed,) = {one for one in statements if one.startswith("UPDATE ") and " workshop_tool SET " in one}
    assert ("UPDATE OR FAIL" in changed) is (database_kind == "sqlite")  # it would copy pages to take it back alone
    assert ("strftime(" in changed) is False  # and for a function, which may fail
    # Pages of so few rows fit into memory together, and are read and written once.
    assert any("cache_size=-16000" in one for one in statements) is (database_kind == "sqlite")
    await lose(1, "Tool 0000")
    with count_statements() as statements:
        await act(office, "mend")
    assert any("SAVEPOINT" in one for one in statements)


async def test_what_fails_in_the_second_batch_undoes_the_first_and_a_script_is_told_where(office, session, lose):
    await lose(700, "Tool 0613")
    path = ACTION.format("mend")
    data = read_form((await office.post(path, {"select_across": "1"})).text)
    office.client.headers["Accept"] = "application/x-ndjson"
    answer = await office.client.post(f"/admin{path}", data=data)
    told = json.loads(answer.text.splitlines()[-1])
    assert told == {"state": "failed", "message": "Nobody has it. That was at Tool 0613."}
    assert await broken(session) == 700


async def test_an_action_that_makes_nothing_of_a_failed_update_leaves_no_half_of_it(office, session, lose):
    await lose(30, "Tool 0020")
    await act(office, "insist")
    names = (await session.scalars(select(Tool.name))).all()
    assert not [name for name in names if name.endswith("!")]


async def test_an_answer_that_refuses_is_sent_and_nothing_is_kept(office, session, tools):
    await tools(3)
    answer = await act(office, "count")
    assert (answer.status_code, answer.text) == (409, "3 are too many.")
    assert await broken(session) == 3


async def test_a_row_that_says_it_was_changed_later_than_now_is_changed_and_is_later_still(office, session, tools):
    await tools(3)
    future = datetime(2123, 4, 5, tzinfo=UTC)
    await session.execute(update(Tool).where(Tool.name == "Tool 0001").values(updated_at=future))
    await session.commit()
    before = await moments(session)
    assert (await act(office, "mend")).status_code == 303
    assert await broken(session) == 0
    after = await moments(session)
    assert all(new > old for old, new in zip(before, after, strict=True))
    assert after[1] > future


async def moments(session):
    found = (await session.scalars(select(Tool.updated_at).order_by(Tool.id))).all()
    await session.commit()
    return found
