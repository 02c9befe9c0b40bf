"""How rows are written: by statements where nothing listens, as objects where something does, and the same for both."""

import asyncio
from datetime import datetime

import pytest
from sqlalchemy import ForeignKey, event, func, select
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, validates

from dovetail.resources.declaration.model_rules import why_objects
from tests.library.models import Book, Genre, Loan
from tests.resources.test_database_restart import cut_connections


class Base(DeclarativeBase):
    pass


class Plain(Base):
    __tablename__ = "plain"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(default="x")


class Versioned(Base):
    __tablename__ = "versioned"

    id: Mapped[int] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column()
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - declared by SQLAlchemy


class Validated(Base):
    __tablename__ = "validated"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]

    @validates("name")
    def lower(self, _key, name):
        return name.lower()


class Child(Plain):
    __tablename__ = "child"

    id: Mapped[int] = mapped_column(ForeignKey("plain.id"), primary_key=True)


class Made(Base):
    __tablename__ = "made"

    id: Mapped[int] = mapped_column(primary_key=True)

    def __init__(self, **values):
        super().__init__(**values)


class Dependent(Base):
    __tablename__ = "dependent"

    id: Mapped[int] = mapped_column(primary_key=True)
    twice: Mapped[int] = mapped_column(default=lambda context: context.get_current_parameters()["id"] * 2)


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        (Plain, None),
        (Book, None),
        (Versioned, "Versioned counts its versions"),
        (Validated, "Validated has validators"),
        (Child, "Child is polymorphic"),
        (Made, "Made has an __init__ of its own"),
        (Dependent, "the default of Dependent.twice looks at its context"),
    ],
)
def test_a_model_says_why_its_rows_must_be_objects(model, reason):
    assert why_objects(model) == reason


@pytest.fixture
def listen():
    listeners = []

    def add(target, name):
        calls = []
        # SQLAlchemy looks at how many arguments a listener takes.
        three, four = (lambda a, b, c: calls.append(a)), (lambda a, b, c, d: calls.append(b))
        listener = four if name == "set" else three
        event.listen(target, name, listener)
        listeners.append((target, name, listener))
        return calls

    yield add
    for target, name, listener in listeners:
        event.remove(target, name, listener)


async def create(client, author, **fields):
    answer = await client.post("/api/novels", json={"title": "A novel", "author_id": author.id} | fields)
    assert answer.status_code == 201, answer.text
    return answer


@pytest.mark.parametrize("heard", [False, True])
@pytest.mark.parametrize("genres", [[], ["old"], ["old", "new"]])
async def test_a_create_answers_what_a_read_answers(client, author, listen, genres, heard):
    await create(client, author, genres=["old"])
    calls = listen(Book, "before_insert") if heard else []
    made = await create(client, author, genres=genres, price="1.50", weight=0.1)
    read = await client.get(made.headers["Location"])
    assert (read.status_code, read.content, read.headers["ETag"]) == (200, made.content, made.headers["ETag"])
    assert sorted(genre["name"] for genre in made.json()["genres"]) == sorted(genres)
    assert made.json()["author"]["name"] == "Ada"
    assert len(calls) == heard


@pytest.mark.parametrize(("target", "name"), [(Book, "before_insert"), (Book, "after_insert"), (Book.title, "set")])
async def test_whoever_listens_hears_of_every_way_to_make_a_row(client, author, listen, target, name):
    calls = listen(target, name)
    await create(client, author)
    items = [{"title": f"{number}", "author_id": author.id} for number in range(3)]
    assert (await client.post("/api/novels/bulk", json={"items": items})).status_code == 201
    assert len(calls) == 1 + 3


@pytest.mark.parametrize(("target", "name"), [(Book, "before_update"), (Book.title, "set")])
async def test_whoever_listens_hears_of_every_way_to_change_a_row(client, author, listen, target, name):
    key = (await create(client, author)).json()["id"]
    calls = listen(target, name)
    assert (await client.patch(f"/api/novels/{key}", json={"title": "x"})).status_code == 200
    assert (await client.patch("/api/novels/bulk", json={"items": [{"id": key, "title": "y"}]})).status_code == 200
    assert len(calls) == 2


async def test_the_session_s_listeners_are_heard_too(client, author, database, listen):
    calls = listen(database.sessions.kw["sync_session_class"], "before_flush")
    await create(client, author)
    assert calls


async def test_defaults_that_python_makes_are_there_and_none_leaves_them(client, author):
    first, second = [(await create(client, author, price=None)).json() for _ in range(2)]
    assert first["isbn"] != second["isbn"]
    assert (first["shelf"], first["price"]) == ("stacks", "0.00")
    items = [{"title": "x", "author_id": author.id}, {"title": "y", "author_id": author.id, "price": "2"}]
    made = (await client.post("/api/novels/bulk", json={"items": items})).json()["items"]
    assert [(one["title"], one["price"]) for one in made] == [("x", "0.00"), ("y", "2.00")]
    assert made[0]["isbn"] != made[1]["isbn"]


