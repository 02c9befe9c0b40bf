"""A row that a policy does not show is not there, and one that may not be written is not written, by any door."""

from itertools import product

import pytest
from fastapi import Request, Response
from pydantic import MISSING
from sqlalchemy import ColumnElement, String, and_, column, func, literal_column, select, text, true
from sqlalchemy.orm import Mapped, mapped_column

from dovetail.api.schemas import Schema
from dovetail.database.models import IdMixin
from dovetail.database.prepared_reads import DriverConnection
from dovetail.database.session import SessionDep
from dovetail.resources.resource import ReadOnly, Resource
from tests.guarded import api
from tests.guarded.api import NoteRead, NoteUpdate, NoteWrite, find_labels
from tests.guarded.models import GuardedBase, Keeper, Label, Note, note_labels
from tests.guarded.policies import NOTES, Notes, Numbered, People

BOTH = pytest.mark.parametrize("notes", ["/api/notes", "/api/loud_notes"])


class Plain(Schema):
    title: str
    owner_id: int


async def titles(client, url):
    answer = await client.get(url)
    assert answer.status_code == 200, answer.text
    return {one["title"] for one in answer.json()["items"]}


async def stored(session):
    session.expire_all()
    rows = (await session.execute(select(Note.id, Note.title, Note.owner_id).order_by(Note.id))).all()
    await session.rollback()
    return [tuple(row) for row in rows]


@BOTH
async def test_lists_and_details_show_what_may_be_viewed(callers, notes):
    sees = {"nobody": {3}, "owner": {1, 3, 4}, "other": {2, 3}, "staff": {1, 2, 3, 4}}
    for name, keys in sees.items():
        client = getattr(callers, name)
        page = (await client.get(f"{notes}?count=true")).json()
        assert ({one["id"] for one in page["items"]}, page["total"]) == (keys, len(keys))
        assert {key for key in range(1, 5) if (await client.get(f"{notes}/{key}")).status_code == 200} == keys


@BOTH
async def test_rows_of_related_models_are_those_that_their_own_policies_show(callers, notes):
    note = (await callers.owner.get(f"{notes}/3")).json()
    assert (note["person"], note["labels"], note["person_id"]) == (None, [], 2)
    note = (await callers.staff.get(f"{notes}/3")).json()
    assert (note["person"]["name"], [one["name"] for one in note["labels"]]) == ("Eve", ["shut"])
    for query in ("person__name=Eve", "labels__name=shut", "search=Eve"):
        assert await titles(callers.owner, f"{notes}?{query}") == set()
        assert await titles(callers.staff, f"{notes}?{query}") >= {"public"}
    ordered = [one["id"] for one in (await callers.owner.get(f"{notes}?ordering=person__name,id")).json()["items"]]
    assert ordered == [1, 3, 4]  # Eve has no name


@BOTH
async def test_a_row_that_one_may_not_change_is_403_and_one_that_one_may_not_view_is_404(callers, notes, session):
    before = await stored(session)
    whole = {"title": "x", "owner_id": 1}
    for key, status in ((3, 403), (4, 403), (2, 404), (99, 404)):
        for method, body in (("PATCH", {"title": "x"}), ("PUT", whole)):
            answer = await callers.owner.request(method, f"{notes}/{key}", json=body)
            assert answer.status_code == status, (key, method)
    assert (await callers.owner.patch(f"{notes}/3", json={})).json()["detail"] == "You may not change this note."
    assert (await callers.owner.delete(f"{notes}/3")).status_code == 403
    assert (await callers.owner.delete(f"{notes}/2")).status_code == 404
    for method, status in (("PATCH", 404), ("DELETE", 404)):
        body = {"items": [{"id": 1, "title": "x"}, {"id": 2, "title": "x"}]} if method == "PATCH" else None
        query = "" if body else "?ids=1,2"
        answer = await callers.owner.request(method, f"{notes}/bulk{query}", json=body)
        assert (answer.status_code, [one["pointer"][-1] for one in answer.json()["errors"]]) == (status, ["1"])
    assert await stored(session) == before


