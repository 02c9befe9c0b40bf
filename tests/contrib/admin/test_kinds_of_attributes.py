"""Every kind of attribute is listed, sorted, searched, filtered, shown, edited and exported, on both databases."""

import csv
import re
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from io import StringIO
from uuid import UUID

import pytest
from sqlalchemy import select, update

from dovetail.contrib.admin.testing import read_form
from tests.contrib.admin.drawer.admin import COMPUTED, TYPED, SpecimenAdmin
from tests.contrib.admin.drawer.models import Colour, Odd, Pair, Shelf, Size, Specimen
from tests.contrib.admin.reading import stored_now
from tests.once import asks_no_database

NUMBERS = {"small", "whole", "large", "weight", "factor", "double", "price", "ratio", "doubled", "name_length"}
NUMBERS |= {"neighbours", "halved", "letters"}  # the last two say that there may be none
TOKEN = UUID("12345678-1234-5678-1234-567812345678")
FULL = {
    "name": "Ammonite",
    "notes": "one\ntwo",
    "content": "Found",
    "is_good": True,
    "is_rare": False,
    "small": -3,
    "whole": 2**31 - 1,
    "large": 2**63 - 1,
    "weight": 0.1,
    "factor": 1e-7,
    "double": 12345678.123456,
    "price": Decimal("-12.50"),
    "ratio": 0.25,
    "found_on": date(1, 2, 3),
    "opens": time(9, 5, 3, 7),
    "seen_at": datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC),
    "zoned_at": datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC),
    "naive_at": datetime(2026, 1, 2, 3, 4, 5, 6),  # noqa: DTZ001 - for a column without zones
    "lasts": timedelta(days=-2, hours=3, microseconds=5),
    "token": TOKEN,
    "token_text": str(TOKEN),
    "colour": Colour.BLUE,
    "size": Size.NONE,
    "shade": "light",
    "facts": {"b": [1, None, "ü"], "a": {}},
    "must_facts": [],
    "words": ["one", "two, three"],
    "late": "late",
    "other": "other",
    "data": b"\0\xff",
}
# What the filter of each column finds the full specimen with.
FOUND_BY = {
    "name": [("contains", "MMON"), ("equals", "Ammonite"), ("starts_with", "amm"), ("ends_with", "ITE")],
    "notes": [("contains", "two")],
    "content": [("contains", "oun")],
    "is_good": [("", "true")],
    "is_rare": [("", "false")],
    "small": [("equals", "-3"), ("at_most", "-3"), ("less_than", "0"), ("greater_than", "-4")],
    "whole": [("equals", str(2**31 - 1))],
    "large": [("equals", str(2**63 - 1)), ("at_least", "1")],
    "weight": [("equals", "0.1"), ("greater_than", "0.01")],
    "factor": [("less_than", "1")],
    "double": [("greater_than", "12345678")],
    "price": [("equals", "-12.5"), ("less_than", "-12.499"), ("greater_than", "-12.501")],
    "ratio": [("at_least", "0.25")],
    "found_on": [("equals", "0001-02-03"), ("less_than", "2026-01-01")],
    "opens": [("less_than", "09:05:04"), ("greater_than", "09:05")],
    "seen_at": [
        *(("equals", "2026-01-02"), ("equals", "2026-01-02 03:04"), ("equals", "2026-01-02 03:04:05")),
        *(("at_least", "2026-01-02"), ("at_most", "2026-01-02"), ("equals", "2026-01-02T03:04:05.000006Z")),
        *(("equals", "2026-01-02 04:04:05+01:00"), ("greater_than", "2026-01-01"), ("less_than", "2026-01-03")),
    ],
    "zoned_at": [("equals", "2026-01-02"), ("equals", "2026-01-02T03:04:05Z")],
    "naive_at": [("equals", "2026-01-02 03:04:05"), ("equals", "2026-01-02")],
    "lasts": [("less_than", "00:00:00"), ("greater_than", "-P2D")],
    "token": [("equals", str(TOKEN)), ("equals", TOKEN.hex)],
    "token_text": [("equals", str(TOKEN))],
    "colour": [("", "dark_blue")],
    "size": [("", "0")],
    "shade": [("", "light")],
    "late": [("contains", "lat")],
    "other": [("equals", "other")],
    "doubled": [("equals", "-6")],
    "alias": [("contains", "mmon")],
    "name_length": [("equals", "8")],
    "name_twice": [("contains", "iteAmm")],
    "neighbours": [("equals", "1")],
    "shelf": [("", "a/b#c")],
}
NOT_FOUND_BY = {
    "seen_at": [("greater_than", "2026-01-02"), ("less_than", "2026-01-02"), ("equals", "2026-01-03")],
    "small": [("equals", "3"), ("greater_than", "-3")],
    "colour": [("", "red")],
    "name": [("contains", "%"), ("equals", "ammonite ?")],
    "shelf": [("", "nothing")],
}
NONSENSE = [
    "x",
    "9" * 40,
    "-",
    "2026-13-45",
    "NaN",
    "1e400",
    "\0",
    "\u0661",
    "'; --",
    "a" * 900,
    "__all",
    "2026-01-02 25:61",
]


