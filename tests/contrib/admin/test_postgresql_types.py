"""Types that PostgreSQL alone has: lists, JSONB, its own enumerations and addresses."""

import re
from datetime import date
from ipaddress import ip_address

import pytest
from sqlalchemy import select, update

from tests.contrib.admin.drawer.models import Colour, DrawerBase
from tests.contrib.admin.drawer_of_postgresql.admin import ListsAdmin
from tests.contrib.admin.drawer_of_postgresql.models import Lists, ListsBase
from tests.contrib.admin.shelf.models import ShelfBase


@pytest.fixture(params=["postgresql"])
def database_kind(request) -> str:
    return request.param


@pytest.fixture
def more():
    return {"tests.contrib.admin.shelf": ShelfBase, "tests.contrib.admin.drawer_of_postgresql": DrawerBase}


@pytest.fixture
async def lists(app, session):
    async with app.state.database.engine.begin() as connection:
        await connection.run_sync(ListsBase.metadata.create_all)
    full = Lists(
        name="Full",
        numbers=[1, -2],
        words=["a, b", "c"],
        days=[date(2026, 1, 2)],
        facts={"a": [1]},
        mood="good",
        colour=Colour.BLUE,
        matrix=[[1, 2], [3, 4]],
        address="10.0.0.1",
    )
    session.add_all([full, bare := Lists(name="Bare")])
    await session.commit()
    return full.id, bare.id


async def stored(session, key: int) -> dict[str, object]:
    session.expire_all()
    found = await session.scalar(select(Lists).where(Lists.id == key))
    values = {name: getattr(found, name) for name in ListsAdmin.list_display if name != "vector"}
    await session.commit()
    return values


async def test_they_are_listed_sorted_searched_filtered_and_exported(office, lists):
    page = await office.get("/drawer/lists/")
    for shown in ("1, -2", "a, b, c", "[[1, 2], [3, 4]]", "Dark blue", "10.0.0.1"):
        assert shown in page.text, shown
    for column in ListsAdmin.sortable_by:
        assert (await office.get("/drawer/lists/", sortBy=column)).status_code == 200, column
    for asked in ({"search": "full 10.0"}, {"mood": "good"}, {"colour": "dark_blue"}):
        answer = await office.get("/drawer/lists/", **asked)
        assert ("Full" in answer.text, "Bare" in answer.text) == (True, False), asked
    assert (await office.get("/drawer/lists/", mood="fine")).status_code == 400
    assert "2026-01-02" in (await office.get("/drawer/lists/export/csv/")).text


async def test_a_form_that_is_sent_as_it_is_changes_nothing(office, session, lists):
    for key in lists:
        before = await stored(session, key)
        assert (await office.get(f"/drawer/lists/{key}/")).status_code == 200
        answer = await office.submit(f"/drawer/lists/{key}/change/", {})
        assert answer.status_code == 303, answer.text
        assert await stored(session, key) == before


async def test_lists_are_typed_one_value_a_line(office, session, lists):
    changes = {
        "numbers": "3\r\n\r\n 4 ",
        "words": "x, y\r\nz",
        "days": "2026-02-03",
        "facts": "[]",
        "mood": "bad",
        "colour": "red",
        "address": "::1",
    }
    for key in lists:
        answer = await office.submit(f"/drawer/lists/{key}/change/", changes)
        assert answer.status_code == 303, answer.text
        found = await stored(session, key)
        assert (found["numbers"], found["words"], found["days"]) == ([3, 4], ["x, y", "z"], [date(2026, 2, 3)])
        assert (found["facts"], found["mood"], found["colour"]) == ([], "bad", Colour.RED)
        assert found["address"] == ip_address("::1")
    answer = await office.submit(f"/drawer/lists/{key}/change/", {"numbers": "1\ntwo"})
    assert answer.status_code == 400
    assert "Input should be a valid integer" in answer.text
    answer = await office.submit(
        f"/drawer/lists/{key}/change/", {"numbers": "", "words": "", "facts": "", "address": ""}
    )
    assert answer.status_code == 303, answer.text
    found = await stored(session, key)
    assert (found["numbers"], found["words"], found["facts"], found["address"]) == (None, [], None, None)


async def test_what_lines_cannot_say_of_a_list_is_an_array_in_its_field_and_stays_as_it_is(office, session, lists):
    said = {"numbers": [1, None, 2], "words": ["", "two\nlines", "[1]"]}
    key, bare = lists
    await session.execute(update(Lists).where(Lists.id == key).values(said))
    await session.execute(update(Lists).where(Lists.id == bare).values(numbers=[], words=["[1]"]))
    await session.commit()
    before = [await stored(session, one) for one in lists]
    page = (await office.get(f"/drawer/lists/{key}/change/")).text
    assert "[&#34;1&#34;, null, &#34;2&#34;]" in page
    for one in lists:
        answer = await office.submit(f"/drawer/lists/{one}/change/", {"mood": "bad"})
        assert answer.status_code == 303, answer.text
    after = [{**await stored(session, one), "mood": was["mood"]} for one, was in zip(lists, before, strict=True)]
    assert after == before
    answer = await office.submit(f"/drawer/lists/{bare}/change/", {"numbers": "[7, null]", "words": '["[1]"'})
    assert answer.status_code == 303, answer.text
    found = await stored(session, bare)
    assert (found["numbers"], found["words"]) == ([7, None], ['["[1]"'])


async def test_lists_of_lists_are_typed_as_json_and_texts_of_the_database_as_texts(office, session, lists):
    for key in lists:
        link = f"/drawer/lists/{key}/change/"
        answer = await office.submit(link, {"matrix": "[[5, 6]]", "vector": "'a' 'b':1"})
        assert answer.status_code == 303, answer.text
        assert (await stored(session, key))["matrix"] == [[5, 6]]
        for name, typed, told in (
            ("matrix", '[["x"]]', "At /0/0: Input should be a valid integer"),
            ("matrix", "[1]", "At /0: Input should be a valid list"),
            ("matrix", "[[1], [2, 3]]", "expected lists of one length."),
            ("matrix", "[", "This is not JSON: "),
            ("vector", "'a", "The database takes this for no value of its type."),
        ):
            refused = await office.submit(link, {name: typed})
            assert refused.status_code in {400, 422}, (name, typed)
            mistake = re.findall(
                rf'id="errors-field-{name}"><div class="invalid-feedback d-block">([^<]*)', refused.text
            )
            assert told in "".join(mistake), (name, typed)


@pytest.mark.parametrize("numbers", ["1\n" * 10_001, f"[{'1,' * 10_000}1]"])
async def test_more_values_than_a_field_takes_are_refused_before_one_is_read(office, lists, numbers):
    refused = await office.submit(f"/drawer/lists/{lists[0]}/change/", {"numbers": numbers})
    assert refused.status_code == 400
    assert "A field takes 10,000 values at most." in refused.text
