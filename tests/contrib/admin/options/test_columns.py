"""Lists show methods, functions and properties, lead where their author says, and are searched as Django's are."""

import re

import pytest
from sqlalchemy import insert

from dovetail.contrib.admin.lists.search import words_of
from dovetail.contrib.auth.models import Permission
from dovetail.contrib.auth.permissions.grants import grant
from plugins.blog.models import Post
from tests.contrib.admin.atelier.models import Painting

LIST = "/atelier/painting/"
CELL = r'<td(?: data-label="[^"]*")?(?: class="(?:number|day)")?>(.*?)</td>'


def cells(page) -> list[list[str]]:
    """Return what the rows of a list show, without the box in front and the tools behind."""
    assert page.status_code == 200, page.text
    body = page.text.partition("<tbody>")[2].partition("</tbody>")[0]
    rows = re.findall(r"<tr>(.*?)</tr>", body, re.DOTALL)
    shown = [[words(cell) for cell in re.findall(CELL, row, re.DOTALL)] for row in rows]
    return [row[1:] if row[:1] == [""] else row for row in shown]


def headings(page) -> list[str]:
    head = page.text.partition("<thead>")[2].partition("</thead>")[0]
    return list(filter(None, map(words, re.findall(r"<th[^>]*>(.*?)</th>", head, re.DOTALL))))


def words(html: str) -> str:
    return " ".join(re.sub("<[^>]+>", " ", html).split())


def titles(page) -> list[str]:
    return [row[0] for row in cells(page) if row]


async def test_a_list_shows_what_methods_functions_and_properties_return(office, paintings):
    page = await office.get(LIST, pageSize="5")
    assert headings(page)[:-1] == [
        *("Painting", "Painter", "Dear", "Letters", "In short", "Shouted", "Price", "Artist country"),
    ]
    assert {row[0]: row[1:] for row in cells(page)} == {
        "The Milkmaid": ["Vermeer", "Yes", "12", "The Milkmaid (Vermeer)", "THE MILKMAID", "900", "NL"],
        "View of Delft": ["Vermeer", "No", "13", "View of Delft (Vermeer)", "VIEW OF DELFT", "50", "NL"],
        "Laughing Cavalier": ["Hals", "?", "17", "Laughing Cavalier (Hals)", "LAUGHING CAVALIER", "?", "BE"],
        "A found sheet": ["nobody knows", "No", "13", "A found sheet (unknown)", "A FOUND SHEET", "5", "?"],
    }


async def test_pages_and_exports_show_computed_columns_too(office, paintings):
    page = (await office.get(f"/atelier/painting/{paintings[0].id}/")).text
    assert "THE MILKMAID" in page
    assert "In short" in page
    lines = (await office.get("/atelier/painting/export/csv/")).text.splitlines()
    assert lines[0] == "Painting,Painter,Dear,Letters,In short,Shouted,Price,Artist country"
    assert lines[1] == "The Milkmaid,Vermeer,True,12,The Milkmaid (Vermeer),THE MILKMAID,900,NL"


async def test_what_computed_columns_read_is_loaded_with_the_list(office, session, paintings, count_statements):
    counts, artist = [], paintings[0].artist_id
    for more in (2, 30):
        await session.execute(insert(Painting), [{"title": f"P {n}", "artist_id": artist} for n in range(more)])
        await session.commit()
        await office.get(LIST, pageSize="5", sortBy="letters")
        with count_statements() as statements:
            await office.get(LIST, pageSize="5", sortBy="letters")
        counts.append(len(statements))
    assert counts == [4, 4]  # who is there, the saved views, the rows with their artists, their number


async def test_a_list_is_sorted_by_what_a_computed_column_says(office, paintings):
    page = await office.get(LIST, pageSize="5")
    sortable = set(re.findall(r"sortBy=([a-z_.]+)", page.text))
    assert sortable == {"by", "letters", "price", "artist.country"}
    down = await office.get(LIST, pageSize="5", sortBy="by", sort="desc")
    assert [row[1] for row in cells(down)] == ["nobody knows", "Vermeer", "Vermeer", "Hals"]
    assert titles(await office.get(LIST, pageSize="5", sortBy="letters"))[0] == "A found sheet"
    assert (await office.get(LIST, sortBy="is_dear")).status_code == 400