async def test_a_version_column_is_counted_by_the_orm(client, session):
    made = await client.post("/api/loans", json={"borrower": "Grace"})
    assert made.status_code == 201
    assert await session.scalar(select(Loan.version)) == 1


async def test_a_create_that_fails_leaves_nothing_not_even_what_it_links_to(client, author, session):
    for url, body in (
        ("/api/novels", {"title": "x", "author_id": 999, "genres": ["new"]}),
        ("/api/novels/bulk", {"items": [{"title": "x", "author_id": 999, "genres": ["new"]}]}),
    ):
        answer = await client.post(url, json=body)
        assert answer.status_code == 409, answer.text
    assert await session.scalar(select(func.count()).select_from(Genre)) == 0
    assert await session.scalar(select(func.count()).select_from(Book)) == 0


async def test_a_key_that_leads_nowhere_is_told_by_its_field_of_a_new_row_and_of_one_that_is_changed(client, author):
    url = (await create(client, author)).headers["Location"]
    for answer in (
        await client.post("/api/novels", json={"title": "x", "author_id": 999}),
        await client.patch(url, json={"author_id": 999}),
        await client.patch(url, json={"author_id": 999, "genres": ["a"]}),
    ):
        assert answer.status_code == 409, answer.text
        assert [one["pointer"] for one in answer.json()["errors"]] == ["/author_id"]


async def test_links_are_set_by_an_update_and_change_the_version(client, author):
    made = await create(client, author, genres=["a", "b"])
    url = made.headers["Location"]
    same = await client.patch(url, json={"genres": ["b", "a"]})
    assert same.headers["ETag"] == made.headers["ETag"]
    changed = await client.patch(url, json={"genres": ["b", "c"]}, headers={"If-Match": made.headers["ETag"]})
    assert [genre["name"] for genre in changed.json()["genres"]] == ["b", "c"]
    stale = await client.patch(url, json={"title": "x"}, headers={"If-Match": made.headers["ETag"]})
    assert stale.status_code == 412
    none = await client.patch(url, json={"genres": []})
    assert none.json()["genres"] == []


async def test_fifty_updates_in_a_row_have_fifty_versions(client, author):
    url = (await create(client, author)).headers["Location"]
    answers = [await client.patch(url, json={"title": f"{number}"}) for number in range(50)]
    assert len({answer.headers["ETag"].partition("-")[0] for answer in answers}) == 50
    times = [datetime.fromisoformat(answer.json()["updated_at"]) for answer in answers]  # a text may lack the fraction
    assert times == sorted(times)


async def test_of_many_who_saw_the_same_version_exactly_one_changes_it(client, author):
    made = await create(client, author)
    url, tag = made.headers["Location"], made.headers["ETag"]
    for turn in range(5):
        changes = (client.patch(url, json={"title": f"{turn}/{n}"}, headers={"If-Match": tag}) for n in range(8))
        answers = await asyncio.gather(*changes)
        assert sorted(answer.status_code for answer in answers) == [200] + [412] * 7
        (tag,) = [answer.headers["ETag"] for answer in answers if answer.status_code == 200]


UNUSUAL = [
    (b'{"title": "x"}', {}, 422),
    (b"[]", {}, 422),
    (b"{", {}, 422),
    (b'{"title": "x", "author_id": 1, "more": 1}', {}, 422),
    (b'{"title": "x", "author_id": 1}', {"Content-Type": "text/plain"}, 422),
    (b'{"title": "x", "author_id": 1}', {"Content-Type": "application/json; charset=utf-8"}, 201),
]


async def test_what_is_unusual_about_a_request_is_said_by_fastapi(client, author):
    assert author.id == 1
    for body, headers, status in UNUSUAL:
        answer = await client.post("/api/novels", content=body, headers={"Content-Type": "application/json"} | headers)
        assert answer.status_code == status, (body, headers, answer.text)
        assert answer.headers["Content-Type"].startswith("application/"), (body, headers)


@pytest.mark.parametrize("database_kind", ["postgresql"])  # SQLite has no connection to lose
async def test_a_connection_that_was_lost_before_anything_was_written_is_replaced(client, author, library_url):
    await create(client, author)  # a connection of the pool just worked
    cut_connections(library_url)
    await asyncio.sleep(0.1)  # the site has heard of it
    answer = await client.post("/api/novels", json={"title": "A novel", "author_id": author.id, "genres": ["new"]})
    assert (answer.status_code, [genre["name"] for genre in answer.json()["genres"]]) == (201, ["new"])