@BOTH
async def test_a_row_has_to_fulfil_the_rule_as_it_is_afterwards_too(callers, notes, session):
    before = await stored(session)
    given_away = {"title": "x", "owner_id": 2}
    for method, path, body in (
        ("POST", "", given_away),
        ("PATCH", "/1", {"owner_id": 2}),
        ("PATCH", "/1", {"is_locked": True}),
        ("PUT", "/1", given_away),
        ("PATCH", "/1", {"owner_id": 2, "labels": ["open"]}),
        ("POST", "", given_away | {"labels": ["open"]}),
    ):
        answer = await callers.owner.request(method, notes + path, json=body)
        assert answer.status_code == 403, (method, body, answer.text)
    for method, items in (
        ("POST", [{"title": "good", "owner_id": 1}, given_away]),
        ("PATCH", [{"id": 1, "owner_id": 2}]),
    ):
        answer = await callers.owner.request(method, f"{notes}/bulk", json={"items": items})
        assert answer.status_code == 403
        assert [one["pointer"] for one in answer.json()["errors"]] == [f"/items/{len(items) - 1}"]
    assert await stored(session) == before
    assert (await callers.owner.post(notes, json={"title": "good", "owner_id": 1})).status_code == 201
    assert (await callers.staff.post(notes, json=given_away)).status_code == 201


async def test_who_may_add_no_row_at_all_is_refused_before_a_row_is_written(callers, app, session):
    links = {"labels": find_labels}
    rows = Resource(model=Note, read=NoteRead, create=NoteWrite, policy=ReadOnly(), name="row", links=links)
    app.include_router(rows.router)
    answer = await callers.staff.post("/rows", json={"title": "x", "owner_id": 1})
    assert (answer.status_code, len(await stored(session))) == (403, 4)


async def test_a_label_that_is_found_by_its_name_is_linked_to_who_may_view_it_alone(callers, app, session):
    app.include_router(
        Resource(
            model=Note, read=NoteRead, create=NoteWrite, policy=NOTES, name="row", links={"labels": Label.name}
        ).router
    )
    fields, before = {"title": "x", "owner_id": 1}, await stored(session)
    refused = await callers.owner.post("/rows", json=fields | {"labels": ["open", "shut"]})
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/labels")
    assert await stored(session) == before
    made = await callers.owner.post("/rows", json=fields | {"labels": ["open"]})
    assert [one["name"] for one in made.json()["labels"]] == ["open"]
    made = await callers.staff.post("/rows", json=fields | {"labels": ["shut", "new", "open"]})
    assert [one["name"] for one in made.json()["labels"]] == ["new", "open", "shut"]
    refused = await callers.owner.post("/rows", json={"title": "x", "owner_id": 2, "labels": ["open"]})
    assert refused.status_code == 403
    refused = await callers.owner.post("/rows", json=fields | {"labels": ["open"], "grade": 1})
    assert refused.status_code == 403
    assert len(await stored(session)) == len(before) + 2


@BOTH
async def test_a_key_that_one_may_not_view_is_answered_as_one_that_does_not_exist(callers, notes):
    fields = {"title": "x", "owner_id": 1}
    for extra in ({"person_id": 2}, {"labels": ["shut"]}):
        missing = {"person_id": 99} if "person_id" in extra else {"labels": ["none"]}
        for method, path, body in (("POST", "", fields), ("PATCH", "/1", {}), ("PUT", "/1", fields)):
            found, unknown = [
                await callers.owner.request(method, notes + path, json=body | one) for one in (extra, missing)
            ]
            assert found.status_code == unknown.status_code == (409 if "person_id" in extra else 422), found.text
            told = [answer.json()["detail"].replace("shut", "none") for answer in (found, unknown)]
            assert told[0] == told[1]
        assert (await callers.staff.post(notes, json=fields | extra)).status_code == 201


class Renaming(Schema):
    title: str | MISSING = MISSING


class Alike(Notes):
    """One changes notes that have the title of a note of one's own."""

    def where(self, viewer: int | None, action: str) -> ColumnElement[bool]:
        return true() if action == "view" else Note.title.in_(select(Note.title).where(Note.owner_id == viewer))