@pytest.fixture
async def specimens(session, boss):
    """The keys of one with all values, and of one without any that may be missing."""
    full = Specimen(**FULL, shelf=Shelf(key="a/b#c", label="Upper shelf"), owner_id=boss.id)
    session.add_all([full, bare := Specimen(name="Bare")])
    await session.commit()
    return full.id, bare.id


async def test_a_form_that_nobody_touched_is_told_only_what_others_changed(office, specimens, session):
    full, _ = specimens
    path = f"/drawer/specimen/{full}/change/"
    mine = read_form((await office.get(path)).text)
    await session.execute(update(Specimen).where(Specimen.id == full).values(name="Nautilus", shelf_key=None))
    await session.commit()
    refused = await office.client.post(f"/admin{path}", data=mine)
    assert refused.status_code == 409
    assert stored_now(refused.text) == {"name": "Nautilus", "shelf": "—"}


async def stored(session, key: int) -> Specimen:
    session.expire_all()
    found = await session.scalar(select(Specimen).where(Specimen.id == key))
    values = {name: getattr(found, name) for name in FULL if name != "late"}
    values["late"] = await session.scalar(select(Specimen.late).where(Specimen.id == key))
    await session.commit()
    return values


def names(page) -> list[str]:
    assert page.status_code == 200, page.text
    return re.findall(r'aria-label="Select (\w+)"', page.text)


async def test_a_list_shows_every_kind_of_attribute(office, specimens):
    page = await office.get("/drawer/specimen/")
    by_class = {one: set(re.findall(rf'<th class="{one}" data-column="(\w+)"', page.text)) for one in ("number", "day")}
    assert by_class == {"number": NUMBERS, "day": {"found_on", "opens"}}
    assert names(page) == ["Bare", "Ammonite"]
    for shown in ("Dark blue", "2026-01-02 03:04", "09:05:03", "-1 day, 20:59:59.999995", "2 bytes", "Upper shelf"):
        assert shown in page.text, shown
    for shown in ("one, two, three", "AMMONITE!", "ammonite", "AmmoniteAmmonite", "None to None"):
        assert shown in page.text, shown


@pytest.mark.parametrize("direction", ["asc", "desc"])
async def test_a_list_is_sorted_by_every_column_that_it_offers(office, specimens, direction):
    for column in SpecimenAdmin.sortable_by:
        page = await office.get("/drawer/specimen/", sortBy=column, sort=direction)
        assert sorted(names(page)) == ["Ammonite", "Bare"], column


async def test_a_list_is_searched_by_every_column_that_it_offers(office, specimens):
    for term in ("ammon", "12345678-1234", "dark", "2026-01-02", "two, three", "-12.5", "upper"):
        assert (await office.get("/drawer/specimen/", search=term)).status_code == 200
    assert names(await office.get("/drawer/specimen/", search="upper ammon")) == ["Ammonite"]


async def test_a_filter_finds_what_was_typed_for_its_column(office, specimens):
    for found, table in ((["Ammonite"], FOUND_BY), ([], NOT_FOUND_BY)):
        for column, questions in table.items():
            for operation, value in questions:
                asked = {column: value, f"{column}_op": operation}
                page = await office.get("/drawer/specimen/", **asked)
                assert names(page) == found, asked
                export = await office.get("/drawer/specimen/export/csv/", **asked)
                assert len(list(csv.reader(StringIO(export.text)))) == 1 + len(found), asked


async def test_every_column_that_can_be_filtered_is_asked_above():
    filtered = {name for name in (*TYPED, *COMPUTED) if name in SpecimenAdmin.list_filter}
    assert filtered <= set(FOUND_BY)


