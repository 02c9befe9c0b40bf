"""New rows are no reason to add them: a rule of "add" that asks its own table sees the rows of before the request."""

import pytest
from fastapi import Request, Response
from sqlalchemy import String, and_, func, literal, select, true, update
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, aliased, mapped_column
from sqlalchemy.schema import CreateSchema

from dovetail.database.session import SessionDep
from dovetail.resources.declaration.declared import ADD, CHANGE
from dovetail.resources.write.own_tables.checks import refused_rows
from dovetail.resources.write.own_tables.earlier import keep_rows
from dovetail.resources.write.own_tables.reading import reads_own_tables
from tests.guarded import api
from tests.guarded.models import Keeper, Label, Note
from tests.guarded.policies import NOTES as NOTES_POLICY
from tests.kin.models import KinBase, Taxi
from tests.resources.policies.own_table_rules import NOTES, OTHER, RULES, follow


@pytest.mark.parametrize("rule", RULES)
async def test_neither_one_new_row_nor_several_allow_each_other(callers, monkeypatch, session, rule):
    follow(monkeypatch, ADD, RULES[rule])
    for notes in NOTES:
        for client, owner, status in ((callers.other, 2, 403), (callers.owner, 1, 201)):  # who has a note about Ada
            body = {"title": "new", "owner_id": owner, "person_id": 1}
            assert (await client.post(notes, json=body)).status_code == status, notes
            for items in ([body], [body, body]):
                assert (await client.post(f"{notes}/bulk", json={"items": items})).status_code == status, notes
    assert await session.scalar(select(func.count()).where(Note.owner_id == 2, Note.person_id == 1)) == 0


async def test_a_rule_against_a_second_row_holds_within_a_request_and_against_earlier_rows(callers, monkeypatch):
    same = select(OTHER.id).where(OTHER.title == Note.title, OTHER.id != Note.id)
    follow(monkeypatch, ADD, lambda _: ~same.exists())
    for items, status in ((["one", "one"], 403), (["mine"], 403), (["one", "two"], 201)):
        bodies = [{"title": title, "owner_id": 1} for title in items]
        answer = await callers.owner.post("/api/notes/bulk", json={"items": bodies})
        assert answer.status_code == status, items


async def test_one_refused_row_is_named_and_no_row_is_written(callers, monkeypatch, session):
    follow(monkeypatch, ADD, RULES["exists"])
    bodies = [{"title": "new", "owner_id": 1, "person_id": person} for person in (1, None, 1)]
    answer = await callers.owner.post("/api/notes/bulk", json={"items": bodies})
    assert (answer.status_code, [one["pointer"] for one in answer.json()["errors"]]) == (403, ["/items/1"])
    assert await session.scalar(select(func.count()).where(Note.title == "new")) == 0


async def test_a_statement_is_added_only_where_a_subquery_reads_the_own_table(callers, monkeypatch, count_statements):
    known = select(Keeper.id).where(Keeper.id == Note.person_id, Keeper.is_known).exists()
    counts = []
    for rule in (known, RULES["exists"](1)):
        follow(monkeypatch, ADD, lambda _, rule=rule: rule)
        with count_statements() as statements:
            body = {"title": "new", "owner_id": 1, "person_id": 1}
            assert (await callers.owner.post("/api/notes", json=body)).status_code == 201
        counts.append(len(statements))
    assert counts[1] == counts[0] + 1


async def test_a_rule_reads_the_own_table_if_its_sql_names_it_in_a_subquery(session):
    dialect = session.get_bind().dialect
    for rule in RULES.values():
        assert reads_own_tables(rule(1), Note, dialect)
    labelled = Note.labels.any(Label.is_open.is_(True))
    for rule in (true(), Note.owner_id == 1, labelled, select(Keeper.id).where(Keeper.id == Note.person_id).exists()):
        assert not reads_own_tables(rule, Note, dialect)


async def test_an_endpoint_of_ones_own_refuses_the_row_that_it_made(callers, app, monkeypatch):
    @app.post("/made")
    async def make(request: Request, session: SessionDep, viewer: NOTES_POLICY.writer) -> Response:
        made = Note(title="made", owner_id=viewer, person_id=1)
        session.add(made)
        await session.flush()
        return await api.notes.respond(request, session, viewer, made.id, status=201)

    follow(monkeypatch, ADD, RULES["exists"])
    assert [(await one.post("/made")).status_code for one in (callers.other, callers.owner)] == [403, 201]


