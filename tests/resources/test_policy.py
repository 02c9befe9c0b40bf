"""Nothing that the policy hides comes out by a side door."""

import json

import pytest
from sqlalchemy import true

from dovetail.resources.resource import Resource
from tests.library.api import BookPolicy
from tests.library.models import BOOK_TEXT, Book
from tests.library.schemas import BookRead


@pytest.mark.parametrize("path", ["/api/books", "/api/loud_books"])
async def test_hidden_rows_are_found_by_nothing(client, stranger, owner, staff, shelf, path):  # noqa: PLR0917 - fixtures
    hidden = shelf[4]
    for query in (
        "",
        "title=Eggplants",
        "search=eggplants",
        f"id={hidden.id}",
        "ordering=-id",
        "released_at__isnull=0",
    ):
        for who, sees in ((client, False), (stranger, False), (owner, True), (staff, True)):
            page = (await who.get(f"{path}?count=true&{query}")).json()
            assert (hidden.id in [book["id"] for book in page["items"]]) is sees
            assert page["total"] == len(page["items"])
    assert (await client.get(f"{path}/{hidden.id}")).status_code == 404
    assert (await owner.get(f"{path}/{hidden.id}")).status_code == 200
    gone = (await client.get(f"{path}/99999")).json()["detail"].replace("99999", str(hidden.id))
    assert (await client.get(f"{path}/{hidden.id}")).json()["detail"] == gone


@pytest.mark.parametrize("path", ["/api/books", "/api/loud_books"])
async def test_hidden_fields_are_not_answered(client, owner, staff, shelf, path):
    for who in (client, owner):
        answer = await who.get(f"{path}?expand=reviews")
        assert "grace@" not in answer.text
        assert "email" not in answer.text
        assert "secret" not in answer.text
        assert "secret" not in (await who.get(f"{path}/{shelf[0].id}")).text
    assert "hush" in (await staff.get(path)).text
    assert "grace@" in (await staff.get(f"{path}?expand=reviews")).text


async def test_hidden_fields_cannot_be_asked_about_nor_are_they_named(client, owner, staff, shelf):
    for query in (
        "secret=hush",
        "secret__startswith=h",
        "author__email__contains=a",
        "ordering=secret",
        "ordering=author__email",
    ):
        assert (await staff.get(f"/api/books?{query}")).status_code == 200
        for who in (client, owner):
            answer = await who.get(f"/api/books?{query}")
            assert answer.status_code == 422
            details = " ".join(error["detail"] for error in answer.json()["errors"]).partition("expected one of")[2]
            assert "secret" not in details
            assert "email" not in details
    answer = await client.get("/api/books?fields=secret")
    assert answer.status_code == 422
    assert "author.email" not in answer.text


async def test_hidden_related_rows_are_left_out_and_match_no_filter(client, staff, shelf, session):
    from tests.library.models import Genre

    session.add(genre := Genre(name="gossip", is_hidden=True))
    await session.commit()
    book = await staff_book(session, shelf[0].id)
    book.genres.append(genre)
    await session.commit()
    names = lambda answer: [genre["name"] for genre in answer.json()["genres"]]  # noqa: E731 - short
    for path in ("/api/books", "/api/loud_books"):
        assert names(await client.get(f"{path}/{book.id}")) == ["fruit", "python"]
        assert names(await staff.get(f"{path}/{book.id}")) == ["fruit", "gossip", "python"]
        assert (await client.get(f"{path}?genres__name=gossip")).json()["items"] == []
        assert len((await staff.get(f"{path}?genres__name=gossip")).json()["items"]) == 1
        translated = f"{path}/{shelf[2].id}"
        assert (await client.get(translated)).json()["translator"] is None
        assert (await staff.get(translated)).json()["translator"]["name"] == "Grace"
        assert (await client.get(f"{path}?translator__name=Grace")).json()["items"] == []
        ordered = [book["id"] for book in (await client.get(f"{path}?ordering=translator__name,id")).json()["items"]]
        assert ordered == [book.id for book in shelf[:4]]


async def staff_book(session, key):
    from sqlalchemy import select
    from sqlalchemy.orm import selectinload

    from tests.library.models import Book

    return (await session.scalars(select(Book).where(Book.id == key).options(selectinload(Book.genres)))).one()


async def test_what_is_compiled_for_one_viewer_serves_no_other(client, owner, stranger, staff, make_book):
    mine = (await make_book(is_public=False, owner_id=1)).id
    theirs = (await make_book(is_public=False, owner_id=2)).id
    for _ in range(2):
        seen = [
            {book["id"] for book in (await who.get("/api/books")).json()["items"]}
            for who in (owner, stranger, client, staff)
        ]
        assert seen == [{mine}, {theirs}, set(), {mine, theirs}]


async def test_an_answer_to_a_write_hides_the_same_fields(owner, author):
    made = await owner.post("/api/books", json={"title": "x", "author_id": author.id, "is_public": False})
    assert "secret" not in json.dumps(made.json())
    assert "email" not in json.dumps(made.json())


class TextForStaff(BookPolicy):
    """Everybody sees all books; their texts are for staff."""

    def where(self, viewer, action):
        return true()

    def hidden(self, viewer):
        return frozenset() if viewer is not None and viewer.is_staff else frozenset({"text", "secret"})


@pytest.mark.parametrize(("search", "hidden_words"), [(BOOK_TEXT, "yellow"), (("title", "secret"), "apples")])
async def test_a_search_finds_nothing_by_a_column_that_is_hidden(  # noqa: PLR0917 - fixtures
    app, client, owner, staff, shelf, search, hidden_words
):
    app.include_router(Resource(model=Book, read=BookRead, policy=TextForStaff(), name="sought", search=search).router)
    found = {who: (await who.get(f"/soughts?search={hidden_words}")).json()["items"] for who in (client, owner, staff)}
    titles = {one["title"] for one in found[staff]} - {"Apples"}
    assert titles == {"Bananas 100%" if search is BOOK_TEXT else "Eggplants"}
    for who in (client, owner):
        assert {one["title"] for one in found[who]} & titles == set()
