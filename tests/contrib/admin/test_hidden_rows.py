"""What `rows` and `may` hide is hidden everywhere, and odd addresses are answered with a page."""

import pytest
from sqlalchemy import select

from plugins.blog.models import Post, Tag
from tests.contrib.admin.shelf.models import Book, Genre


@pytest.fixture
async def hidden(session):
    book = Book(title="Hidden", pages=7)
    session.add_all([book, Book(title="Open", pages=8)])
    await session.commit()
    return book


async def test_a_hidden_row_is_in_no_list_export_or_page(office, hidden):
    for path in ("/shelf/book/", "/shelf/book/export/csv/", "/shelf/book/?search=Hidden"):
        assert "Open" in (text := (await office.get(path)).text) or "search" in path
        assert ">Hidden<" not in text
        assert "Hidden," not in text
    for path in ("", "change/"):
        assert (await office.get(f"/shelf/book/{hidden.id}/{path}")).status_code == 404


async def test_a_hidden_row_cannot_be_changed_or_deleted(office, hidden, session):
    data = {"title": "Taken", "pages": "1", "notes": "", "_version": "x"}
    answers = [await office.post(f"/shelf/book/{key}/change/", data) for key in (hidden.id, hidden.id + 1000)]
    assert [answer.status_code for answer in answers] == [409, 409]  # as if it had been deleted meanwhile
    assert "Hidden" not in answers[0].text
    assert (await office.post(f"/shelf/book/{hidden.id}/change/", data | {"_version": ""})).status_code == 404
    for path in ("/shelf/book/delete/", "/shelf/book/action/shorten/"):
        answer = await office.post(path, {"pks": [str(hidden.id)], "confirmed": "yes"})
        assert answer.status_code == 303
        assert "not there any more" in (await office.get("/shelf/book/")).text
    await session.refresh(hidden)
    assert (hidden.title, hidden.pages) == ("Hidden", 7)


async def test_a_lookup_finds_only_what_the_related_view_shows(office, session):
    session.add_all([Genre(name="Crime"), Genre(name="Crimson", is_secret=True)])
    await session.commit()
    found = await office.get("/shelf/book/lookup/", name="genres", term="crim")
    assert [one["text"] for one in found.json()["results"]] == ["Crime"]


async def test_a_form_cannot_refer_to_what_a_lookup_does_not_show(office, session):
    secret = Genre(name="Secret", is_secret=True)
    session.add(secret)
    await session.commit()
    answer = await office.submit("/shelf/book/add/", {"title": "Sly", "pages": "1", "genres": ["", str(secret.id)]})
    assert answer.status_code == 422
    assert "not there any more" in answer.text
    assert "Secret" not in answer.text
    assert await session.scalar(select(Book.id)) is None


async def test_a_lookup_asks_whether_the_related_view_may_be_seen(make_user, back_office_for):
    guest = await back_office_for(await make_user(username="guest", is_superuser=True))
    assert (await guest.get("/shelf/book/lookup/", name="owner", term="g")).status_code == 200
    assert (await guest.get("/shelf/book/lookup/", name="genres", term="c")).status_code == 403
    assert (await guest.get("/shelf/genre/")).status_code == 403
    assert "/admin/shelf/genre/" not in (await guest.get("/")).text


SIGNS = ["%", "_", "\\", "'", "\0%"]


async def test_a_lookup_takes_signs_for_what_they_are(office, boss):
    for term in SIGNS:
        found = await office.get("/blog/post/lookup/", name="author", term=term)
        assert found.status_code in {200, 400}, term
        assert found.status_code == 400 or found.json()["results"] == [], term


UNDECLARED = [{}, {"term": "x"}, {"name": "hashed_password", "term": "x"}, {"name": "posts", "term": "x"}]


async def test_a_lookup_serves_declared_relations_only(office):
    for parameters in UNDECLARED:
        assert (await office.get("/blog/post/lookup/", **parameters)).status_code == 400, parameters