async def test_a_rule_that_looks_at_other_rows_of_the_same_table_is_asked_of_these_as_they_are(
    callers, app, session, database
):
    rows = Resource(model=Note, read=Plain, update=Renaming, policy=Alike(), name="row")
    app.include_router(rows.router)
    async with database.unit_of_work() as unit:
        unit.add(Note(title="mine", owner_id=2))
    answers = [await callers.owner.patch("/rows/5", json={"title": title}) for title in ("else", "locked", "mine")]
    assert [answer.status_code for answer in answers] == [403, 200, 200]
    assert (5, "mine", 2) in await stored(session)


class Discreet(Notes):
    def hidden(self, viewer: int | None) -> frozenset[str]:
        return super().hidden(viewer) | {"person_id", "person"}


async def test_the_right_guess_at_a_key_that_one_may_not_read_is_answered_as_every_other(callers, app):
    links = {"labels": find_labels}
    rows = Resource(model=Note, read=NoteRead, update=NoteUpdate, policy=Discreet(), name="row", links=links)
    app.include_router(rows.router)
    known = await callers.other.patch("/api/notes/2", json={"person_id": 2})
    guesses = [await callers.other.patch("/rows/2", json={"person_id": key}) for key in (2, 99)]
    assert (known.status_code, [answer.status_code for answer in guesses]) == (200, [409, 409])
    assert guesses[0].json()["detail"] == guesses[1].json()["detail"]


@BOTH
async def test_links_to_rows_that_one_may_not_view_stay(callers, notes, session):
    assert (await callers.owner.patch(f"{notes}/1", json={"labels": []})).json()["labels"] == []
    left = (await session.scalars(select(note_labels.c.label_id).where(note_labels.c.note_id == 1))).all()
    assert left == [2]


async def test_an_answer_is_given_again_only_to_somebody_who_may_still_see_the_row(callers, database):
    key = {"Idempotency-Key": "once"}
    fields = {"title": "new", "owner_id": 1, "person_id": 1}
    first = await callers.owner.post("/api/notes", json=fields, headers=key)
    again = await callers.owner.post("/api/notes", json=fields, headers=key)
    assert (again.status_code, again.json(), again.headers["Idempotency-Replayed"]) == (201, first.json(), "true")
    many = {"items": [fields, fields]}
    bulk = {"Idempotency-Key": "many"}
    made = await callers.owner.post("/api/notes/bulk", json=many, headers=bulk)
    assert (await callers.owner.post("/api/notes/bulk", json=many, headers=bulk)).json() == made.json()
    async with database.unit_of_work() as session:
        for one in (first.json()["id"], made.json()["items"][1]["id"]):
            (await session.get(Note, one)).owner_id = 2
    assert (await callers.owner.post("/api/notes", json=fields, headers=key)).status_code == 404
    assert (await callers.owner.post("/api/notes/bulk", json=many, headers=bulk)).status_code == 404


@pytest.mark.parametrize("database_kind", ["postgresql"])
async def test_a_row_that_its_values_alone_allow_is_added_without_a_transaction(
    callers, app, count_statements, session, monkeypatch
):
    app.include_router(Resource(model=Note, read=Plain, create=Plain, policy=NOTES, name="plain").router)
    begun: list[DriverConnection] = []
    begin = DriverConnection.begin

    async def counting(self: DriverConnection) -> None:
        begun.append(self)
        await begin(self)

    monkeypatch.setattr(DriverConnection, "begin", counting)
    for owner, status in ((1, 201), (2, 403)):
        with count_statements() as statements:
            answer = await callers.owner.post("/plains", json={"title": f"of {owner}", "owner_id": owner})
        assert (answer.status_code, len(statements), begun) == (status, 1, []), statements
    assert [row[1] for row in await stored(session)][4:] == ["of 1"]


GIVING_AWAY = (
    """CREATE FUNCTION give_away() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN IF NEW.title LIKE 'moved%' THEN NEW.owner_id := 2; END IF; RETURN NEW; END $$""",
    "CREATE TRIGGER give_away BEFORE INSERT OR UPDATE ON guarded_note FOR EACH ROW EXECUTE FUNCTION give_away()",
)


