"""Rows of an inline are shown, added, changed and deleted in the form of the object that they belong to."""

from sqlalchemy import select

from dovetail.contrib.admin.testing import read_form
from tests.contrib.admin.polls.models import Choice


async def stored(session) -> list[tuple[str, int]]:
    rows = [tuple(row) for row in await session.execute(select(Choice.choice_text, Choice.votes).order_by(Choice.id))]
    await session.commit()
    return rows


async def test_rows_are_shown_changed_added_and_deleted_in_one_form(office, session, question):
    edit = f"/polls/question/{question.id}/change/"
    form = read_form((await office.get(edit)).text)
    assert form["choice-0-choice_text"] == ["Not much"]
    assert [name for name in form if name.endswith("choice_text")] == [f"choice-{n}-choice_text" for n in range(5)]
    changes = {"choice-0-votes": "3", "choice-1-DELETE": "on", "choice-3-choice_text": "Coffee"}
    answer = await office.submit(edit, changes)
    assert answer.status_code == 303, answer.text
    assert await stored(session) == [("Not much", 3), ("Coffee", 0)]
