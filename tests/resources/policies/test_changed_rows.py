"""A change is no reason to allow it: a rule of "change" that asks its own table sees the rows as they were before."""

import pytest
from fastapi import Request, Response
from sqlalchemy import func, select, update

from dovetail.database.session import SessionDep
from dovetail.resources.declaration.declared import CHANGE
from tests.guarded import api
from tests.guarded.models import Keeper, Label, Note, note_labels
from tests.guarded.policies import NOTES as NOTES_POLICY
from tests.resources.policies.own_table_rules import NOTES, OTHER, RULES, follow

ADA = 1


@pytest.fixture
async def people(app, session):
    """Return two notes of the owner about Ada, and the key of somebody about whom only the other has one."""
    far = Keeper(name="Bob")
    session.add_all([far, second := Note(title="second", owner_id=1, person_id=ADA)])
    await session.flush()
    session.add(Note(title="of another", owner_id=2, person_id=far.id))
    found = ([1, second.id], far.id)
    await session.commit()
    return found


def doors(notes, keys, **changed):
    """Return the requests that change notes: one by one, and in bulk."""
    whole = {"title": "moved", "owner_id": 1, **changed}
    for key in keys:
        yield "PATCH", f"{notes}/{key}", changed
        yield "PUT", f"{notes}/{key}", whole
    yield "PATCH", f"{notes}/bulk", {"items": [{"id": key, **changed} for key in keys]}


async def answers_at(client, requests):
    """Return the statuses with which all of these requests are answered, each once."""
    return {(await client.request(method, url, json=body)).status_code for method, url, body in requests}


async def test_changed_rows_allow_neither_themselves_nor_each_other_at_any_door(callers, monkeypatch, session, people):
    keys, far = people
    for name, rule in RULES.items():
        follow(monkeypatch, CHANGE, rule)
        for notes in NOTES:
            assert await answers_at(callers.owner, doors(notes, keys, person_id=far)) == {403}, (name, notes)
            there = doors(notes, keys, person_id=ADA, is_public=True)
            assert await answers_at(callers.owner, there) == {200}, (name, notes)
    assert set(await session.scalars(select(Note.person_id).where(Note.id.in_(keys)))) == {ADA}


async def test_a_row_is_moved_to_where_another_allowed_it_before(callers, monkeypatch, session, people):
    keys, far = people
    session.add(Note(title="about Bob", owner_id=1, person_id=far))
    await session.commit()
    follow(monkeypatch, CHANGE, RULES["exists"])
    for notes in NOTES:
        await session.execute(update(Note).where(Note.id.in_(keys)).values(person_id=ADA))
        await session.commit()
        assert await answers_at(callers.owner, doors(notes, keys, person_id=far)) == {200}, notes


async def test_one_refused_row_is_named_and_no_row_is_written(callers, monkeypatch, session, people):
    (first, second), far = people
    follow(monkeypatch, CHANGE, RULES["exists"])
    items = [{"id": first, "title": "new"}, {"id": second, "person_id": far}]
    answer = await callers.owner.patch("/api/notes/bulk", json={"items": items})
    assert (answer.status_code, [one["pointer"] for one in answer.json()["errors"]]) == (403, ["/items/1"])
    assert await session.scalar(select(func.count()).where(Note.title == "new")) == 0


async def test_the_rule_holds_of_the_rows_as_they_are_afterwards_too(callers, monkeypatch, people):
    keys, _ = people
    same = select(OTHER.id).where(OTHER.title == Note.title, OTHER.id != Note.id)
    follow(monkeypatch, CHANGE, lambda _: ~same.exists())
    for titles, status in ((["one", "one"], 403), (["public", "two"], 403), (["second", "mine"], 403), ("12", 200)):
        items = [{"id": key, "title": title} for key, title in zip(keys, titles, strict=True)]
        answer = await callers.owner.patch("/api/notes/bulk", json={"items": items})
        assert answer.status_code == status, titles


async def test_two_statements_are_added_only_where_a_subquery_reads_the_own_table(
    callers, monkeypatch, people, count_statements
):
    keys, _ = people
    known = select(Keeper.id).where(Keeper.id == Note.person_id, Keeper.is_known).exists()
    counts = []
    for rule in (known, RULES["exists"](1)):
        follow(monkeypatch, CHANGE, lambda _, rule=rule: rule)
        for method, url, body in (
            ("PATCH", "/api/notes/1", {"title": f"new {len(counts)}"}),
            ("PATCH", "/api/notes/bulk", {"items": [{"id": key, "grade": len(counts)} for key in keys]}),
        ):
            with count_statements() as statements:
                assert (await callers.staff.request(method, url, json=body)).status_code == 200
            counts.append(len(statements))
    assert (counts[2] - counts[0], counts[3] - counts[1]) == (2, 2)


async def test_the_links_of_a_row_are_a_part_of_it_and_those_of_others_are_not(callers, monkeypatch, session, people):
    (first, second), far = people
    open_ = (await session.scalars(select(Label).where(Label.name == "open"))).one()
    await session.execute(note_labels.insert().values(note_id=second, label_id=open_.id))
    await session.commit()
    labelled = Note.labels.any(Label.name == "open")
    follow(monkeypatch, CHANGE, lambda _: labelled)
    assert (await callers.owner.patch(f"/api/notes/{first}", json={"labels": []})).status_code == 403
    linked = select(note_labels.c.note_id)
    others = select(OTHER.id).where(OTHER.person_id == Note.person_id, OTHER.id.in_(linked)).exists()
    follow(monkeypatch, CHANGE, lambda _: others)
    moved = {"person_id": far, "labels": ["open"]}
    for notes in NOTES:
        assert await answers_at(callers.owner, doors(notes, [first, second], **moved)) == {403}, notes
        stay = doors(notes, [first, second], person_id=ADA, labels=["open"])
        assert await answers_at(callers.owner, stay) == {200}, notes


async def test_an_endpoint_of_ones_own_refuses_the_row_that_it_moved(callers, app, monkeypatch, people):
    (first, _), far = people

    @app.post("/moved/{person}")
    async def move(person: int, request: Request, session: SessionDep, viewer: NOTES_POLICY.writer) -> Response:
        note = await api.notes.lock(session, viewer, first)
        note.person_id = person
        await session.flush()
        return await api.notes.respond(request, session, viewer, note.id)

    follow(monkeypatch, CHANGE, RULES["exists"])
    assert [(await callers.owner.post(f"/moved/{one}")).status_code for one in (far, ADA)] == [403, 200]