@pytest.mark.parametrize("database_kind", ["postgresql"])
async def test_what_a_trigger_moves_out_of_the_rule_is_refused_and_undone(callers, app, session, count_statements):
    fields = {"create": Plain, "update": Plain, "replace": Plain}
    app.include_router(Resource(model=Note, read=Plain, policy=NOTES, name="plain", **fields).router)
    for line in GIVING_AWAY:
        await session.execute(text(line))
    await session.commit()
    before, slowly = await stored(session), {"Idempotency-Key": "in a transaction"}
    for (method, path), title, headers in product(
        (("POST", ""), ("PATCH", "/1"), ("PUT", "/1")), ("moved", "moved again"), ({}, slowly)
    ):
        body = {"title": title, "owner_id": 1}
        with count_statements() as statements:
            answer = await callers.owner.request(method, f"/plains{path}", json=body, headers=headers)
        assert (answer.status_code, await stored(session)) == (403, before), (method, answer.text)
        assert path or headers or len(statements) == 1, statements  # a change is tried again, of the row, locked
    assert (await callers.owner.patch("/plains/1", json={"title": "x", "owner_id": 1})).status_code == 200
    assert (await callers.staff.patch("/plains/1", json={"title": "moved", "owner_id": 1})).json()["owner_id"] == 2


class Loose(Schema):
    """Fields of which nobody knows how long their values may be."""

    title: object = None
    owner_id: object = None


async def test_a_value_that_cannot_be_stored_does_not_hide_who_may_write_the_row(callers, app, database_kind):
    app.include_router(Resource(model=Note, read=Plain, policy=NOTES, name="plain", update=Loose).router)
    own = (422, 422) if database_kind == "postgresql" else (403, 200)  # SQLite stores it
    bodies = {"title": "x", "owner_id": 2**40}, {"title": "x" * 80, "owner_id": 1}
    for key, statuses in ((99, (404, 404)), (2, (404, 404)), (3, (403, 403)), (1, own)):
        answers = [await callers.owner.patch(f"/plains/{key}", json=body) for body in bodies]
        assert tuple(answer.status_code for answer in answers) == statuses, key


async def test_a_value_that_its_column_does_not_hold_is_refused_whatever_the_row(callers, app):
    app.include_router(Resource(model=Note, read=Plain, policy=NOTES, name="plain", update=Plain).router)
    for key in (99, 2, 3, 1):
        answer = await callers.owner.patch(f"/plains/{key}", json={"title": "x" * 80, "owner_id": 2**40})
        assert answer.status_code == 422, key
        assert [error["pointer"] for error in answer.json()["errors"]] == ["/title", "/owner_id"]


async def test_an_answer_is_given_again_without_what_is_hidden_by_now(callers, monkeypatch):
    key, fields = {"Idempotency-Key": "once"}, {"title": "new", "owner_id": 0, "grade": 4}
    first = await callers.staff.post("/api/notes", json=fields, headers=key)
    await callers.staff.patch(f"/api/notes/{first.json()['id']}", json={"title": "changed"})
    assert (await callers.staff.post("/api/notes", json=fields, headers=key)).json() == first.json()
    many, bulk = {"items": [fields | {"title": title} for title in ("b", "a")]}, {"Idempotency-Key": "many"}
    made = await callers.staff.post("/api/notes/bulk", json=many, headers=bulk)
    monkeypatch.setattr(Notes, "hidden", lambda self, viewer: frozenset({"grade"}))
    again = await callers.staff.post("/api/notes", json=fields, headers=key)
    assert (again.status_code, again.headers["Location"]) == (201, first.headers["Location"])
    assert "grade" not in again.json()
    anew = await callers.staff.post("/api/notes/bulk", json=many, headers=bulk)
    assert anew.json()["items"] == [
        {name: one[name] for name in one if name != "grade"} for one in made.json()["items"]
    ]


async def test_what_is_answered_after_an_action_is_not_what_may_be_seen_of_the_list(callers, app):
    @app.post("/touched/{key}")
    async def touch(key: int, request: Request, session: SessionDep, viewer: NOTES.writer) -> Response:
        await api.notes.lock(session, viewer, key, action="view")
        return await api.notes.respond(request, session, viewer, key, action="view")

    seen = await titles(callers.owner, "/api/notes")
    for one in (callers.owner, callers.other):
        assert (await one.post("/touched/3")).status_code == 200
    assert await titles(callers.owner, "/api/notes") == seen
    assert await titles(callers.other, "/api/notes") == {"theirs", "public"}