async def test_new_rows_of_several_tables_do_not_allow_each_other(app):
    other = aliased(Taxi, flat=True)
    rule = select(other.car_id).where(other.name == Taxi.name, other.id != Taxi.id, other.doors == 4).exists()
    async with app.state.database.engine.begin() as connection:
        await connection.run_sync(KinBase.metadata.create_all)
    for expected in ([1001, 1002], []):
        async with app.state.database.unit_of_work() as session:
            keys = [1001, 1002] if expected else [1003]
            session.add_all([Taxi(id=key, name="Ada", plate=str(key)) for key in keys])
            await session.flush()
            assert await refused_rows(session, Taxi, ADD, rule, keys) == expected
    doors = select(other.car_id).where(other.name == Taxi.name, other.doors == 4).exists()
    async with app.state.database.unit_of_work() as session:
        await keep_rows(session, Taxi, doors, [1001, 1002])
        for name, expected in (("Bob", [1001, 1002]), ("Ada", [])):
            for taxi in await session.scalars(select(Taxi).where(Taxi.id < 1003)):
                taxi.name = name
            await session.flush()
            assert await refused_rows(session, Taxi, CHANGE, doors, [1001, 1002]) == expected


@pytest.mark.parametrize("database_kind", ["postgresql"])
async def test_new_rows_of_a_table_in_a_schema_do_not_allow_each_other(app):
    class Base(DeclarativeBase):
        pass

    class Desk(Base):
        __tablename__ = "desk"
        __table_args__ = {"schema": "Back Office"}  # noqa: RUF012 - declared by SQLAlchemy, not as a ClassVar
        id: Mapped[int] = mapped_column(primary_key=True)
        floor: Mapped[int]

    same = Desk.floor.in_(select(Desk.floor))
    other = aliased(Desk)
    rule = and_(same, select(other.id).where(other.floor == Desk.floor, other.id != Desk.id).exists(), Desk.floor == 1)
    async with app.state.database.engine.begin() as connection:
        await connection.execute(CreateSchema("Back Office"))
        await connection.run_sync(Base.metadata.create_all)
    for keys, expected in (([1001, 1002], [1001, 1002]), ([1003], [])):
        async with app.state.database.unit_of_work() as session:
            session.add_all([Desk(id=key, floor=1) for key in keys])
            await session.flush()
            assert await refused_rows(session, Desk, ADD, rule, keys) == expected
    beside = select(other.id).where(other.floor == Desk.floor).exists()
    async with app.state.database.unit_of_work() as session:
        await keep_rows(session, Desk, beside, [1001])
        for floor, expected in ((2, [1001]), (1, [])):
            await session.execute(update(Desk).where(Desk.id == 1001).values(floor=floor))
            assert await refused_rows(session, Desk, CHANGE, beside, [1001]) == expected


@pytest.mark.parametrize("database_kind", ["postgresql"])
async def test_changed_rows_are_seen_as_they_were_in_each_type_and_in_a_table_called_as_one(app):
    class Base(DeclarativeBase):
        pass

    class Point(Base):
        __tablename__ = "point"  # of PostgreSQL's own types, too
        id: Mapped[int] = mapped_column(primary_key=True)
        x: Mapped[float]
        label: Mapped[str]
        raw: Mapped[bytes]
        data: Mapped[dict[str, object]] = mapped_column(JSONB)
        tags: Mapped[list[str]] = mapped_column(ARRAY(String))

    values = {"x": 0.1 + 0.2, "label": 'a "b", (c)\\', "raw": b'\x00"', "data": {"k": ["v,"]}, "tags": ["a,b", '"']}
    async with app.state.database.engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    async with app.state.database.unit_of_work() as session:
        session.add(Point(id=1001, **values))
    other = aliased(Point)
    async with app.state.database.unit_of_work() as session:
        rules = [
            select(other.id).where(getattr(other, name) == literal(value, getattr(Point, name).type)).exists()
            for name, value in values.items()
        ]
        await keep_rows(session, Point, and_(*rules), [1001])
        await session.execute(update(Point).values(x=1, label="", raw=b"", data={}, tags=[]))
        assert await refused_rows(session, Point, CHANGE, and_(*rules), [1001]) == []
        assert await session.scalar(select(func.count()).select_from(Point).where(*rules)) == 0