async def test_a_lookup_shows_20_at_most(office, session):
    session.add_all([Tag(name=f"tag {n}") for n in range(30)])
    await session.commit()
    found = await office.get("/blog/post/lookup/", name="tags", term="tag")
    assert len(found.json()["results"]) == 20


ODD_KEYS = [
    "x",
    "-1",
    "0",
    "1.5",
    "9" * 30,
    "9" * 6000,
    "1;2",
    "1%00",
    "%20",
    "1/2",
    "../../etc/passwd",
    "\u0661",
    "1_0",
]


async def test_an_odd_key_is_not_found(office):
    for key in ODD_KEYS:
        for page in ("", "change/"):
            assert (await office.get(f"/blog/post/{key}/{page}")).status_code in {400, 404}, (key, page)


NOT_THERE = [
    "/nothing/",
    "/nothing/at-all/",
    "/blog/post/nothing/",
    "/blog/post/export/json/",
    "/shelf/stamp/a/change/",
    "/shelf/stamp/a;x/change/",
    "/shelf/stamp/;;;/change/",
]


async def test_what_is_not_there_is_not_found(office):
    for path in NOT_THERE:
        answer = await office.get(path)
        assert answer.status_code == 404, path
        assert "There is nothing here" in answer.text, path


@pytest.fixture
def in_a_folder_with_a_secret(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "secret.txt").write_text("the secret")


@pytest.mark.parametrize("kind", ["download", "preview"])
@pytest.mark.usefixtures("in_a_folder_with_a_secret")
async def test_no_file_is_read(office, session, boss, kind):
    post = Post(title="secret.txt", content="secret.txt", author_id=boss.id)
    session.add(post)
    await session.commit()
    for column in ("title", "content"):
        answer = await office.get(f"/blog/post/{post.id}/{column}/{kind}/")
        assert answer.status_code == 404
        assert "the secret" not in answer.text


async def test_the_address_without_a_slash_leads_to_the_start(office):
    answer = await office.client.get("/admin")
    assert answer.status_code in {307, 308}
    assert answer.headers["location"].endswith("/admin/")


async def test_a_custom_page_stands_behind_the_same_guard(office, client):
    assert (await office.get("/report")).text == "a report"
    assert (await office.post("/report", {})).text == "a report"
    assert (await client.get("/admin/report")).status_code == 303


async def test_two_views_of_a_model_each_have_their_own_rows_pages_and_actions(office, session):
    books = [Book(title="Thin", pages=10), Book(title="Thick", pages=100)]
    session.add_all(books)
    await session.commit()
    thin, thick = (str(book.id) for book in books)
    assert "Thick" in (await office.get("/shelf/book/")).text
    page = await office.get("/shelf/thin-books/")
    assert "Thick" not in page.text
    assert f"/admin/shelf/thin-books/{thin}/change/" in page.text
    assert (await office.get(f"/shelf/thin-books/{thick}/change/")).status_code == 404
    assert (await office.post("/shelf/book/action/burn/", {"pks": [thin]})).status_code == 404
    await office.post("/shelf/thin-books/action/burn/", {"pks": [thin, thick]})
    assert "1 of 2 selected are not there any more" in (await office.get("/shelf/thin-books/")).text
    answer = await office.post("/shelf/thin-books/action/burn/", {"pks": [thin]})
    assert answer.headers["location"] == "/admin/shelf/thin-books/"
    await session.refresh(books[1])
    assert (await session.scalars(select(Book.title))).all() == ["Thick"]


async def test_a_lookup_shows_the_first_objects_before_a_letter_is_typed(office, session):
    session.add_all([Tag(name=f"tag {n:02}") for n in range(30, 0, -1)])
    await session.commit()
    for term in ({}, {"term": ""}, {"term": "  "}):
        found = await office.get("/blog/post/lookup/", name="tags", **term)
        assert [one["text"] for one in found.json()["results"]] == [f"tag {n:02}" for n in range(1, 21)]