async def test_the_views_own_order_follows_relations_and_signs(office, paintings):
    assert titles(await office.get(LIST, pageSize="5")) == [
        *("A found sheet", "The Milkmaid", "View of Delft", "Laughing Cavalier"),
    ]


async def test_the_columns_that_are_named_lead_to_the_object(office, paintings):
    page = (await office.get(LIST, pageSize="5", search="View")).text
    linked = re.findall(rf'href="/admin/atelier/painting/{paintings[1].id}/change/[^"]*">(.*?)</a>', page)
    assert linked == ["View of Delft", "50"]
    assert "/change/" not in (await office.get("/atelier/artist/")).text


SEARCHES = {
    "the": ["The Milkmaid"],  # begins with it, whatever the case
    "maid": [],  # and does not only hold it
    "milkmaid": ["The Milkmaid"],  # the whole slug
    "sheet-of": [],
    "verm": ["The Milkmaid", "View of Delft"],
    "view verm": ["View of Delft"],
    '"view of"': ["View of Delft"],
    '"of view"': [],
    '"view of" verm': ["View of Delft"],
    '"': [],
    "%": [],
}


async def test_a_search_takes_prefixes_and_phrases(office, paintings):
    for term, found in SEARCHES.items():
        page = await office.get(LIST, search=term, pageSize="5")
        assert titles(page) == found, term
    assert 'placeholder="Search how a title begins, or a whole slug"' in page.text


@pytest.mark.parametrize(
    ("term", "parts"),
    [
        ('one "two three" four', ["one", "two three", "four"]),
        ('"two   three"', ["two three"]),
        ('half "a phrase', ["half", '"', "a", "phrase"]),
        ('"" x', ["x"]),
        ("a\0b", ["a", "b"]),
    ],
)
def test_words_and_phrases_are_told_apart(term, parts):
    assert words_of(term) == parts


async def test_a_phrase_stands_in_the_text_as_it_is_where_words_are_found_by_an_index(office, session, boss):
    session.add_all([Post(title=one, content="x", author_id=boss.id) for one in ("Good morning", "Morning is good")])
    await session.commit()
    page = await office.get("/blog/post/", search='"good morning"')
    assert ("Good morning<" in page.text, "Morning is good" in page.text) == (True, False)


async def test_all_rows_are_offered_on_one_page_where_there_are_few(office, session, paintings):
    page = await office.get(LIST)
    assert len(cells(page)) == 2
    assert "Show all 4" in page.text
    assert len(cells(await office.get(LIST, pageSize="all"))) == 4
    session.add(Painting(title="One more"))
    await session.commit()
    assert "Show all" not in (await office.get(LIST)).text
    assert len(cells(await office.get(LIST, pageSize="all"))) == 4  # and no more than it may have


async def test_hooks_answer_for_the_list_by_who_asks(office, make_user, session, paintings, back_office_for):
    page = await office.get("/atelier/hooked/")
    assert headings(page)[:-1] == ["Title", "Letters", "Price"]
    assert titles(page)[0] == "Laughing Cavalier"  # no price comes first where the order descends
    assert titles(await office.get("/atelier/hooked/", search="delft")) == ["View of Delft"]
    assert len(re.findall(r'href="/admin/atelier/hooked/\d+/change/', page.text)) == 4
    assert "sortBy=price" in page.text
    by_function = await office.get("/atelier/hooked/", sortBy="letters")
    assert titles(by_function)[0] == "A found sheet"  # by the title, as it says
    assert 'name="price_op"' in page.text
    clerk = await make_user(is_staff=True)
    session.add(Permission(name="atelier.view_painting", plugin="atelier", title="See paintings"))
    await grant(session, clerk, ["atelier.view_painting"])
    await session.commit()
    plain = await (await back_office_for(clerk)).get("/atelier/hooked/")
    assert headings(plain)[:1] == ["Title"]
    assert titles(plain)[0] == "A found sheet"
    assert not [part for part in ("Price", 'type="search"', "sortBy=", "price_op") if part in plain.text]
