"""Lists are filtered by everything: booleans, choices, dates, related objects, nothing; and gone down by dates."""

import re
from datetime import UTC, date, datetime, timedelta

import pytest

from dovetail.contrib.admin.lists.column_filters import month, span
from tests.contrib.admin.atelier.models import Artist, Painting, Technique
from tests.contrib.admin.options.test_columns import titles

LIST = "/atelier/filtered/"


@pytest.fixture
async def dated(session, paintings) -> list[Painting]:
    milkmaid, delft, cavalier, _ = paintings
    now = datetime.now(UTC)
    milkmaid.is_sold, delft.is_sold = True, False
    milkmaid.technique, delft.technique = Technique.OIL, Technique.INK
    milkmaid.painted_on, delft.painted_on, cavalier.painted_on = now.date(), date(1660, 5, 1), date(1624, 12, 31)
    milkmaid.shown_at = now
    delft.shown_at = datetime(2021, 2, 28, 23, 59, 59, tzinfo=UTC)
    cavalier.shown_at = datetime(2021, 3, 1, tzinfo=UTC)
    await session.commit()
    return paintings


FOUND = [
    ({"is_sold": "true"}, ["The Milkmaid"]),
    ({"is_sold": "null"}, ["A found sheet", "Laughing Cavalier"]),
    ({"technique": "oil"}, ["The Milkmaid"]),
    ({"technique": "null"}, ["A found sheet", "Laughing Cavalier"]),
    ({"painted_on": "today"}, ["The Milkmaid"]),
    ({"painted_on": "past_7_days"}, ["The Milkmaid"]),
    ({"painted_on": "null"}, ["A found sheet"]),
    ({"painted_on": "not_null", "is_sold": "true"}, ["The Milkmaid"]),
    ({"painted_on_from": "1624-12-31", "painted_on_to": "1660-05-01"}, ["Laughing Cavalier", "View of Delft"]),
    ({"painted_on_to": "1660-04-30"}, ["Laughing Cavalier"]),
    ({"shown_at": "this_year"}, ["The Milkmaid"]),
    ({"shown_at": "this_month"}, ["The Milkmaid"]),
    ({"shown_at_to": "2021-02-28"}, ["View of Delft"]),  # the whole day
    ({"shown_at_from": "2021-03-01", "shown_at_to": "2021-03-01"}, ["Laughing Cavalier"]),
    ({"shown_at": "2021-03-01"}, ["Laughing Cavalier"]),
    ({"shown_at": "2021-03-01", "shown_at_op": "less_than"}, ["View of Delft"]),
    ({"artist__country": "BE"}, ["Laughing Cavalier"]),
    ({"artist__country": "b", "artist__country_op": "starts_with"}, ["Laughing Cavalier"]),
    ({"artist__is_living": "true"}, []),
    ({"artist__is_living": "false"}, ["Laughing Cavalier", "The Milkmaid", "View of Delft"]),
    ({"artist_empty": "yes"}, ["A found sheet"]),
    ({"where": "artist__country is empty"}, ["A found sheet"]),  # where nobody is, no country is, as in Django
    ({"where": "artist__country is_not empty and price_empty is yes"}, ["Laughing Cavalier"]),
    ({"where": "artist__country is empty or artist__country = BE"}, ["A found sheet", "Laughing Cavalier"]),
    ({"artist_empty": "no", "price_empty": "yes"}, ["Laughing Cavalier"]),
    ({"year": "2021"}, ["Laughing Cavalier", "View of Delft"]),
    ({"year": "2021", "month": "2"}, ["View of Delft"]),
    ({"year": "2021", "month": "2", "day": "28"}, ["View of Delft"]),
    ({"year": "2021", "month": "3", "day": "2"}, []),
    ({"year": "1800"}, []),
]
REFUSED = [
    *({"year": year} for year in ("x", "0", "9999", "10000", "-1")),
    *({"year": "2021", "month": one} for one in ("0", "13")),
    {"year": "2021", "month": "2", "day": "29"},
    *({"painted_on": "someday"}, {"painted_on_from": "soon"}, {"artist_empty": "maybe"}, {"technique": "water"}),
    *({"artist__country": "BE", "artist__country_op": "below"}, {"shown_at_to": "2021-02-30"}),
]


async def test_a_list_is_filtered_by_everything(office, dated):
    for asked, found in FOUND:
        assert titles(await office.get(LIST, **asked)) == found, asked


async def test_what_no_related_object_has_is_empty_as_in_django(office, dated, session):
    session.add(Artist(name="Ruysch"))
    await session.commit()
    for asked, found in (
        ({"paintings__is_sold": "null"}, ["Hals", "Ruysch"]),
        ({"paintings__is_sold": "false"}, ["Vermeer"]),
        ({"paintings__painted_on": "null"}, ["Ruysch"]),
        ({"paintings__painted_on": "not_null"}, ["Hals", "Vermeer"]),
        ({"where": "paintings__is_sold is null and paintings__painted_on is_not null"}, ["Hals"]),
    ):
        assert sorted(titles(await office.get("/atelier/hermit/", **asked))) == found, asked


async def test_a_filter_that_makes_no_sense_is_refused(office, dated):
    for asked in REFUSED:
        assert (await office.get(LIST, **asked)).status_code == 400, asked


async def test_a_list_offers_what_it_can_be_filtered_by(office, dated):
    page = (await office.get(LIST)).text
    for title in ("Is sold", "Technique", "Painted on", "Shown at", "Price", "Artist country", "Artist is living"):
        assert f'<div class="subheader mb-1">{title}</div>' in page
    assert page.count(">Unknown</a>") == 1  # of what may be empty
    assert page.count(">No date</a>") == 2
    chosen = (await office.get(LIST, painted_on="today", search="")).text
    assert re.search(r'class="nav-link active" aria-current="true"[^>]*>Today<', chosen)


async def test_a_list_is_gone_down_by_years_months_and_days_for_one_statement(office, dated, count_statements):
    steps = {}
    for asked in ({}, {"year": "2021"}, {"year": "2021", "month": "3"}, {"year": "2021", "month": "3", "day": "1"}):
        with count_statements() as statements:
            page = (await office.get(LIST, **asked)).text
        assert len(statements) == 4, asked  # who is there, the saved views, the rows, the first and the last date
        shown = page.partition('aria-label="Dates">')[2].partition("</nav>")[0]
        steps[len(asked)] = re.findall(r">([A-Z0-9][A-Za-z0-9 ]*)<", shown)
    assert steps[0][0] == "2021"
    assert steps[0][-1] == str(datetime.now(UTC).year)
    assert steps[1] == ["All dates", "2021", "February", "March"]
    assert steps[2] == ["All dates", "2021", "March", "March 1"]
    assert steps[3] == ["All dates", "2021", "March", "March 1"]


@pytest.mark.parametrize(
    ("name", "today", "expected"),
    [
        ("today", date(2024, 12, 31), (date(2024, 12, 31), date(2025, 1, 1))),
        ("past_7_days", date(2024, 3, 1), (date(2024, 2, 23), date(2024, 3, 2))),
        ("this_month", date(2024, 12, 5), (date(2024, 12, 1), date(2025, 1, 1))),
        ("this_month", date(2024, 2, 29), (date(2024, 2, 1), date(2024, 3, 1))),
        ("this_year", date(2024, 2, 29), (date(2024, 1, 1), date(2025, 1, 1))),
    ],
)
def test_spans_end_where_the_calendar_says(name, today, expected):
    assert span(name, today) == expected
    assert month(2023, 2)[1] - month(2023, 2)[0] == timedelta(days=28)