IN_RAW_SQL = (
    lambda viewer: literal_column("owner_id") == viewer,
    lambda viewer: column("owner_id") == viewer,
    lambda viewer: and_(text(f"owner_id = {viewer}"), text("1 = 1")),
)


@pytest.mark.parametrize("rule", IN_RAW_SQL)
async def test_a_rule_in_raw_sql_decides_about_what_is_written(callers, app, session, rule):
    class Raw(Notes):
        def where(self, viewer: int | None, action: str) -> ColumnElement[bool]:
            return true() if action == "view" else rule(viewer)

    fields = {"create": Plain, "update": Plain}
    app.include_router(Resource(model=Note, read=Plain, policy=Raw(), name="raw", **fields).router)
    for method, path in (("POST", "/raws"), ("PATCH", "/raws/1")):
        before = await stored(session)
        body = {"title": "x", "owner_id": 2}
        assert (await callers.owner.request(method, path, json=body)).status_code == 403
        assert await stored(session) == before
        await session.rollback()  # SQLite lets nobody write whose snapshot is older
        assert (await callers.owner.request(method, path, json=body | {"owner_id": 1})).is_success


class Stamped(IdMixin, GuardedBase):
    __tablename__ = "guarded_stamped"

    title: Mapped[str] = mapped_column(String(50))
    state: Mapped[str | None] = mapped_column(String(50), default=func.lower("NEW"))


class StampedWrite(Schema):
    title: str


class StampedRead(StampedWrite):
    state: str | None


@pytest.mark.parametrize(("is_new", "status"), [(True, 201), (False, 403)])
async def test_a_rule_decides_by_the_value_that_sql_makes(callers, app, session, is_new, status):
    class ByState(Notes):
        def where(self, viewer: int | None, action: str) -> ColumnElement[bool]:
            return Stamped.state == "new" if is_new else Stamped.state.is_(None)

    router = Resource(model=Stamped, read=StampedRead, create=StampedWrite, policy=ByState(), name="stamped").router
    app.include_router(router)
    assert (await callers.owner.post("/stampeds", json={"title": "x"})).status_code == status
    assert (await session.scalar(select(func.count()).select_from(Stamped))) == int(is_new)


@pytest.mark.parametrize("notes", ["/api/notes", "/api/loud_notes"])
@pytest.mark.parametrize("rule", ["in", "not in", "exists", "not exists"])
async def test_a_rule_of_related_rows_may_ask_all_rows_of_the_table_that_leads_to_them(
    callers, monkeypatch, session, notes, rule
):
    def where(_: People, viewer: int | None, action: str) -> ColumnElement[bool]:
        mine, about = Note.owner_id == viewer, Note.person_id.is_not(None)
        asked = Keeper.id.in_(select(Note.person_id).where(mine, about))
        if "exists" in rule:
            asked = select(Note.id).where(Note.person_id == Keeper.id, mine).exists()
        return ~asked if "not" in rule else asked

    monkeypatch.setattr(People, "where", where)
    monkeypatch.setattr(Numbered, "viewer_values", lambda *_: None)  # nothing is remembered of the other rule
    session.add(Note(title="also about Ada", owner_id=2, is_public=True, person_id=1))
    await session.commit()

    page = (await callers.owner.get(f"{notes}?ordering=id")).json()["items"]
    shown = {one["id"]: one["person"] and one["person"]["name"] for one in page}
    alone = {key: (await callers.owner.get(f"{notes}/{key}")).json()["person"] for key in shown}

    names = (None, "Eve", None, None) if "not" in rule else ("Ada", None, None, "Ada")
    assert shown == dict(zip((1, 3, 4, 5), names, strict=True))
    assert {key: one and one["name"] for key, one in alone.items()} == shown
    about_ada = await titles(callers.owner, f"{notes}?person__name=Ada")
    assert about_ada == (set() if "not" in rule else {"mine", "also about Ada"})
    first = (await callers.owner.get(f"{notes}?ordering=person__name,id&limit=1")).json()["items"]
    assert [one["id"] for one in first] == [3 if "not" in rule else 1]