async def test_nonsense_in_a_filter_is_one_clear_sentence(office, specimens):
    for column in SpecimenAdmin.list_filter:
        for value in NONSENSE:
            asked = {column: value, f"{column}_op": "equals"}
            answer = await office.get("/drawer/specimen/", **asked)
            assert answer.status_code in {200, 400, 422}, (asked, answer.text)
    answer = await office.get("/drawer/specimen/", seen_at="yesterday", seen_at_op="equals")
    assert answer.status_code == 400
    assert "Seen at: " in answer.text
    answer = await office.get("/drawer/specimen/", small="70000", small_op="equals")
    assert "Small: Input should be less than or equal to 32767." in answer.text
    answer = await office.get("/drawer/specimen/", small="7", small_op="drop")
    assert "Small: compare by equals, greater_than, at_least, less_than, at_most." in answer.text


PRICES = [
    ("de", "-12,5", True),
    ("de", "-12,50", True),
    ("de", "-12.5", True),  # as somebody English wrote it, whose view is shared
    ("en", "-12,5", True),  # as somebody German did
    ("en", "1,234.5", False),
]


async def test_numbers_of_filters_are_read_as_their_language_writes_them(office, specimens):
    for language, price, is_found in PRICES:
        office.client.headers["Accept-Language"] = language
        for query in ({"price": price, "price_op": "equals"}, {"where": f"price = {price}"}):
            answer = await office.get("/drawer/specimen/", **query)
            assert answer.status_code == 200, answer.text
            assert ("Ammonite" in answer.text) == is_found, (language, query)


async def test_a_number_that_could_be_either_is_asked_back(office, specimens):
    office.client.headers["Accept-Language"] = "de"
    answer = await office.get("/drawer/specimen/", price="1.234", price_op="equals")
    assert answer.status_code == 400
    assert "1234 oder 1,234" in answer.text


async def test_every_page_of_an_object_opens(office, specimens):
    for specimen in specimens:
        for page in ("", "change/"):
            answer = await office.get(f"/drawer/specimen/{specimen}/{page}")
            assert answer.status_code == 200, answer.text


async def test_a_form_that_is_sent_as_it_is_changes_nothing(office, session, specimens):
    for specimen in specimens:
        before = await stored(session, specimen)
        answer = await office.submit(f"/drawer/specimen/{specimen}/change/", {})
        assert answer.status_code == 303, answer.text
        assert await stored(session, specimen) == before


async def test_a_new_object_takes_every_kind_of_value(office, session, specimens):
    full, _ = specimens
    values = read_form((await office.get(f"/drawer/specimen/{full}/change/")).text)
    del values["_version"]
    answer = await office.submit("/drawer/specimen/add/", {**values, "name": "Twin"})
    assert answer.status_code == 303, answer.text
    twin = await session.scalar(select(Specimen.id).where(Specimen.name == "Twin"))
    found, expected = await stored(session, twin), await stored(session, full)
    to_the_second = {
        name: expected[name].replace(microsecond=0) for name in ("opens", "seen_at", "zoned_at", "naive_at")
    }
    assert found == expected | to_the_second | {"name": "Twin", "data": None}


async def test_every_value_that_may_be_missing_can_be_taken_away(office, session, specimens):
    full, bare = specimens
    form = read_form((await office.get(f"/drawer/specimen/{full}/change/")).text)
    kept = ("name", "is_good", "must_facts", "csrf_token", "_version")
    emptied = {
        name: "__None" if name in ("is_rare", "colour", "size", "shade") else "" for name in form if name not in kept
    }
    answer = await office.submit(f"/drawer/specimen/{full}/change/", emptied)
    assert answer.status_code == 303, answer.text
    expected = await stored(session, bare)
    assert await stored(session, full) == expected | {
        name: FULL[name] for name in ("name", "is_good", "must_facts", "data")
    }


REFUSED_VALUES = [
    ("small", "40000", "less than or equal to 32767"),
    ("whole", "1.5", "valid integer"),
    ("large", str(2**63), "less than or equal to"),
    ("weight", "inf", "finite"),
    ("double", "1e999", "finite"),
    ("price", "1.555", "no more than 2 decimal places"),
    ("price", "1234567", "no more than 6 digits before the decimal point"),
    ("price", "NaN", "finite"),
    ("found_on", "2026-02-30", "no date, such as 2026-12-24"),
    ("opens", "25:00", "no time of day, such as 18:00"),
    ("seen_at", "yesterday", "no time, such as 2026-12-24 18:00"),
    ("naive_at", "2026-01-02 03:04:05+01:00", "without a time zone"),
    ("lasts", "soon", "no duration, such as 2 days, 01:30:00"),
    ("token", "1234", "valid UUID"),
    ("token_text", "1234", "valid UUID"),
    ("colour", "green", "This is not one of the choices."),
    ("size", "9", "This is not one of the choices."),
    ("shade", "pale", "This is not one of the choices."),
    ("is_rare", "perhaps", "This is not one of the choices."),
    ("facts", "{", "This is not JSON"),
    ("facts", "[" * 100_000, "nested too deeply"),
    ("facts", "NaN", "not finite"),
    ("facts", "1e999", "not finite"),
    ("facts", '"\\ud800"', "half of a character"),
    ("facts", '"\\u0000"', "Null characters"),
    ("must_facts", "", "required"),
    ("name", "", "required"),
    ("name", "x" * 51, "longer than 50"),
]


