"""Filters say how many rows each choice leaves where that is asked for, and take several choices."""

import re

import pytest

from dovetail.contrib.admin.change_list import facets
from tests.contrib.admin.depot.models import Parcel
from tests.contrib.admin.options.test_columns import titles, words


def counts(page) -> dict[str, str]:
    """What the choices of the filters are called, with their counts."""
    found = re.findall(r'<a class="nav-link[^>]*>(.*?)</a>', page.text.partition("filters-head")[2], re.DOTALL)
    return dict(re.findall(r"(.*?) \(([\d,+]+)\)", "\n".join(map(words, found))))


async def test_counts_are_shown_where_a_view_says_so_and_by_a_link_where_it_allows_it(office, parcels, path_to):
    always, never = await office.get(path_to("shelved")), await office.get(path_to("couriers"), _facets="1")
    assert counts(always) == {"Yes": "2", "No": "1"}
    assert counts(never) == {}
    assert "counts" not in never.text.partition("filters-head")[2]
    plain = await office.get(path_to("parcels"), stage="waiting")
    assert counts(plain) == {}
    assert 'href="?stage=waiting&amp;_facets=1">Show counts' in plain.text


async def test_a_filter_counts_what_the_others_leave_and_not_itself(office, parcels, path_to, count_statements):
    for asked, statements, expected in (
        ({}, 1, {"Waiting": "2", "On its way": "1", "Delivered": "1", "Yes": "2", "No": "2"}),
        ({"stage": "waiting"}, 2, {"Waiting": "2", "On its way": "1", "Delivered": "1", "Yes": "1", "No": "1"}),
        (
            {"search": "d", "is_paid": "true"},
            2,
            {"Waiting": "1", "On its way": "0", "Delivered": "0", "Yes": "1", "No": "0"},
        ),
    ):
        with count_statements() as without:
            await office.get(path_to("parcels"), **asked)
        with count_statements() as sent:
            page = await office.get(path_to("parcels"), _facets="1", **asked)
        found = counts(page)
        assert {name: found[name] for name in expected} == expected, asked
        assert len(sent) - len(without) == statements


async def test_no_more_rows_are_counted_than_there_is_a_limit(office, parcels, path_to, monkeypatch):
    monkeypatch.setattr(facets, "MOST", 2)
    assert set(counts(await office.get(path_to("parcels"), _facets="1")).values()) <= {"0+", "1+", "2+"}


async def test_a_filter_takes_several_values_any_of_which_a_row_may_have(office, parcels, path_to, session):
    ann = (await session.get(Parcel, parcels[0].id)).courier_id
    bob = (await session.get(Parcel, parcels[1].id)).courier_id
    await session.commit()
    for asked, found in (
        ({"stage": ["waiting", "delivered"]}, ["Anvil", "Book", "Dice"]),
        ({"stage": ["waiting", "delivered"], "is_paid": "true"}, ["Anvil", "Dice"]),
        ({"courier": [str(ann), str(bob)]}, ["Anvil", "Book", "Chair"]),
        ({"weight": ["7", "90"]}, ["Anvil", "Chair"]),
        ({"sent_on": ["today", "null"]}, ["Anvil", "Book", "Chair", "Dice"]),
        ({"stage": ["waiting", "all"]}, ["Book", "Dice"]),
    ):
        assert titles(await office.get(path_to("parcels"), **asked)) == found, asked
    assert (await office.get(path_to("parcels"), weight=[str(n) for n in range(21)])).status_code == 400
    page = await office.get(path_to("parcels"), stage=["waiting", "delivered"], search="a")
    assert 'href="?stage=delivered&amp;search=a" aria-label="Stage: without Waiting"' in page.text
    more = "?stage=waiting&amp;stage=delivered&amp;stage=on_its_way&amp;search=a"
    assert f'href="{more}" aria-label="Stage: also On its way"' in page.text
    assert '<a class="filters-tool" href="?search=a">Clear all</a>' in page.text


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_forms_of_a_list_keep_all_values_of_a_filter(office, parcels, path_to):
    page = await office.get(path_to("parcels"), stage=["waiting", "delivered"])
    search = page.text.partition('role="search"')[2].partition("</form>")[0]
    assert re.findall(r'name="stage" value="(\w+)"', search) == ["waiting", "delivered"]
