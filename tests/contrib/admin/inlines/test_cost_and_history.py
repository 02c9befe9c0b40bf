"""A form costs the same however many rows it has, and the history tells of each of them."""

from sqlalchemy import select

from dovetail.contrib.admin.testing import read_form
from dovetail.contrib.history.models import ChangeSource, RecordedChange
from tests.contrib.admin.polls.models import Choice


async def counts(office, count_statements, edit, changes):
    """Return the statements of opening the form and of saving it with these changes, as kinds and tables."""
    with count_statements() as opening:
        form = read_form((await office.get(edit)).text)
    with count_statements() as saving:
        answer = await office.client.post(f"{office.root}{edit}", data=form | {"save": "list"} | changes(form))
    assert answer.status_code == 303, answer.text
    return len(opening), [" ".join(one.split()[:3]) for one in saving if "polls_choice" in one]


def everything(form):
    """Change each of the first rows, delete each second of them, and add three."""
    stored = [name.partition("-_key")[0] for name, values in form.items() if name.endswith("-_key") and values[0]]
    changed = {f"{row}-votes": "7" for row in stored} | {f"{row}-DELETE": "on" for row in stored[::2]}
    return changed | {f"choice-{90 + number}-choice_text": "New" for number in range(3)}


async def test_a_form_costs_the_same_for_4_rows_and_for_40(  # noqa: PLR0917 - fixtures
    office, session, question, edit, count_statements, database_kind
):
    session.add_all([Choice(question_id=question.id, choice_text=f"Choice {number}") for number in range(2)])
    await session.commit()
    few = await counts(office, count_statements, edit, everything)
    session.add_all([Choice(question_id=question.id, choice_text=f"Choice {number}") for number in range(35)])
    await session.commit()
    many = await counts(office, count_statements, edit, everything)
    assert many == few
    lines = ("INSERT INTO history", "WITH locked_rows")  # of the history
    written = [one.split()[0] for one in few[1] if not one.startswith(("SELECT", *lines))]
    # SQLAlchemy inserts rows whose keys SQLite makes one by one: it could not tell which key is whose.
    assert sorted(written) == ["DELETE", *["INSERT"] * (3 if database_kind == "sqlite" else 1), "UPDATE"]


async def test_the_history_tells_of_rows_as_of_all_else(office, session, question, edit, boss):
    rows = list(await session.scalars(select(Choice.id).order_by(Choice.id)))
    await session.commit()
    changes = {"choice-0-votes": "3", "choice-1-DELETE": "on", "choice-2-choice_text": "Coffee"}
    assert (await office.submit(edit, changes)).status_code == 303
    said = select(RecordedChange).where(RecordedChange.model == "polls.choice").order_by(RecordedChange.id)
    lines = [line for line in await session.scalars(said) if line.door is ChangeSource.OFFICE]
    assert {line.actor_id for line in lines} == {boss.id}
    assert [(line.action, line.object_key) for line in lines[:2]] == [
        ("delete", str(rows[1])),
        ("change", str(rows[0])),
    ]
    assert (lines[1].before, lines[1].after) == ({"votes": 2}, {"votes": 3})
    assert (lines[2].action, lines[2].after["choice_text"]) == ("add", "Coffee")