@asks_no_database
async def test_a_value_that_will_not_do_is_refused_at_its_field(office, specimens):
    for field, text, words in REFUSED_VALUES:
        answer = await office.submit(f"/drawer/specimen/{specimens[0]}/change/", {field: text})
        assert answer.status_code in {400, 422}, answer.text[:2000]
        assert re.search(
            rf'id="errors-field-{field}"><div class="invalid-feedback d-block">[^<]*{re.escape(words)}', answer.text
        ), (field, words)


async def test_an_export_has_every_kind_of_value(office, specimens):
    answer = await office.get("/drawer/specimen/export/csv/")
    rows = list(csv.DictReader(StringIO(answer.text)))
    full = rows[0]
    expected = {
        "Small": "-3",
        "Price": "-12.50",
        "Seen at": "2026-01-02T03:04:05.000006+00:00",
        "Colour": "dark_blue",
        "Size": "0",
        "Facts": '{"b": [1, null, "ü"], "a": {}}',
        "Data": "AP8=",
        "Doubled": "-6",
        "Shelf label": "Upper shelf",
    }
    assert {name: full[name] for name in expected} == expected


async def test_keys_of_any_sign_and_names_that_forms_use_are_edited(office, session):
    keys = ["a/b#c?d%20", "..x", "x;y", "\\", "ä", "+ &="]
    session.add_all([Odd(key=key, data="d", errors="e", process="p") for key in keys])
    await session.commit()
    page = await office.get("/drawer/odd/")
    links = re.findall(r'href="/admin(/drawer/odd/[^"?]+/change/)', page.text)
    assert len(links) == len(keys)
    for link in links:
        answer = await office.submit(link, {"data": "changed", "errors": "changed", "process": "changed"})
        assert answer.status_code == 303, answer.text
    found = (await session.scalars(select(Odd).execution_options(populate_existing=True))).all()
    assert {(odd.data, odd.errors, odd.process) for odd in found} == {("changed",) * 3}
    assert sorted(odd.key for odd in found) == sorted(keys)
    await session.commit()
    await office.post("/drawer/odd/delete/", {"pks": keys, "confirmed": "yes"})
    assert (await session.scalars(select(Odd))).all() == []


async def test_keys_of_two_parts_whose_attributes_are_named_otherwise_are_edited(office, session):
    session.add(Pair(left=TOKEN, right=date(2026, 1, 2)))
    await session.commit()
    page = await office.get("/drawer/pair/")
    assert f"Pair {TOKEN};2026-01-02" in page.text
    link = re.search(r'href="/admin(/drawer/pair/[^"?]+/change/)', page.text)[1]
    assert (await office.submit(link, {"title": "New"})).status_code == 303
    assert (await session.scalars(select(Pair.title))).all() == ["New"]


async def test_relations_to_many_are_shown_filtered_and_edited(office, session, specimens):
    page = await office.get("/drawer/shelf/")
    assert re.search(r">\s*Ammonite\s*<", page.text)
    full, bare = map(str, specimens)
    for asked, found in (
        ({"specimens": full}, 1),
        ({"specimens": bare}, 0),
        ({"search": "upper"}, 1),
        ({"sortBy": "label"}, 1),
    ):
        answer = await office.get("/drawer/shelf/", **asked)
        assert answer.text.count('aria-label="Select Upper shelf"') == found, asked
    page = "/drawer/shelf/a_2Fb_23c/change/"
    asked = await office.submit(page, {"specimens": ["", bare]})
    words = re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", asked.text))
    assert "This stays, and no longer refers to what you are saving: Specimens: 1 Ammonite" in words
    answer = await office.client.post(f"{office.root}{page}", data=read_form(asked.text) | {"save": "list"})
    assert answer.status_code == 303, answer.text
    kept = await session.scalars(select(Specimen.name).where(Specimen.shelf_key == "a/b#c"))
    assert kept.all() == ["Bare"]
