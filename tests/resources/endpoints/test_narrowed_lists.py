"""Lists that their path narrows: on the fast path where it can find the values, by FastAPI anywhere else."""

import logging
from typing import Annotated, Any

import pytest
from fastapi import APIRouter, Depends, Path, Query
from sqlalchemy import and_, bindparam, insert, literal, select

from dovetail.database.fast_unit_of_work import SessionSource
from dovetail.database.models import related
from dovetail.database.session import SessionDep, SourceDep
from dovetail.errors import ConfigurationError, NotFoundError
from dovetail.resources.endpoints.fast_place import FastPlace
from dovetail.resources.within import Within
from tests.library.api import BookPolicy, Viewer, books, genres, loud_books
from tests.library.models import Book, Genre
from tests.once import asks_no_database

IN_GENRE = related(Book.genres, Genre.id == bindparam("genre_id"))
Name = Annotated[str, Path(max_length=10)]
Reader = BookPolicy.reader


async def of_genre(name: Name, source: SourceDep) -> dict[str, object]:
    return {"genre_id": await genres.find_key(source, None, name=name)}


async def of_viewer(viewer: Reader) -> dict[str, object]:
    return {"owner": viewer.id if viewer else 0}


def by_hand(name: str) -> dict[str, object]:
    return {"genre_id": 1}


def extra() -> int:
    return 1


@pytest.fixture
async def shelf(make_book, session):
    await make_book(title="A", genres=["Prose"])
    await make_book(title="B", genres=["Verse"])
    both = await make_book(title="C", is_public=False, owner_id=1)
    await make_book(title="D")
    linked = select(literal(both.id), Genre.id)
    await session.execute(insert(Book.genres.property.secondary).from_select(["book_id", "genre_id"], linked))
    await session.commit()


@pytest.fixture
def add(app):
    """Adds a list to the application."""

    def add_list(path: str, name: str, resource: Any = books, **options: Any) -> None:
        router = APIRouter()
        resource.add_list(router, path, name=name, **options)
        app.include_router(router)

    return add_list


async def titles(client: Any, path: str) -> list[str]:
    answer = (await client.get(path)).raise_for_status().json()
    return sorted(item["title"] for item in answer["items"])


async def opened_a_transaction(client: Any, path: str, caplog: Any) -> bool:
    caplog.set_level(logging.DEBUG, "dovetail.database")
    caplog.clear()
    (await client.get(path)).raise_for_status()
    return any(record.name == "dovetail.database" for record in caplog.records)


@pytest.mark.usefixtures("shelf")
async def test_each_viewer_sees_what_they_may_of_what_the_path_names(add, client, owner, count_statements, caplog):
    add("/in/{name}", "list_in", where=IN_GENRE, values=of_genre)
    for _ in range(2):
        for who, of_prose, of_verse in ((client, ["A"], ["B"]), (owner, ["A", "C"], ["B", "C"])):
            assert await titles(who, "/in/Prose") == of_prose
            assert await titles(who, "/in/Verse") == of_verse
            with count_statements() as statements:
                answer = (await who.get("/in/Prose?count=true&ordering=title&limit=1")).json()
            assert (answer["items"][0]["title"], answer["total"]) == ("A", len(of_prose))
            assert len(statements) == 3  # the genre, the page, the total
            assert not await opened_a_transaction(who, "/in/Prose", caplog)
    for path, status in (("/in/Nothing", 404), ("/in/much_too_long", 422), ("/in/Prose?nonsense=1", 422)):
        assert (await client.get(path)).status_code == status, path


@pytest.mark.usefixtures("shelf")
async def test_a_condition_without_placeholders_needs_nobody_who_gives_values(add, client, owner, caplog):
    add("/untagged", "list_untagged", where=~Book.genres.any())
    assert await titles(client, "/untagged") == ["D"]
    assert await titles(owner, "/untagged?title__in=A,D") == ["D"]
    assert not await opened_a_transaction(client, "/untagged", caplog)


@pytest.mark.usefixtures("shelf")
async def test_values_may_be_those_of_the_viewer(add, client, owner):
    mine = and_(Book.owner_id == bindparam("owner"), Book.title != "A")
    add("/mine", "list_mine", where=mine, values=of_viewer)
    assert await titles(client, "/mine") == []
    assert await titles(owner, "/mine") == ["B", "C", "D"]


