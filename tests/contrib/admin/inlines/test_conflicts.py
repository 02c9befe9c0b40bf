"""Of two editors of one form the later one is told, row by row, before anything of the earlier one's is overwritten."""

import pytest
from sqlalchemy import select, update

from dovetail.contrib.admin.testing import read_form
from tests.contrib.admin.entry.test_lost_sessions import log_in, send_late
from tests.contrib.admin.inlines.test_tabular import stored
from tests.contrib.admin.polls.models import Choice
from tests.contrib.admin.reading import stored_now

pytestmark = pytest.mark.parametrize("database_kind", ["postgresql"])  # where rows are locked

STALE = "Somebody else changed this while you were editing."


async def sent(office, edit, changes):
    return await office.client.post(f"{office.root}{edit}", data=changes)


async def test_whoever_changes_a_row_that_others_changed_is_told_and_may_put_theirs_in_its_place(
    office, session, question, edit
):
    form = read_form((await office.get(edit)).text) | {"save": "list"}
    await office.submit(edit, {"choice-0-votes": "7"})
    answer = await sent(office, edit, form | {"choice-0-choice_text": "Nothing", "choice-2-choice_text": "New"})
    assert (answer.status_code, answer.text.count(STALE)) == (409, 1)
    assert stored_now(answer.text) == {"choice-0-choice_text": "Not much", "choice-0-votes": "7"}
    assert "with what is stored now" in answer.text
    shown = read_form(answer.text)
    assert (shown["choice-0-choice_text"], shown["choice-2-choice_text"]) == (["Nothing"], ["New"])
    assert await stored(session) == [("Not much", 7), ("The sky", 0)]
    assert (await sent(office, edit, shown | {"save": "list"})).status_code == 303
    assert await stored(session) == [("Nothing", 2), ("The sky", 0), ("New", 0)]


async def test_a_row_that_was_not_touched_stays_as_others_made_it(office, session, question, edit):
    form = read_form((await office.get(edit)).text) | {"save": "list"}
    await office.submit(edit, {"choice-0-votes": "7"})
    assert (await sent(office, edit, form | {"choice-1-votes": "3"})).status_code == 303
    assert await stored(session) == [("Not much", 7), ("The sky", 3)]


async def test_a_row_that_others_deleted_is_added_anew_only_if_it_was_changed_and_asked_for(
    office, session, question, edit
):
    form = read_form((await office.get(edit)).text) | {"save": "list"}
    await office.submit(edit, {"choice-0-DELETE": "on"})
    assert (await sent(office, edit, form)).status_code == 303
    answer = await sent(office, edit, form | {"choice-0-votes": "9"})
    assert (answer.status_code, "Somebody else deleted this while you were editing." in answer.text) == (409, True)
    assert await stored(session) == [("The sky", 0)]
    assert (await sent(office, edit, read_form(answer.text) | {"save": "list"})).status_code == 303
    assert await stored(session) == [("The sky", 0), ("Not much", 9)]


async def test_nothing_is_deleted_that_others_changed_meanwhile(office, session, question, edit):
    form = read_form((await office.get(edit)).text) | {"save": "list"}
    await session.execute(update(Choice).where(Choice.choice_text == "Not much").values(votes=100))
    await session.commit()
    answer = await sent(office, edit, form | {"choice-0-DELETE": "on"})
    assert (answer.status_code, STALE in answer.text) == (409, True)
    assert await session.scalar(select(Choice.votes).where(Choice.choice_text == "Not much")) == 100


async def test_rows_come_back_as_they_were_typed_when_their_author_had_to_log_in_again(office, session, question, edit):
    typed = {"choice-0-votes": "7", "choice-1-DELETE": "on", "choice-9-choice_text": "Added in the browser"}
    late = await send_late(office, session, edit, typed)
    back = (await log_in(office.client, late.headers["location"])).headers["location"]
    page = (await office.client.get(back)).text
    form = read_form(page)
    assert {name: form[name] for name in typed} == {name: [value] for name, value in typed.items()}
    assert await stored(session) == [("Not much", 2), ("The sky", 0)]
    assert (await office.client.post(back, data=form | {"save": "list"})).status_code == 303
    assert await stored(session) == [("Not much", 7), ("Added in the browser", 0)]