@pytest.mark.usefixtures("shelf")
async def test_a_list_that_the_orm_reads_is_narrowed_alike(add, client, owner):
    add("/loud/{name}", "list_loud", resource=loud_books, where=IN_GENRE, values=of_genre)
    for who, expected in ((client, 1), (owner, 2), (client, 1)):
        answer = (await who.get("/loud/Prose?count=true")).raise_for_status().json()
        assert (len(answer["items"]), answer["total"]) == (expected, expected)


def test_what_is_no_relation_is_refused_by_its_name():
    with pytest.raises(ConfigurationError, match=r"takes a relation, such as Post\.author; found Book\.title"):
        related(Book.title, Genre.name == "Prose")


def asks_for_more(name: str, number: Annotated[int, Depends(extra)]) -> dict[str, object]:
    return {"genre_id": number}


async def asks_for_a_query(name: str, wanted: Annotated[int, Query()] = 1) -> dict[str, object]:
    return {"genre_id": wanted}


async def asks_for_a_session(name: str, session: SessionDep) -> dict[str, object]:
    return {"genre_id": 1}


async def asks_under_another_name(name: Annotated[str, Path(alias="other")]) -> dict[str, object]:
    return {"genre_id": 1}


@pytest.mark.parametrize("values", [by_hand, asks_for_more, asks_for_a_query, asks_for_a_session])
@pytest.mark.usefixtures("shelf")
async def test_what_only_fastapi_can_give_is_left_to_fastapi(add, client, values, caplog, session):
    add("/in/{name}", "list_in", where=IN_GENRE, values=values)
    assert len(await titles(client, "/in/x")) == 1
    assert await opened_a_transaction(client, "/in/x", caplog)


def test_a_name_that_the_path_has_not_is_left_to_fastapi():
    within = Within(IN_GENRE)
    assert FastPlace.of(within, of_genre, {"name"}, Reader) is not None
    assert FastPlace.of(within, of_genre, {"other"}, Reader) is None
    assert FastPlace.of(within, of_viewer, {"name"}, genres.policy.reader) is None
    assert FastPlace.of(within, asks_under_another_name, {"name"}, Reader) is None


async def gives_another(name: str) -> dict[str, object]:
    return {"genre": 1}


@asks_no_database
@pytest.mark.usefixtures("shelf")
@pytest.mark.parametrize("resource", [books, loud_books])
async def test_values_that_do_not_fit_the_placeholders_say_so(add, client, resource, caplog):
    add("/in/{name}", "list_in", resource=resource, where=IN_GENRE, values=gives_another)
    assert (await client.get("/in/x")).status_code == 500
    assert "values gave the placeholders genre of a list, expected genre_id" in caplog.text


def test_a_condition_and_values_that_do_not_fit_are_refused_at_start():
    router = APIRouter()
    for options, message in (
        ({"where": IN_GENRE}, "list_x: where has the placeholders genre_id and values is None"),
        ({"where": Book.is_public, "values": of_genre}, "where has no placeholders and values is <function of_genre"),
        ({"values": of_genre}, "where has no placeholders"),
        ({"where": Book.id == bindparam("offset"), "values": of_genre}, "'offset' is a placeholder of every list"),
        ({"where": Book.id == bindparam("filter_0_0"), "values": of_genre}, "'filter_0_0' is a placeholder"),
    ):
        with pytest.raises(ConfigurationError, match=message):
            books.add_list(router, "/x/{name}", name="list_x", **options)
    assert router.routes == []


@pytest.mark.usefixtures("shelf")
async def test_a_key_is_found_by_columns_among_what_the_viewer_may_know_of(session):
    source = SessionSource(session)
    hidden = await books.find_key(source, Viewer(1), title="C")
    assert (await session.get_one(Book, hidden)).title == "C"
    with pytest.raises(NotFoundError, match="There is no book 'C'"):
        await books.find_key(source, None, title="C")
    with pytest.raises(NotFoundError):
        await books.find_key(source, Viewer(1), title="C", is_public=True)
    with pytest.raises(ConfigurationError, match="find_key names titel, expected some of"):
        await books.find_key(source, None, titel="C")
